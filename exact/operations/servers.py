"""The database for a command that needs it, whether EXACT runs or not: an embedded one that does not run is started."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

from django.conf import settings
from django.db import connections

from exact.operations.errors import CannotRun
from exact.operations.folders import AlreadyRuns, Lock
from exact.operations.services import Services
from exact.operations.startup import Say, Told, start_services, stop_on_signals, stop_undisturbed


@contextmanager
def database_for_reading(say: Say) -> Iterator[None]:
    """That of a running EXACT, or one that is started for the block."""
    if not settings.EMBEDDED_POSTGRES:
        yield
        return
    if not (settings.VAR / "postgres").exists():
        raise CannotRun(f"There is nothing in {settings.VAR}; choose another folder with --var.")
    with ExitStack() as stack:
        with suppress(AlreadyRuns):
            stack.enter_context(database_alone(say))
        yield


@contextmanager
def database_alone(say: Say) -> Iterator[None]:
    """Nobody else starts EXACT on this folder before the block has ended; refused while it runs (AlreadyRuns)."""
    lock = Lock()
    try:
        lock.take()
        services = Services([lock.descriptor])
        services.redis = None  # nobody is asked for hints
        try:
            start_services(services, say)
            yield
        finally:
            connections.close_all()
            stop_undisturbed(services)
    finally:
        lock.release()


@contextmanager
def stopping_told(sentence: str) -> Iterator[None]:
    """Ctrl-C and SIGTERM take everything back in order, and are a refusal with this sentence."""
    stop_on_signals()
    try:
        yield
    except Told:
        raise CannotRun(sentence) from None
