"""What `manage.py up` does, step by step, and takes back in the other order."""

import errno
import signal
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from django.conf import settings
from django.core.management import call_command
from django.db import connections

from exact.operations import administrator
from exact.operations.backups.marks import refuse_unfinished
from exact.operations.errors import CannotRun
from exact.operations.folders import Lock, make_folders, make_secret_key
from exact.operations.services import Services
from exact.operations.supervisor import programs, supervise

OLDEST_POSTGRES = 150000
ANSWER_WITHIN_S = 120.0
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
Say = Callable[[str], None]


@dataclass(frozen=True)
class Wish:
    """What the command line asks for."""

    host: str = "127.0.0.1"
    port: int = 8000
    admin: str | None = None
    demo: bool = False


class Told(BaseException):
    """A signal to stop; not an Exception, so that nothing on the way takes it for a failure."""


def up(wish: Wish, say: Say) -> None:
    """Returns when somebody has stopped it; everything it started has ended by then."""
    stop_on_signals()
    try:
        if wish.admin is not None:
            administrator.name_and_password(wish.admin)
        say(f"Folders in {settings.VAR}")
        make_folders()
        make_secret_key()
        lock = Lock()
        lock.take()
        try:
            serve(wish, say, lock)
        finally:
            lock.release()
    except Told:
        say("Stopped")


def serve(wish: Wish, say: Say, lock: Lock) -> None:
    """The servers, then the application, between taking and giving back the lock."""
    refuse_taken_port(wish.host, wish.port)  # not before the lock: a killed predecessor may still be leaving it
    services = Services([lock.descriptor])
    try:
        start_services(services, say)
        signing_in = prepare(wish, say)
        say("Starting web, worker, projector and sealer")
        announce = threading.Thread(target=announce_when_ready, args=(wish, signing_in, say), daemon=True)
        asked = supervise(programs(wish.host, wish.port), [lock.descriptor], announce.start, services.tend)
        say("Stopping PostgreSQL and Redis" if settings.EMBEDDED_POSTGRES else "Stopping")
    finally:
        stop_undisturbed(services)
    if not asked:
        raise CannotRun("A part of EXACT does not start; what it said stands above.")
    say(f"Stopped; everything is kept in {settings.VAR}")


def stop_on_signals() -> None:
    """Ctrl-C, SIGTERM and a closed terminal take everything back in order."""

    def stop(_signum: int, _frame: object) -> NoReturn:
        raise Told

    for signum in STOPPING:
        signal.signal(signum, stop)


def stop_undisturbed(services: Services) -> None:
    """A second Ctrl-C must not leave a server behind."""
    for signum in STOPPING:
        signal.signal(signum, signal.SIG_IGN)
    services.stop()


def refuse_taken_port(host: str, port: int) -> None:
    """Asked before anything is started."""
    if not 0 < port < 65536:
        raise CannotRun(f"There is no port {port}; choose one from 1 to 65535 with --port.")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except socket.gaierror as error:
        raise CannotRun(f"There is no host {host!r} to listen on; try --host 127.0.0.1.") from error
    except OSError as error:
        reason = "is taken" if error.errno == errno.EADDRINUSE else f"cannot be used ({error})"
        raise CannotRun(f"Port {port} of {host} {reason}; choose another with --port.") from error


def start_services(services: Services, say: Say) -> None:
    """The embedded ones, or a look at those that the URLs name."""
    if services.postgres is not None:
        fresh = not (settings.VAR / "postgres").exists()
        say("PostgreSQL makes its files" if fresh else "PostgreSQL starts")
        services.postgres.start()
    else:
        refuse_old_postgres()
    if services.redis is not None:
        say("Redis starts")
        services.redis.start()


def refuse_old_postgres() -> None:
    """Of the server that DATABASE_URL names."""
    connections["default"].ensure_connection()
    version = connections["default"].connection.info.server_version
    if version < OLDEST_POSTGRES:
        raise CannotRun(f"The server of DATABASE_URL is PostgreSQL {version // 10000}; EXACT needs 15 or later.")


def prepare(wish: Wish, say: Say) -> str:
    """Tables, administrator and demonstration; how to sign in."""
    refuse_unfinished()
    say("Tables are brought up to date")
    call_command("migrate", verbosity=0, interactive=False)
    signing_in = administrator.ensure(wish.admin)
    if wish.demo:
        from exact.operations.demo import make_demo

        make_demo(say)
    connections.close_all()  # the supervisor forks: no connection may be shared
    return signing_in


def address(wish: Wish) -> str:
    """Where a browser on this machine finds it."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(wish.host, wish.host)  # noqa: S104 - compared, not bound
    return f"http://{host}:{wish.port}/"


def announce_when_ready(wish: Wish, signing_in: str, say: Say) -> None:
    """In a thread beside the supervisor."""
    began = time.monotonic()
    while not answers(f"{address(wish)}health/"):
        if time.monotonic() - began > ANSWER_WITHIN_S:
            say("The web process does not answer yet; what it says stands above")
            return
        time.sleep(0.1)
    say(f"\nEXACT is ready: {address(wish)}\n{signing_in}\nCtrl-C stops it.\n")


def answers(url: str) -> bool:
    """Whether the health page says that all is well."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - our own address
            return bool(answer.status == 200)
    except urllib.error.HTTPError as error:
        return error.code in (301, 302, 308)  # behind TLS: it answers, elsewhere
    except OSError:
        return False
