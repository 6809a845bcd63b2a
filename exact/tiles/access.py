"""May this credential see this image, and where is its file? Asked before every cache, remembered for 10 s."""

import hashlib
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from django.db import close_old_connections

from exact.domain.errors import NotFound, NotSignedIn
from exact.storage import originals
from exact.tiles.remembered import Remembered
from exact.tiles.slide_cache import Original

REMEMBERED_S = 10.0
"""A member who is removed loses the tiles after at most so long."""
MAX_ANSWERS = 20_000
LARGEST_NUMBER = 2**31 - 1


@dataclass(frozen=True)
class Credential:
    """What a request shows of its sender."""

    authorization: str
    cookies: Mapping[str, str]
    session_cookie: str = "sessionid"

    @property
    def is_anonymous(self) -> bool:
        """Nothing was shown."""
        return not self.authorization and not self.cookies.get(self.session_cookie)

    def digest(self, key: bytes) -> bytes:
        """Names the credential in memory without holding it."""
        shown = f"{self.authorization}\0{self.cookies.get(self.session_cookie, '')}"
        return hashlib.blake2b(shown.encode("utf-8", "surrogatepass"), key=key, digest_size=16).digest()


Answer = Original | NotFound | NotSignedIn
Who = Callable[[Credential], UUID | None]
"""The person behind a credential."""
Where = Callable[[UUID, int], Original | None]
"""The file of an image that this person may read; None when there is none or it belongs to others."""


class Access:
    """The one question of the tile path. Positive and negative answers are remembered for the same short time."""

    def __init__(self, who: Who, where: Where, clock: Callable[[], float] = time.monotonic) -> None:
        self._who = who
        self._where = where
        self._clock = clock
        self._key = secrets.token_bytes(16)
        self._people: Remembered[bytes, UUID | None] = Remembered(MAX_ANSWERS)
        self._answers: Remembered[tuple[bytes, int], Answer] = Remembered(MAX_ANSWERS)

    def known(self, credential: Credential, number: int) -> Answer | None:
        """The remembered answer: never waits. None when it has to be asked."""
        if credential.is_anonymous:
            return _not_signed_in()
        return self._answers.get((credential.digest(self._key), number), self._clock())

    def ask(self, credential: Credential, number: int) -> Answer:
        """The answer, from memory or from the database."""
        known = self.known(credential, number)
        return self._ask(credential, number) if known is None else known

    def _ask(self, credential: Credential, number: int) -> Answer:
        digest, now = credential.digest(self._key), self._clock()
        person, until = self._person(credential, digest, now)
        answer = _not_signed_in() if person is None else self._where(person, number) or _not_found()
        self._answers.put((digest, number), answer, until)
        return answer

    def _person(self, credential: Credential, digest: bytes, now: float) -> tuple[UUID | None, float]:
        """Who it is, and until when anything built on that may be believed."""
        entry = self._people.entry(digest, now)
        if entry is None:
            entry = (self._who(credential), now + REMEMBERED_S)
            self._people.put(digest, *entry)
        return entry


def _not_signed_in() -> NotSignedIn:
    return NotSignedIn("Sign in to see this image.")


def _not_found() -> NotFound:
    return NotFound("There is no such image, or it belongs to another team.")


def who_by_accounts(credential: Credential) -> UUID | None:
    """Asks the accounts room: session, Basic or personal access token."""
    from exact.accounts.authentication import person_from_headers

    with fresh_connection():
        person = person_from_headers({"authorization": credential.authorization}, credential.cookies)
        return None if person is None else person.person_id


def where_by_membership(person_id: UUID, number: int) -> Original | None:
    """Asks the read models and the permission table. Withdrawn images are shown to nobody."""
    from exact.accounts.permissions import Permission
    from exact.accounts.policy import may
    from exact.projections.images import find_image

    if number > LARGEST_NUMBER:
        return None
    with fresh_connection():
        image = find_image(number)
        if image is None or image.withdrawn or not may(person_id, Permission.READ, image.team_id):
            return None
        return Original(image.sha256, originals.path_of(image.sha256))


@contextmanager
def fresh_connection() -> Iterator[None]:
    """Django closes stale connections around a request; this path never enters a request."""
    close_old_connections()
    try:
        yield
    finally:
        close_old_connections()
