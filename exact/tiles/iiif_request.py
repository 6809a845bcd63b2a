"""What a request of the IIIF Image API tells beside its path, and what answers say to scripts of other sites."""

from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import quote

from django.conf import settings
from django.http.request import validate_host

from exact.tiles.errors import BadPicture
from exact.tiles.iiif import CONTEXT, PROFILE, Picture
from exact.tiles.native import NativeGrid

FOR_ALL_ORIGINS = {
    b"access-control-allow-origin": b"*",
    b"access-control-expose-headers": b"link, etag",
    b"vary": b"cookie, authorization",
}
"""Any page may ask, but a browser never sends cookies along with it: without a token in its hand it is nobody.

Nor does it get what the browser keeps from an answer to somebody's cookie.
"""
PREFLIGHT_HEADERS = {
    b"access-control-allow-methods": b"GET, HEAD, OPTIONS",
    b"access-control-allow-headers": b"authorization, accept, if-none-match",
    b"access-control-max-age": b"86400",
}
LINKED_DATA = b'application/ld+json;profile="' + CONTEXT.encode() + b'"'


@dataclass(frozen=True)
class IiifRequest:
    """Where the image lies for this client, and what it takes."""

    uri: str
    if_none_match: bytes
    takes_linked_data: bool

    @classmethod
    def of(cls, scope: MutableMapping[str, Any]) -> Self:  # Any: ASGI's
        """From an ASGI request for an image, its info.json or one of its pictures."""
        headers = dict(scope["headers"])
        path = "/".join(scope["path"].split("/")[:5])
        uri = f"{_scheme(scope, headers)}://{_host(headers)}{quote(path)}"
        takes = b"application/ld+json" in headers.get(b"accept", b"")
        return cls(uri, headers.get(b"if-none-match", b""), takes)

    @property
    def media_type(self) -> bytes:
        """Of info.json."""
        return LINKED_DATA if self.takes_linked_data else b"application/json"

    def links(self, picture: Picture, grid: NativeGrid) -> bytes:
        """The header Link."""
        full = grid.levels[0].width, grid.levels[0].height
        return f'<{self.uri}/{picture.canonical(full)}>;rel="canonical",<{PROFILE}>;rel="profile"'.encode()


def _scheme(scope: MutableMapping[str, Any], headers: dict[bytes, bytes]) -> str:  # Any: ASGI's
    """What a proxy in front says is believed only where the settings say that there is one."""
    if settings.SECURE_PROXY_SSL_HEADER and headers.get(b"x-forwarded-proto") == b"https":
        return "https"
    return str(scope.get("scheme", "http"))


def _host(headers: dict[bytes, bytes]) -> str:
    """As Django does: whoever sends another host must not find it in our answers."""
    host = headers.get(b"host", b"localhost").decode("latin-1")
    name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
    if not validate_host(name.lower(), settings.ALLOWED_HOSTS):
        raise BadPicture("This server is not known by that name.")
    return host
