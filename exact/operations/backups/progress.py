"""What a long command tells meanwhile: sentences that stay, and on a terminal one line that is written over."""

import time

from django.core.management.base import OutputWrapper

EVERY_S = 0.2
FRESH_LINE = "\r\x1b[K"


class Progress:
    """Calls are cheap: shown at most five times a second, and only where somebody watches."""

    def __init__(self, out: OutputWrapper) -> None:
        self.out, self.watched = out, out.isatty()
        self.shown_at, self.line = 0.0, ""

    def say(self, sentence: str) -> None:
        """A line of its own."""
        self.out.write(f"{self.line and FRESH_LINE}{sentence}")
        self.out.flush()
        self.line = ""

    def show(self, what: str, done: int, whole: int = 0) -> None:
        """How far it has come; of how much, where that is known."""
        if self.watched and time.monotonic() - self.shown_at > EVERY_S:
            of = f" of {whole:,} ({min(100, 100 * done // whole)} %)" if whole else ""
            self.shown_at, self.line = time.monotonic(), f"{what}: {done:,}{of}"
            self.out.write(f"{FRESH_LINE}{self.line}", ending="")
            self.out.flush()
