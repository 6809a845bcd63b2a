"""Strikes: counted across processes, forgotten after a day, lifted by hand, and never outside of their folder."""

from pathlib import Path

import pytest

from exact.tiles.errors import StruckOut
from exact.tiles.pool.strikes import EXPIRE_S, Strikes


def test_two_within_a_day_are_enough_whoever_counts_them(tmp_path: Path) -> None:
    now = [1000.0]
    one, other = (Strikes(tmp_path / "strikes", lambda: now[0]) for _ in range(2))
    assert not one.add("a", "was ended by SIGABRT").out
    other.refuse("a")
    assert other.add("a", "took more than 10 s").out
    one.refuse("b")
    with pytest.raises(StruckOut, match="took more than 10 s"):
        one.refuse("a")
    now[0] += EXPIRE_S
    one.refuse("a")
    assert one.all() == []
    assert list((tmp_path / "strikes").iterdir()) == []


def test_strikes_are_lifted_once(tmp_path: Path) -> None:
    strikes = Strikes(tmp_path / "strikes")
    strikes.add("a", "x")
    assert [strikes.lift("a"), strikes.lift("a")] == [True, False]


def test_half_a_line_counts_nothing(tmp_path: Path) -> None:
    strikes = Strikes(tmp_path)
    strikes.add("a", "x")
    with (tmp_path / "a").open("a") as file:
        file.write('{"at": 12')
    assert len(strikes.of("a").strikes) == 1


@pytest.mark.parametrize("name", ["../a", "a/b", "", ".", "a" * 129])
def test_a_name_leads_nowhere_else(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="letters and digits"):
        Strikes(tmp_path).lift(name)
