"""What `make bench` measures: each module here has `rows()`, which measures interleaved and answers rows."""

from typing import Any, TypedDict


class Row(TypedDict):
    """One measurement: what it is, against what, what is aimed at, and whether that holds."""

    name: str
    measured: float
    unit: str
    against: str
    aim: str
    holds: bool


def at_least(name: str, measured: float, aim: float, *, unit: str, against: str) -> Row:
    """More is better."""
    return Row(
        name=name, measured=rounded(measured), unit=unit, against=against, aim=f">= {aim:g}", holds=measured >= aim
    )


def at_most(name: str, measured: float, aim: float, *, unit: str, against: str) -> Row:
    """Less is better."""
    return Row(
        name=name, measured=rounded(measured), unit=unit, against=against, aim=f"<= {aim:g}", holds=measured <= aim
    )


def found(name: str, measured: float, *, unit: str, against: str) -> Row:
    """A finding without an aim: an experiment that decided something."""
    return Row(name=name, measured=rounded(measured), unit=unit, against=against, aim="none", holds=True)


def rounded(number: Any) -> float:
    """Three figures that mean something."""
    return float(f"{number:.3g}")
