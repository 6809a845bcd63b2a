"""Heads to places out of the operator's reach: appended to a file or POSTed, in order, each at least once."""

import hashlib
import os
import time
import urllib.request
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import msgspec
from django.conf import settings
from django.db import transaction
from typing_extensions import override

from exact.domain.errors import Refusal
from exact.eventstore.driver import execute
from exact.eventstore.heads_outside import CUT_OFF
from exact.eventstore.seals import following, newest

BATCH = 100
BATCH_S = 5.0
"""After this no further head is begun: a slow place must not keep a transaction open for long."""
TIMEOUT_S = 10.0


class NotPublished(Refusal):
    """The place did not take a head; it is offered again later."""

    code = "not_published"


class Published(msgspec.Struct, frozen=True, kw_only=True):
    """How far a place has the heads."""

    place: str
    number: int
    behind: int


def places() -> list[str]:
    """Where the operator wants the heads: absolute paths and addresses."""
    return [place.strip() for place in settings.SEAL_PUBLISH]


def publish(place: str, limit: int = BATCH) -> int:
    """Deliver the next heads; answers how many. 0 where none wait or another process delivers to this place.

    What was delivered is remembered also where a later one fails. Raises NotPublished.
    """
    delivered, failure = 0, None
    with transaction.atomic():
        number, until = _place_of(place), time.monotonic() + BATCH_S
        for seal in following(number, limit) if number is not None else []:
            try:
                deliver(place, seal.checkpoint)
            except (OSError, HTTPException, ValueError) as error:
                failure = error
                break
            number, delivered = seal.number, delivered + 1
            if time.monotonic() > until:
                break
        if delivered:
            sql = "update es.seal_published set number = %s, updated = now() where place = %s"
            execute(sql, number, label(place))
    if failure:
        raise NotPublished(f"{label(place)} did not take the head: {failure}") from failure
    return delivered


def deliver(place: str, note: str) -> None:
    """One head; returns when it is safely there."""
    if place.startswith("/"):
        append(Path(place), note)
    else:
        post(place, note)


def append(file: Path, note: str) -> None:
    """Behind what is there, with an empty line after it; a head whose writing was cut off before is marked as such."""
    descriptor = os.open(file, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        size = os.fstat(descriptor).st_size
        whole = size == 0 or os.pread(descriptor, 2, max(size - 2, 0)) == b"\n\n"
        text = f"{'' if whole else CUT_OFF}{note}\n".encode()
        if os.write(descriptor, text) != len(text):
            raise OSError(f"{file} took only a part of it; is the disk full?")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """A POST that is sent elsewhere becomes a GET there, and would look as if it had been taken."""

    @override
    def redirect_request(self, *_: Any) -> None:  # Any: urllib's arguments
        return None


OPENER = urllib.request.build_opener(NoRedirect)


def post(address: str, note: str) -> None:
    """As the body of a request; any answer but 2xx is a failure."""
    if urlsplit(address).scheme not in ("http", "https"):
        raise ValueError("a place is an absolute path or an http(s) address")
    headers = {"Content-Type": "text/plain; charset=utf-8", "User-Agent": "exact-sealer"}
    request = urllib.request.Request(address, note.encode(), headers, method="POST")  # noqa: S310 - looked at above
    with OPENER.open(request, timeout=TIMEOUT_S):
        pass


def label(place: str) -> str:
    """A place without the password or token that its address may hold, and a digest of the whole."""
    digest = hashlib.sha256(place.encode()).hexdigest()[:8]
    parts = urlsplit(place)
    shown = place if place.startswith("/") else urlunsplit((parts.scheme, parts.hostname or "", parts.path, "", ""))
    return f"{shown} #{digest}"


def published() -> list[Published]:
    """How far every place of the settings is."""
    last = newest()
    reached = dict(execute("select place, number from es.seal_published"))
    newest_number = last.number if last else 0
    found = [(label(place), reached.get(label(place), 0)) for place in places()]
    return [Published(place=place, number=number, behind=newest_number - number) for place, number in found]


def _place_of(place: str) -> int | None:
    """The newest number that is there, with the lease of the place; a new place begins with the newest head."""
    sql = """insert into es.seal_published select %s, coalesce(max(number) - 1, 0) from es.seal
        on conflict do nothing"""
    execute(sql, label(place))
    rows = execute("select number from es.seal_published where place = %s for update skip locked", label(place))
    return rows[0][0] if rows else None
