"""A folder that stays within its room."""

import os
from pathlib import Path

from exact.storage.oldest import give_up_oldest


def files(folder: Path) -> list[Path]:
    """Four of 100 bytes; the first was used last the longest ago."""
    made = [folder / name for name in "abcd"]
    for age, file in enumerate(made):
        file.write_bytes(bytes(100))
        os.utime(file, (1000 + age, 1000 + age))
    return made


def left(folder: Path) -> str:
    return "".join(sorted(file.name for file in folder.iterdir()))


def test_nothing_goes_while_all_fit(tmp_path: Path) -> None:
    give_up_oldest(files(tmp_path), 400, down_to=0.5)
    assert left(tmp_path) == "abcd"


def test_what_was_not_used_for_the_longest_goes_first_and_no_more_than_must(tmp_path: Path) -> None:
    give_up_oldest(files(tmp_path), 250)
    assert left(tmp_path) == "cd"


def test_more_goes_where_room_is_to_be_left(tmp_path: Path) -> None:
    give_up_oldest(files(tmp_path), 399, down_to=0.6)
    assert left(tmp_path) == "cd"


def test_one_that_is_spared_counts_and_stays(tmp_path: Path) -> None:
    give_up_oldest(files(tmp_path), 250, spared=tmp_path / "a")
    assert left(tmp_path) == "ad"


def test_one_that_is_gone_meanwhile_is_passed_over(tmp_path: Path) -> None:
    give_up_oldest([*files(tmp_path), tmp_path / "gone"], 350)
    assert left(tmp_path) == "bcd"
