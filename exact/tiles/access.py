"""May this credential see this image, and where is its file? Asked before every cache, believed for seconds."""

import hashlib
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

from django.conf import settings
from django.db import close_old_connections

from exact.domain.errors import Forbidden, NotFound, NotSignedIn
from exact.domain.teams import Role
from exact.storage.places import place_of, ready_place
from exact.tiles.capabilities import COOKIE, LASTS_S, Capabilities, Capability
from exact.tiles.remembered import Remembered
from exact.tiles.single_flight import SingleFlight
from exact.tiles.slide_cache import Original

REMEMBERED_S = LASTS_S
"""A member who is removed loses the tiles after at most so long, whether remembered here or in a capability."""
REFUSED_S = 5.0
"""A member who is added gets the tiles after at most so long."""
MAX_ANSWERS = 20_000
LARGEST_NUMBER = 2**31 - 1


@dataclass(frozen=True)
class Credential:
    """What a request shows of its sender."""

    authorization: str
    cookies: Mapping[str, str]
    session_cookie: str = "sessionid"
    _digests: dict[bytes, bytes] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def session(self) -> str:
        """The session cookie, unless the request says otherwise who sent it."""
        return "" if self.authorization else self.cookies.get(self.session_cookie, "")

    @property
    def capability(self) -> str:
        """What the server signed for this image, if the browser still has it."""
        return self.cookies.get(COOKIE, "")

    @property
    def is_anonymous(self) -> bool:
        """Nothing was shown; a capability alone is nothing."""
        return not self.authorization and not self.session

    def digest(self, key: bytes) -> bytes:
        """Names the credential in memory without holding it; asked several times for each tile."""
        if key not in self._digests:
            self._digests[key] = self._digest(key)
        return self._digests[key]

    def _digest(self, key: bytes) -> bytes:
        shown = f"{self.authorization}\0{self.cookies.get(self.session_cookie, '')}"
        return hashlib.blake2b(shown.encode("utf-8", "surrogatepass"), key=key, digest_size=16).digest()


Answer = Original | NotFound | NotSignedIn | Forbidden
Who = Callable[[Credential], UUID | None]
"""The person behind a credential."""
Where = Callable[[UUID, int], Original | Forbidden | None]
"""The file of an image that this person may read; None when there is none or it belongs to others."""
Located = Callable[[str], Original | None]
"""The file of a content hash; None where that cannot be told without waiting."""


class Access:
    """The one question of the tile path. Every answer is remembered, and what was granted to a session is signed."""

    def __init__(
        self,
        who: Who,
        where: Where,
        clock: Callable[[], float] = time.monotonic,
        capabilities: Capabilities | None = None,
        located: Located | None = None,
    ) -> None:
        self._who = who
        self._where = where
        self._clock = clock
        self._capabilities = capabilities
        self._located = located or ready_original
        self._key = secrets.token_bytes(16)
        self._people: Remembered[bytes, UUID | None] = Remembered(MAX_ANSWERS)
        self._answers: Remembered[tuple[bytes, int], Answer] = Remembered(MAX_ANSWERS)
        self._signed: Remembered[tuple[bytes, int], str] = Remembered(MAX_ANSWERS)
        self._asking: SingleFlight[tuple[bytes, int], Answer] = SingleFlight()

    def known(self, credential: Credential, number: int) -> Answer | None:
        """The answer that is remembered or shown, without database and without waiting. None: it has to be asked."""
        if credential.is_anonymous:
            return _not_signed_in()
        asked = (credential.digest(self._key), number)
        return self._answers.get(asked, self._clock()) or self._shown(credential, asked)

    def ask(self, credential: Credential, number: int) -> Answer:
        """The answer, known or from the database; many who ask the same at once ask it once."""
        known = self.known(credential, number)
        if known is not None:
            return known
        asked = (credential.digest(self._key), number)
        return self._asking.do(asked, lambda: self._ask(credential, asked))

    def to_keep(self, credential: Credential, number: int) -> str | None:
        """The newest capability of this session and image, unless the client has shown it already."""
        signed = self._signed.get((credential.digest(self._key), number), self._clock())
        return None if signed == credential.capability else signed

    def _shown(self, credential: Credential, asked: tuple[bytes, int]) -> Answer | None:
        """What the capability grants; believed as long as it says and no longer."""
        if self._capabilities is None or not credential.capability:
            return None
        read = self._capabilities.read(credential.capability, asked[1], credential.session)
        if read is None:
            return None
        capability, left_s = read
        answer = self._located(capability.sha256)
        if answer is not None:
            self._answers.put(asked, answer, self._clock() + left_s)
        return answer

    def _ask(self, credential: Credential, asked: tuple[bytes, int]) -> Answer:
        digest, number = asked
        now = self._clock()
        person, until = self._person(credential, digest, now)
        answer = _not_signed_in() if person is None else self._where(person, number) or _not_found()
        if isinstance(answer, Original) and person is not None:
            self._sign(credential, asked, Capability(number, person, answer.sha256), until)
        else:
            until = min(until, now + REFUSED_S)
        self._answers.put(asked, answer, until)
        return answer

    def _sign(self, credential: Credential, asked: tuple[bytes, int], capability: Capability, until: float) -> None:
        """Only a session gets one: programs that send a token or a password keep no cookies."""
        if self._capabilities is not None and credential.session:
            lasts_s = until - self._clock()
            self._signed.put(asked, self._capabilities.sign(capability, credential.session, lasts_s), until)

    def _person(self, credential: Credential, digest: bytes, now: float) -> tuple[UUID | None, float]:
        """Who it is, and until when anything built on that may be believed."""
        entry = self._people.entry(digest, now)
        if entry is None:
            person = self._who(credential)
            entry = (person, now + (REFUSED_S if person is None else REMEMBERED_S))
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
    found = _image_and_role(person_id, number)
    return None if found is None else original(found[0])


def where_labels_by_membership(person_id: UUID, number: int) -> Original | Forbidden | None:
    """The same for what can carry names; a member without that right is told so."""
    from exact.accounts.permissions import Permission
    from exact.accounts.policy import allowed

    found = _image_and_role(person_id, number)
    if found is None:
        return None
    if not allowed(found[1], Permission.READ_LABELS):
        return Forbidden("Labels can carry names of patients; an administrator of the team may see them.")
    return original(found[0])


def _image_and_role(person_id: UUID, number: int) -> tuple[str, Role] | None:
    """The content hash of an image that may be read, and the reader's role."""
    from exact.accounts.permissions import Permission
    from exact.accounts.policy import allowed
    from exact.projections.images import find_image
    from exact.projections.teams import role_of

    if number > LARGEST_NUMBER:
        return None
    with fresh_connection():
        image = find_image(number)
        role = None if image is None or image.withdrawn else role_of(person_id, image.team_id)
        return (image.sha256, role) if image and role and allowed(role, Permission.READ) else None


def original(sha256: str) -> Original:
    """The kept file of this content; of many files the folder, laid out now if it has to be."""
    return Original(sha256, place_of(sha256))


def ready_original(sha256: str) -> Original | None:
    """The same without waiting: None where a folder has to be laid out first."""
    place = ready_place(sha256)
    return None if place is None else Original(sha256, place)


def access_by_accounts() -> Access:
    """To the pixels."""
    return Access(who_by_accounts, where_by_membership, capabilities=Capabilities(settings.SECRET_KEY))


def access_to_labels() -> Access:
    """To labels and other associated images; seldom asked for, so nothing is signed."""
    return Access(who_by_accounts, where_labels_by_membership)


@contextmanager
def fresh_connection() -> Iterator[None]:
    """Django closes stale connections around a request; this path never enters a request."""
    close_old_connections()
    try:
        yield
    finally:
        close_old_connections()
