"""The manifest of a dataset version: what it holds, by hash, in RFC 8785 bytes."""

import hashlib
from typing import Any

import msgspec
import rfc8785

from exact.domain.annotation_types import AnnotationType
from exact.domain.annotations import Annotation
from exact.domain.dataset_versions import Definition
from exact.domain.images import Image
from exact.exchange.document import ImageAnnotations

EXPORTER = "exact-exporter/1"
"""Goes up when the bytes of an export change; a frozen version remembers its own."""


def digest(manifest: dict[str, Any]) -> str:  # Any: JSON
    """SHA-256 of the manifest's canonical bytes."""
    return hashlib.sha256(rfc8785.dumps(manifest)).hexdigest()


def image_entry(shown: ImageAnnotations) -> dict[str, Any]:  # Any: JSON
    """One image: its file's hash and the hash of every annotation on it."""
    image: Image = shown.image
    return {
        "id": str(image.id),
        "name": image.name,
        "sha256": image.content.sha256,
        "annotation_count": len(shown.annotations),
        "annotations_sha256": annotations_digest(shown.annotations),
    }


def annotations_digest(annotations: list[Annotation]) -> str:
    """SHA-256 over the annotations' canonical JSON, a line each, in the order of their numbers."""
    total = hashlib.sha256()
    for annotation in annotations:
        total.update(rfc8785.dumps(msgspec.to_builtins(annotation)) + b"\n")
    return total.hexdigest()


def type_entry(kind: AnnotationType) -> dict[str, Any]:  # Any: JSON
    """One annotation type."""
    return {
        "id": str(kind.id),
        "name": kind.style.name,
        "color_code": kind.style.color_code,
        "vector_type": kind.vector_type.value,
    }


def manifest(definition: Definition, images: list[dict[str, Any]], kinds: list[AnnotationType]) -> dict[str, Any]:
    """What was frozen, without the hash of itself. Lists are in the order of the definition."""
    return {
        "format": "exact-manifest/1",
        "exporter": definition.exporter_version,
        "team_id": str(definition.team_id),
        "name": definition.name,
        "version": definition.version,
        "description": definition.description,
        "position": definition.position,
        "image_sets": [str(image_set_id) for image_set_id in definition.image_set_ids],
        "images": images,
        "annotation_types": [type_entry(kind) for kind in kinds],
        "annotation_count": definition.annotation_count,
    }
