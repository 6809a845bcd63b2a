"""Read models by their names, for operators: built again from the facts, compared with them."""

from exact.projections import poison, reactors, rebuilding, replay
from exact.projections.base import Inline
from exact.projections.follow import Projection
from exact.projections.places import places
from exact.projections.places import start as start_again
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
    return f"{read_model.name}: rebuilt up to position {rebuilding.rebuild(read_model)}"


def differences(read_model: ReadModel) -> list[str]:
    """One line for each row that is not what a replay makes of the facts."""
    return replay.differences(read_model)


class Unknown(Exception):
    """No reader of the log has that name, or not in that state."""


def start(name: str) -> str:
    """Let a stopped projection or reactor go on; answers a sentence."""
    if start_again(name):
        return f"{name}: goes on"
    raise Unknown(f"{name} is not stopped; `manage.py projections` shows what is.")


def replay_parked(name: str) -> str:
    """Fold again what a projection has parked, or have a reactor try again; answers a sentence."""
    found = ALL.get(name)
    if isinstance(found, Projection):
        done, left = poison.replay_parked(found)
        return f"{name}: {done} folded, {left} still parked"
    if any(place.kind == "reactor" and place.name == name for place in places()):
        return f"{name}: {reactors.ask_again(name)} will be tried again by the projector"
    raise Unknown(f"{name} parks nothing; `manage.py projections` shows what there is.")
