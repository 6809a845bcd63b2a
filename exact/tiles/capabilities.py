"""A capability: one answer of the permission table, signed and short-lived, so that other processes need not ask.

A browser keeps it as a cookie of one image's addresses, and sends it with the session cookie that it is bound to.
"""

import base64
import hashlib
import hmac
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

COOKIE = "exact-tiles"
LASTS_S = 20.0
"""A member who is removed, or signed out, loses the image after at most so long, by the clock of who signed."""
CLOCKS_APART_S = 5.0
"""The clocks of two hosts may differ by so much: what lasts longer than both together is not believed."""
MAC_BYTES = 16
TEXT = re.compile(r"(\d{10,16})\.([0-9a-f]{32})\.([0-9a-f]{64})\.([\w-]{22})", re.ASCII)


@dataclass(frozen=True)
class Capability:
    """This person may see this image, whose content has this hash."""

    number: int
    person: UUID
    sha256: str


class Capabilities:
    """Signs and reads capabilities. Every process of a site has the same secret."""

    def __init__(self, secret: str, clock: Callable[[], float] = time.time) -> None:
        self._key = hashlib.blake2b(secret.encode(), digest_size=32, person=b"exact.tiles").digest()
        self._clock = clock

    def sign(self, capability: Capability, session: str, lasts_s: float) -> str:
        """The cookie's value; worth nothing without that session cookie, nor for another image."""
        expires_ms = int((self._clock() + lasts_s) * 1000)
        said = f"{expires_ms}.{capability.person.hex}.{capability.sha256}"
        return f"{said}.{self._mac(said, capability.number, session)}"

    def read(self, text: str, number: int, session: str) -> tuple[Capability, float] | None:
        """What it says and for how many seconds more; None when it is forged, bound otherwise, or over."""
        found = TEXT.fullmatch(text)
        if found is None or not session:
            return None
        said, mac = text.rpartition(".")[::2]
        left_s = int(found[1]) / 1000 - self._clock()
        if not 0 < left_s <= LASTS_S + CLOCKS_APART_S or not hmac.compare_digest(mac, self._mac(said, number, session)):
            return None
        return Capability(number, UUID(found[2]), found[3]), left_s

    def _mac(self, said: str, number: int, session: str) -> str:
        """Lengths stand before what a client chooses, so that no two messages read alike."""
        message = f"{number}.{said}.{len(session)}.{session}".encode("utf-8", "surrogatepass")
        digest = hashlib.blake2b(message, key=self._key, digest_size=MAC_BYTES).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def set_cookie(text: str, path: str, *, secure: bool) -> bytes:
    """The header's value. Gone from the browser when it is worth nothing any more."""
    parts = [f"{COOKIE}={text}", f"Path={path}", f"Max-Age={int(LASTS_S)}", "HttpOnly", "SameSite=Lax"]
    return "; ".join([*parts, "Secure"] if secure else parts).encode()
