"""Read models by their names, for operators: built again from the facts, compared with them."""

from exact.projections import replay, runner
from exact.projections.base import Inline
from exact.projections.follow import Projection
from exact.projections.registry import INLINE, PROJECTIONS

ReadModel = Inline | Projection
ALL: dict[str, ReadModel] = {**{found.name: found for found in INLINE}, **{found.name: found for found in PROJECTIONS}}
EVERY = "all"
HEADS = "heads"
"""What the log knows of its own streams: no read model, but made of the facts all the same."""


def named(name: str) -> list[ReadModel]:
    """The read model of that name; all of them for "all", none for "heads"."""
    if name == HEADS:
        return []
    return list(ALL.values()) if name == EVERY else [ALL[name]]


def rebuild(read_model: ReadModel) -> str:
    """Build it again from the facts; answers a sentence."""
    if isinstance(read_model, Inline):
        return f"{read_model.name}: {replay.rebuild_inline(read_model)} rebuilt"
    return f"{read_model.name}: rebuilt up to position {runner.rebuild(read_model)}"


def differences(read_model: ReadModel) -> list[str]:
    """One line for each row that is not what a replay makes of the facts."""
    return replay.differences(read_model)
