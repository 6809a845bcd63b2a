"""What a process that reads untrusted files may use, set before it loads a single image library."""

import contextlib
import ctypes
import os
import resource
import signal
import sys
from pathlib import Path

HEAP_BYTES = 3 * 2**30
ADDRESS_BYTES = 24 * 2**30
"""Maps of large volumes take address space, not memory; the heap has its own, lower limit."""
ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
"""Nothing of the server's own environment: it holds secrets."""
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS = 1, 4, 38
KILLED_FIRST = "800"


def confine(heap_bytes: int = HEAP_BYTES, parent: int | None = None) -> None:
    """Memory is bounded, nothing is dumped, no right is gained, and the process ends with the thread that made it."""
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if parent is not None and os.getppid() != parent:
        sys.exit(1)  # it died before it could be watched
    with contextlib.suppress(OSError):  # some containers do not allow it; the limits below stand
        Path("/proc/self/oom_score_adj").write_text(KILLED_FIRST)
    _prctl(PR_SET_NO_NEW_PRIVS, 1)
    _prctl(PR_SET_DUMPABLE, 0)
    for which, most in (
        (resource.RLIMIT_DATA, heap_bytes),
        (resource.RLIMIT_AS, ADDRESS_BYTES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(which, (most, most))


def allow_cpu(more_s: float) -> None:
    """So much computing from now on, then SIGXCPU: for the case that nobody outside looks at the clock."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime + more_s) + 1, most))


def _prctl(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
