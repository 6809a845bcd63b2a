"""Under which names a web process that listens on an address is found."""

import socket

import psutil
from django.conf import settings

EVERYWHERE = {"0.0.0.0", "::", ""}  # noqa: S104 - recognised, not bound


def names_of(host: str) -> list[str]:
    """The settings' names; the address, where it is one of its own; for "everywhere" each that this machine has.

    Never `*`: the same list says which pages may open a socket.
    """
    own = local_names() if host in EVERYWHERE else [host]
    return list(dict.fromkeys([*settings.ALLOWED_HOSTS, *map(bracketed, own)]))


def local_names() -> list[str]:
    """This machine's name and the addresses of its interfaces."""
    families = (socket.AF_INET, socket.AF_INET6)
    addresses = [
        entry.address.partition("%")[0]
        for entries in psutil.net_if_addrs().values()
        for entry in entries
        if entry.family in families
    ]
    return [socket.gethostname().lower(), socket.getfqdn().lower(), *addresses]


def bracketed(name: str) -> str:
    """An IPv6 address as a Host header writes it."""
    return f"[{name}]" if ":" in name and not name.startswith("[") else name
