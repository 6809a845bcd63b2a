"""Names of the files of a stack: which depth, time and channel each one holds, and which are missing."""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

from exact.tiles.errors import DamagedFile, UnsupportedContent

TOKEN = re.compile(r"[_-]([ztc])(\d{1,6})(?=[_.-]|$)", re.IGNORECASE | re.ASCII)
"""As in name_z12_t3.tif."""
NUMBERED = re.compile(r"(\d{1,6})_(\d{1,6})_(.+)", re.ASCII)
"""The ancestor's: depth, time, then the name of the stack."""
LETTERS = "tzc"
"""Slowest first."""
MAX_TOLD = 5

Place = tuple[int, int, int]
"""Time, depth and channel, as the names count them."""


@dataclass(frozen=True)
class Stack:
    """Files that belong together."""

    axes: tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]
    """The numbers along time, depth and channel, ascending."""
    files: dict[Place, str]


def place_of(name: str) -> tuple[str, Place, str] | None:
    """Of one file: the name of its stack, where it belongs, and which letters say so. None for other files."""
    found = TOKEN.findall(name)
    letters = [letter.lower() for letter, _ in found]
    if found and len(set(letters)) == len(letters):
        told = dict(zip(letters, (int(number) for _, number in found), strict=True))
        place = (told.get("t", 0), told.get("z", 0), told.get("c", 0))
        return TOKEN.sub("", name).lower(), place, "".join(letter for letter in LETTERS if letter in told)
    numbered = NUMBERED.fullmatch(name)
    if numbered is None:
        return None
    z, t, base = numbered.groups()
    return base.lower(), (int(t), int(z), 0), "tz"


def is_stack(names: Iterable[str]) -> bool:
    """Whether there is any file of a stack."""
    return any(place_of(name) is not None for name in names)


def stack_of(names: Iterable[str]) -> Stack:
    """Raises a TileError when files of several stacks lie together, when some are missing or doubled."""
    told = {name: place for name in names if (place := place_of(name)) is not None}
    bases, letters = {base for base, _, _ in told.values()}, {letters for _, _, letters in told.values()}
    if len(bases) != 1 or len(letters) != 1:
        first = ", ".join(sorted(bases)[:MAX_TOLD])
        raise UnsupportedContent(f"The folder holds files of several stacks ({first}): upload each one by itself.")
    files: dict[Place, str] = {}
    for name, (_, at, _) in sorted(told.items()):
        if at in files:
            raise DamagedFile(f"{files[at]} and {name} claim the same place in the stack: take one of them out.")
        files[at] = name
    t, z, c = (filled({at[axis] for at in files}) for axis in range(3))
    _check_complete(t, z, c, files, letters.pop())
    return Stack((t, z, c), files)


def filled(numbers: Iterable[int]) -> tuple[int, ...]:
    """All numbers of an even sequence, also those that are not there."""
    there = sorted(numbers)
    step = math.gcd(*(number - there[0] for number in there)) or 1
    return tuple(range(there[0], there[-1] + 1, step))


def _check_complete(
    t: Sequence[int], z: Sequence[int], c: Sequence[int], files: dict[Place, str], letters: str
) -> None:
    count = len(t) * len(z) * len(c)
    if count == len(files):
        return
    missing = []
    for place in product(t, z, c):
        if place not in files:
            missing.append(
                " ".join(
                    f"{letter}={number}" for letter, number in zip(LETTERS, place, strict=True) if letter in letters
                )
            )
        if len(missing) > MAX_TOLD:
            break
    told = ", ".join(missing[:MAX_TOLD]) + (f", ... ({count - len(files):,} in all)" if len(missing) > MAX_TOLD else "")
    raise DamagedFile(f"Files of the stack are missing: {told}. Add them and upload the stack again.")
