"""How what was done to each noun is taken back: the rights it needs, and what must not have been built on it."""

from exact.accounts.permissions import Permission
from exact.commands.undoing.annotation_types import ANNOTATION_TYPES
from exact.commands.undoing.annotations import ANNOTATIONS
from exact.commands.undoing.base import Undoing
from exact.commands.undoing.dataset_versions import DATASET_VERSIONS
from exact.commands.undoing.image_sets import IMAGE_SETS
from exact.commands.undoing.images import IMAGES
from exact.commands.undoing.imports import IMPORTS
from exact.commands.undoing.products import PRODUCTS
from exact.commands.undoing.teams import TEAMS
from exact.domain.facts import Fact

NOUNS = (TEAMS, PRODUCTS, ANNOTATION_TYPES, IMAGE_SETS, IMAGES, ANNOTATIONS, IMPORTS, DATASET_VERSIONS)
UNDOING: dict[type[Fact], Undoing] = {kind: noun for noun in NOUNS for kind in noun.needs}
NEEDS: dict[type[Fact], Permission] = {kind: need for noun in NOUNS for kind, need in noun.needs.items()}
"""The right that taking a fact back needs in its team: that of the wish which would do the same."""
