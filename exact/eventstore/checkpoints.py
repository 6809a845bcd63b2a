"""The head of the tree as a C2SP checkpoint: origin, tree size and root, and when it was sealed, in a signed note."""

from base64 import b64decode, b64encode
from collections.abc import Iterable
from datetime import UTC, datetime

import msgspec

from exact.eventstore.merkle import HASH_BYTES
from exact.eventstore.notes import BadNote, PublicKey, SecretKey, opened, signed

TIME = "%Y-%m-%dT%H:%M:%S.%fZ"


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """What is signed. The two lines after the root are ours (extension lines): number of the seal, and time."""

    origin: str
    tree_size: int
    root: bytes
    number: int
    sealed_at: datetime

    def text(self) -> str:
        """The signed lines."""
        at = self.sealed_at.astimezone(UTC).strftime(TIME)
        root = b64encode(self.root).decode()
        return f"{self.origin}\n{self.tree_size}\n{root}\nseal {self.number}\nsealed_at {at}\n"

    def signed(self, key: SecretKey) -> str:
        """The note."""
        return signed(self.text(), key)


def checkpoint_of(text: str) -> Checkpoint:
    """The lines read again; raises BadNote where they are others."""
    try:
        origin, size, root, number, at = text.removesuffix("\n").split("\n")
        found = Checkpoint(
            origin=origin,
            tree_size=int(size),
            root=b64decode(root, validate=True),
            number=int(number.removeprefix("seal ")),
            sealed_at=datetime.strptime(at.removeprefix("sealed_at "), TIME).replace(tzinfo=UTC),
        )
    except ValueError:
        raise BadNote("This is no checkpoint of EXACT.") from None
    if found.text() != text or len(found.root) != HASH_BYTES:
        raise BadNote("This is no checkpoint of EXACT.")
    return found


def trusted(note: str, keys: Iterable[PublicKey]) -> Checkpoint:
    """The checkpoint in a note that one of these keys has signed; raises BadNote."""
    text, signers = opened(note, keys)
    found = checkpoint_of(text)
    if found.origin not in {key.name for key in signers}:
        raise BadNote(f"It is of the log {found.origin}, not of {signers[0].name}.")
    return found
