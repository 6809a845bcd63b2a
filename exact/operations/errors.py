"""What keeps the operations from running, as refusals: one sentence each, never a traceback."""

from exact.domain.errors import Refusal


class CannotRun(Refusal):
    """The machine, the disk, a port or another process is in the way."""

    code = "cannot_run"
