"""Keeps one program running: starts it again when it dies, ends it when told to or when its own parent is gone.

What has never really lived is given up after a few attempts; what has lived once is started again for ever.

A small program of its own, without Django: `python -I -S keep.py --parent PID --name web -- program arguments`.
The kernel sends it SIGTERM when the process that asked for it dies, even by kill -9, so that nothing outlives a
killed supervisor.
"""

import argparse
import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence

PR_SET_PDEATHSIG = 1
TOLD = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
LISTENED = {*TOLD, signal.SIGCHLD}
SHORT_LIFE_S = 10.0
"""A program that ends by itself sooner than this did not really start."""
LONGEST_DELAY_S = 5.0
"""Between two lives, however often it failed: what was in the way, such as a full disk, may be gone by then."""
LAST_WAIT_S = 3.0


def end_with_parent(signum: signal.Signals) -> None:
    """The kernel sends this process the signal when the thread that forked it dies."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, int(signum), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


class Keeper:
    """One program and its lives."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.stop_signal = signal.Signals[f"SIG{options.stop_signal}"]
        self.death_signal = signal.Signals[f"SIG{options.death_signal or options.stop_signal}"]
        self.short_lives = 0
        self.has_lived = options.attempts == 0

    def run(self) -> int:
        """0 when told to stop, 1 when the program does not start."""
        while True:
            born = time.monotonic()
            child = self._start()
            code = self._watch(child)
            if code is None:
                self._stop(child)
                return 0
            sweep(child)
            delay_s = self._after_death(code, time.monotonic() - born)
            if delay_s is None:
                return 1
            if signal.sigtimedwait(TOLD, delay_s) is not None:
                return 0

    def _start(self) -> subprocess.Popen[bytes]:
        # A session of its own: Ctrl-C reaches the supervisor alone, which stops everything in order.
        return subprocess.Popen(
            self.options.program,
            preexec_fn=self._before_exec,  # noqa: PLW1509 - one thread only, so nothing can be locked at the fork
            start_new_session=True,
            pass_fds=self.options.hold,
            cwd=self.options.cwd,
        )

    def _before_exec(self) -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        end_with_parent(self.death_signal)

    def _watch(self, child: subprocess.Popen[bytes]) -> int | None:
        """The code with which it ended, or None when we are told to stop."""
        while True:
            if signal.sigwait(LISTENED) in TOLD:
                return None
            code = child.poll()
            if code is not None:
                return code

    def _stop(self, child: subprocess.Popen[bytes]) -> None:
        for signum, patience_s in ((self.stop_signal, self.options.patience), (signal.SIGQUIT, LAST_WAIT_S)):
            child.send_signal(signum)
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(patience_s)
                break
        sweep(child)
        child.wait()

    def _after_death(self, code: int, lived_s: float) -> float | None:
        """How long to wait before the next life; None when it never really lived and so there is no sense in one."""
        violent = code in (-signal.SIGKILL, -signal.SIGTERM)
        self.has_lived = self.has_lived or lived_s > SHORT_LIFE_S
        self.short_lives = 0 if violent or lived_s > SHORT_LIFE_S else self.short_lives + 1
        ended = f"was killed (signal {-code})" if code < 0 else f"ended with code {code}"
        if not self.has_lived and self.short_lives >= self.options.attempts:
            say(f"{self.options.name} {ended} and does not start; gave up after {self.short_lives} attempts")
            return None
        delay_s = min(0.25 * float(2 ** min(self.short_lives, 10)), LONGEST_DELAY_S)
        say(f"{self.options.name} {ended}; starts again in {delay_s:g} s")
        return delay_s


def sweep(child: subprocess.Popen[bytes]) -> None:
    """Ends what the program left in its process group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)


def say(sentence: str) -> None:
    """One line for whoever reads our output; that may be gone."""
    with contextlib.suppress(OSError):
        os.write(2, f"{sentence}\n".encode())


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """See the module's sentence."""
    parser = argparse.ArgumentParser(prog="keep")
    parser.add_argument("--parent", type=int, required=True, help="process whose end is ours")
    parser.add_argument("--name", required=True)
    parser.add_argument("--stop-signal", default="TERM")
    parser.add_argument("--death-signal", help="what the program gets when its keeper is killed; else the stop signal")
    parser.add_argument("--patience", type=float, default=3.0, help="seconds between the polite and the rude signal")
    parser.add_argument(
        "--attempts", type=int, default=4, help="short lives in a row before giving up on what never lived; 0: never"
    )
    parser.add_argument("--hold", type=int, action="append", default=[], help="file descriptor to hand on")
    parser.add_argument("--cwd", default=None)
    parser.add_argument("program", nargs="+")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> int:
    """Keeps the program until told to stop."""
    options = parsed(arguments)
    signal.pthread_sigmask(signal.SIG_BLOCK, LISTENED)
    end_with_parent(signal.SIGTERM)
    if os.getppid() != options.parent:  # it died before the kernel knew
        return 0
    return Keeper(options).run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
