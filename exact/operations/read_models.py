"""Read models by their names, for operators: built again from the facts, compared with them."""

from exact.projections import poison, reactors, rebuilding
from exact.projections.base import Inline
from exact.projections.comparing import Comparison
from exact.projections.follow import Projection
from exact.projections.places import places
from exact.projections.places import start as start_again
from exact.projections.rebuilding import Rebuilt
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


def rebuild(read_model: ReadModel, *, only_if_equal: bool = False) -> str:
    """Build it again from the facts while people work; answers what was found and done, a line each."""
    done = rebuilding.rebuild(read_model, only_if_equal=only_if_equal)
    made = f"{done.name}: rebuilt up to position {done.position} in {done.seconds:.1f} s"
    return "\n".join([made, *compared(done.name, done.comparison), exchanged(done)])


def compared(name: str, found: Comparison | None) -> list[str]:
    """How the new rows differ from the old ones."""
    if found is None:
        return [f"{name}: the old rows stand still behind the log, so they were not compared"]
    if not found.count:
        return [f"{name}: equal to the rows before"]
    return [f"{name}: {rows(found.count)} from the rows before", *found.lines]


def exchanged(done: Rebuilt) -> str:
    """Which rows people see now."""
    if done.exchanged_ms is None:
        return f"{done.name}: the new rows are thrown away, the old ones stay"
    back = f"generation {done.kept} is kept (`rebuild {done.name} --return`)" if done.kept else "nothing to return to"
    return f"{done.name}: generation {done.generation} is live, exchanged in {done.exchanged_ms:.0f} ms; {back}"


def rows(count: int) -> str:
    """For people."""
    return "1 row differs" if count == 1 else f"{count} rows differ"


def return_to_kept(read_model: ReadModel) -> str:
    """The generation before is the live one again; answers a sentence."""
    return exchanged(rebuilding.return_to_kept(read_model))


def drop_kept(read_model: ReadModel) -> str:
    """Give up the generation before; answers a sentence."""
    generation = rebuilding.drop_kept(read_model)
    return (
        f"{read_model.name}: generation {generation} is dropped" if generation else f"{read_model.name}: none is kept"
    )


def comparison(read_model: ReadModel) -> Comparison:
    """The rows against a replay of the facts."""
    return rebuilding.comparison(read_model)


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
