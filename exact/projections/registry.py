"""The read models there are, in the order in which they are made."""

from typing import Any

from exact.projections.activity import Activity
from exact.projections.annotation_types import ANNOTATION_TYPES
from exact.projections.annotations import ANNOTATIONS
from exact.projections.base import Inline
from exact.projections.dataset_versions import DATASET_VERSIONS
from exact.projections.follow import Projection
from exact.projections.image_progress import ImageProgress
from exact.projections.image_sets import IMAGE_SETS
from exact.projections.images import IMAGES
from exact.projections.imports import IMPORT_IMAGES, IMPORTS
from exact.projections.products import PRODUCTS
from exact.projections.teams import TEAMS

INLINE: tuple[Inline, ...] = (
    TEAMS,
    PRODUCTS,
    ANNOTATION_TYPES,
    IMAGE_SETS,
    IMAGES,
    ANNOTATIONS,
    IMPORTS,
    IMPORT_IMAGES,
    DATASET_VERSIONS,
)
"""Written in the command's own transaction."""

INLINE_OF: dict[type[Any], Inline] = {inline.state: inline for inline in INLINE}
"""By the class of the noun's state."""

PROJECTIONS: tuple[Projection, ...] = (ImageProgress(), Activity())
"""Kept by the projector process, each with its own position."""
