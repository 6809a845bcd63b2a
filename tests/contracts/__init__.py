"""Contracts: abstract test classes that each variant subclasses."""
