"""As whom the embedded servers run: as ourselves, or, since PostgreSQL refuses root, as a user without rights.

docs/decisions/0002 tells why it is done with `setpriv` and one capability.
"""

import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from exact.operations.errors import CannotRun

NAMES = ("exact", "postgres")
"""Users to take when they exist, in this order; otherwise the first is made."""
CAPABILITIES = {"dac_read_search": 2, "dac_override": 1}
"""Either lets the user walk through a closed folder such as /root; the weaker first, but containers withhold it."""


def service_user(data: Path) -> pwd.struct_passwd:
    """Ourselves, unless we are root: then the owner of the data, else a user without rights."""
    if os.geteuid() != 0:
        return named(os.geteuid())
    if data.exists() and data.stat().st_uid != 0:
        return named(data.stat().st_uid)
    return existing_user() or made_user()


def named(uid: int) -> pwd.struct_passwd:
    """PostgreSQL's initdb wants a user to have a name."""
    try:
        return pwd.getpwuid(uid)
    except KeyError:
        raise CannotRun(f"PostgreSQL needs a user with a name; this machine has none for the number {uid}.") from None


def existing_user() -> pwd.struct_passwd | None:
    """The first of the known names that this machine has."""
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    return next((known[name] for name in NAMES if name in known), None)


def made_user() -> pwd.struct_passwd:
    """A system user `exact` without home, shell or password."""
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin")
    if useradd is None:
        raise CannotRun(
            "PostgreSQL refuses to run as root, and there is no useradd to make a user for it: run as an ordinary user."
        )
    command = [
        useradd,
        "--system",
        "--no-create-home",
        "--home-dir",
        "/nonexistent",
        "--shell",
        "/usr/sbin/nologin",
        NAMES[0],
    ]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode != 0:
        raise CannotRun(
            f"PostgreSQL refuses to run as root, and useradd could not make a user for it: {made.stderr.strip()}"
        )
    return pwd.getpwnam(NAMES[0])


def as_service(
    user: pwd.struct_passwd, command: Sequence[str | Path], closed: Sequence[Path], death_signal: str
) -> list[str]:
    """The command, run as the user, who needs to reach the `closed` paths; unchanged when we are that user."""
    plain = [str(word) for word in command]
    if user.pw_uid == os.geteuid():
        return plain
    power = [] if all(open_to_all(path) for path in closed) else passing_power()
    return [
        *(needed_setpriv(), f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", "--no-new-privs"),
        *(power or ["--bounding-set=-all"]),
        *(f"--pdeathsig={death_signal}", "--"),
        *plain,
    ]


def open_to_all(path: Path) -> bool:
    """Whether every folder above the path lets everybody through."""
    return all(folder.stat().st_mode & 0o001 for folder in path.resolve().parents)


def passing_power() -> list[str]:
    """setpriv's words for one capability that survives the change of user, and nothing besides.

    `no_setuid_fixup`: PostgreSQL asks access(2) about its own binary, which otherwise forgets the capability.
    """
    bounding = bounding_set()
    name = next((name for name, bit in CAPABILITIES.items() if bounding >> bit & 1), None)
    if name is None:
        raise CannotRun(
            "PostgreSQL's user cannot reach this folder: a parent is closed to others, and this container withholds "
            "the right to pass it. Put the folder elsewhere, or run as an ordinary user."
        )
    only = f"-all,+{name}"
    return [f"--inh-caps={only}", f"--ambient-caps={only}", f"--bounding-set={only}", "--securebits=+no_setuid_fixup"]


def bounding_set() -> int:
    """The capabilities that this process could ever have, as bits."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1], 16) for line in status.splitlines() if line.startswith("CapBnd"))


def needed_setpriv() -> str:
    """util-linux's setpriv, essential on Debian."""
    found = shutil.which("setpriv")
    if found is None:
        raise CannotRun(
            "PostgreSQL refuses to run as root, and setpriv (util-linux) is missing: run as an ordinary user."
        )
    return found
