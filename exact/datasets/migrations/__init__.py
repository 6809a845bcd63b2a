"""The tables of exports."""
