"""Side effects that follow the log: one file for each, and the one list of them."""

from exact.projections.reactors import Reactor
from workers.reactors.prepared_exports import PreparedExports

REACTORS: tuple[Reactor, ...] = (PreparedExports(),)
