"""An image of many files: a canonical manifest, kept by its own hash, and its members, each kept by theirs."""

import unicodedata
from collections.abc import Iterable
from pathlib import Path

import msgspec

from exact.domain.errors import Invalid
from exact.storage.names import checked_name
from exact.storage.originals import path_of

BEGINS = b'{"exact-bundle":1,"files":['
MEMBERS_MAX = 100_000
MANIFEST_MAX_BYTES = 64 * 2**20
DEEPEST = 32
LONGEST_PATH = 1024


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """One file of the image: where it lies in the image's folder, and what is in it."""

    path: str
    sha256: str
    size: int


class Bundle(msgspec.Struct, frozen=True, kw_only=True):
    """The manifest; the same files at the same places always give the same bytes, and so the same hash."""

    form: int = msgspec.field(default=1, name="exact-bundle")
    files: tuple[Member, ...]

    @property
    def size_bytes(self) -> int:
        """Of all members together."""
        return sum(member.size for member in self.files)


ENCODER = msgspec.json.Encoder()
DECODER = msgspec.json.Decoder(Bundle)


def manifest_of(members: Iterable[Member]) -> bytes:
    """The manifest's one form: members in the order of their paths, no blanks. Refuses what cannot be laid out."""
    files = tuple(sorted((_checked(member) for member in members), key=lambda member: member.path))
    if not 0 < len(files) <= MEMBERS_MAX:
        raise Invalid(f"An image is made of 1 to {MEMBERS_MAX:,} files, not {len(files):,}.", code="bad_bundle")
    _refuse_clashes(files)
    return ENCODER.encode(Bundle(files=files))


def read_manifest(content: bytes) -> Bundle:
    """The bundle, when the content is a manifest in its one form."""
    try:
        bundle = DECODER.decode(content)
        same = bundle.form == 1 and manifest_of(bundle.files) == content
    except (msgspec.DecodeError, Invalid):
        same = False
    if not same:
        raise Invalid("The list of the image's files is damaged; ask the administrator.", code="bad_bundle")
    return bundle


def is_bundle(sha256: str, folder: Path | None = None) -> bool:
    """Whether the kept content is a manifest."""
    try:
        return looks_like_manifest(path_of(sha256, folder))
    except FileNotFoundError:
        return False


def looks_like_manifest(path: Path) -> bool:
    """Such a file is never taken from anybody: it would open what others have uploaded, to whoever knows the hashes."""
    with path.open("rb") as file:
        return file.read(len(BEGINS)) == BEGINS


def bundle_of(sha256: str, folder: Path | None = None) -> Bundle | None:
    """The members of a kept image of many files; None for one that is a single file, or is not kept."""
    path = path_of(sha256, folder)
    if not is_bundle(sha256, folder) or path.stat().st_size > MANIFEST_MAX_BYTES:
        return None
    return read_manifest(path.read_bytes())


def parts_of(sha256: str, folder: Path | None = None) -> set[str]:
    """The hashes of everything that this image is kept as: its own, and those of its members."""
    bundle = bundle_of(sha256, folder)
    return {sha256} | ({member.sha256 for member in bundle.files} if bundle else set())


def checked_path(path: str) -> str:
    """A relative path in its normal form, or a refusal that says what is wrong with it."""
    parts = unicodedata.normalize("NFC", path).split("/")
    if len(parts) > DEEPEST or len(path.encode("utf-8", "surrogatepass")) > LONGEST_PATH:
        raise Invalid(f"The path {path[:80]}… is too long or too deep.", code="bad_filename")
    for part in parts:
        if checked_name(part) != part:
            raise Invalid(f"“{part}” begins or ends with a blank; rename the file.", code="bad_filename")
    return "/".join(parts)


def _checked(member: Member) -> Member:
    return msgspec.structs.replace(member, path=checked_path(member.path))


def _refuse_clashes(files: tuple[Member, ...]) -> None:
    """Two names that some file systems take for one; a file where another one needs a folder."""
    taken: dict[str, str] = {}
    for member in files:
        folded = unicodedata.normalize("NFC", member.path.casefold())
        if folded in taken:
            raise Invalid(f"“{member.path}” and “{taken[folded]}” differ in case only.", code="bad_bundle")
        taken[folded] = member.path
    for folded, path in taken.items():
        above = folded.split("/")[:-1]
        for depth in range(1, len(above) + 1):
            if "/".join(above[:depth]) in taken:
                raise Invalid(f"“{path}” lies in a folder that is a file as well.", code="bad_bundle")
