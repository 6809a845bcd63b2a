"""Images of many files, kept as an upload keeps them."""

import hashlib

from django.conf import settings

from exact.storage.bundles import Member, manifest_of
from exact.storage.originals import keep


def digest(content: bytes) -> str:
    """The content's hash."""
    return hashlib.sha256(content).hexdigest()


def members(files: dict[str, bytes]) -> list[Member]:
    """As the manifest names them."""
    return [Member(path=path, sha256=digest(content), size=len(content)) for path, content in files.items()]


def a_bundle(files: dict[str, bytes]) -> str:
    """The hash of a kept image of these files."""
    manifest = manifest_of(members(files))
    settings.UPLOADS.mkdir(parents=True, exist_ok=True)
    for content in [*files.values(), manifest]:
        (settings.UPLOADS / "arrived").write_bytes(content)
        keep(settings.UPLOADS / "arrived", digest(content))
    return digest(manifest)
