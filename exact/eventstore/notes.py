"""Signed notes as C2SP defines them: a text, a blank line, and signatures by named Ed25519 keys.

Keys are written as the note format's first implementation writes them, so that its tools read ours:
`name+id+base64` for a public key, `PRIVATE+KEY+name+id+base64` for a secret one.
"""

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from exact.domain.errors import Invalid

ED25519 = b"\x01"
DASH = "\N{EM DASH} "
SECRET = "PRIVATE+KEY+"  # noqa: S105 - how such a line begins
MAX_SIGNATURES = 100


class BadNote(Invalid):
    """Not a note, or not signed by a key that is trusted."""

    code = "bad_note"


class PublicKey(msgspec.Struct, frozen=True):
    """A key that checks: its name and 32 bytes."""

    name: str
    raw: bytes

    @property
    def id(self) -> str:
        """Eight hexadecimal digits that tell keys of one name apart."""
        return key_id(self.name, self.raw)

    def __str__(self) -> str:
        return f"{self.name}+{self.id}+{b64encode(ED25519 + self.raw).decode()}"

    def has_signed(self, text: str, signature: bytes) -> bool:
        """Whether the signature is this key's under that text."""
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, text.encode())
        except InvalidSignature:
            return False
        return True


class SecretKey(msgspec.Struct, frozen=True):
    """A key that signs: its name and seed. Never shown, never logged."""

    name: str
    seed: bytes

    @classmethod
    def new(cls, name: str) -> "SecretKey":
        """A fresh one; the name may hold neither blanks nor `+`."""
        if not name or "+" in name or any(character.isspace() for character in name):
            raise Invalid(f"{name!r} cannot name a key: no blanks and no + in it.", code="key_name")
        return cls(name, Ed25519PrivateKey.generate().private_bytes_raw())

    @property
    def public(self) -> PublicKey:
        """The half that may be known."""
        return PublicKey(self.name, Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw())

    def written(self) -> str:
        """As it stands in the key file."""
        return f"{SECRET}{self.name}+{self.public.id}+{b64encode(ED25519 + self.seed).decode()}"

    def __repr__(self) -> str:
        return f"<the secret key {self.name}+{self.public.id}>"


def key_id(name: str, raw: bytes) -> str:
    """The first four bytes of SHA-256 over name, newline, kind and public key, in hexadecimal."""
    return hashlib.sha256(name.encode() + b"\n" + ED25519 + raw).hexdigest()[:8]


def public_key(line: str) -> PublicKey:
    """The key that a line `name+id+base64` writes."""
    name, raw, id_ = _parts(line)
    key = PublicKey(name, raw)
    if key.id != id_:
        raise BadNote(f"The key {name}+{id_} is damaged: its id does not belong to it.", code="bad_key")
    return key


def secret_key(line: str) -> SecretKey:
    """The key that a line `PRIVATE+KEY+name+id+base64` writes."""
    if not line.startswith(SECRET):
        raise BadNote("This is no secret key.", code="bad_key")
    name, seed, id_ = _parts(line.removeprefix(SECRET))
    key = SecretKey(name, seed)
    if key.public.id != id_:
        raise BadNote(f"The secret key {name}+{id_} is damaged: its id does not belong to it.", code="bad_key")
    return key


def _parts(line: str) -> tuple[str, bytes, str]:
    try:
        name, id_, text = line.strip().split("+", 2)
        raw = b64decode(text, validate=True)
    except ValueError:
        raise BadNote("This is no key: name, id and base64 with + between them.", code="bad_key") from None
    if not name or len(raw) != 33 or raw[:1] != ED25519:
        raise BadNote(f"The key {name}+{id_} is not an Ed25519 key.", code="bad_key")
    return name, raw[1:], id_


def signed(text: str, key: SecretKey) -> str:
    """The note: the text, which ends with a newline, and the key's signature."""
    signature = Ed25519PrivateKey.from_private_bytes(key.seed).sign(text.encode())
    public = key.public
    return f"{text}\n{DASH}{key.name} {b64encode(bytes.fromhex(public.id) + signature).decode()}\n"


def opened(note: str, keys: Iterable[PublicKey]) -> tuple[str, list[PublicKey]]:
    """The text of a note and which of these keys have signed it, at least one; raises BadNote.

    Signatures of other keys are nothing to us; a wrong one of a known key spoils the note.
    """
    text, lines = _divided(note)
    known = {(key.name, key.id): key for key in keys}
    found = []
    for name, id_, signature in map(_signature, lines):
        key = known.get((name, id_))
        if key is not None and not key.has_signed(text, signature):
            raise BadNote(f"The signature of {name}+{id_} is not under this text.")
        if key is not None:
            found.append(key)
    if not found:
        raise BadNote("No key that is known has signed this.")
    return text, found


def signers(note: str) -> list[tuple[str, str]]:
    """The names and ids of the keys that a note says have signed it; nothing is checked."""
    return [(name, id_) for name, id_, _ in map(_signature, _divided(note)[1])]


def _divided(note: str) -> tuple[str, Sequence[str]]:
    text, blank, below = note.rpartition("\n\n")
    lines = below.split("\n")
    if not text or not blank or lines.pop() or not 0 < len(lines) <= MAX_SIGNATURES:
        raise BadNote("This is no signed note: a text, a blank line and signatures.")
    return text + "\n", lines


def _signature(line: str) -> tuple[str, str, bytes]:
    name, blank, text = line.removeprefix(DASH).partition(" ")
    try:
        raw = b64decode(text, validate=True)
    except ValueError:
        raw = b""
    if not line.startswith(DASH) or not name or not blank or len(raw) < 5:
        raise BadNote("A line below the blank line is no signature.")
    return name, raw[:4].hex(), raw[4:]
