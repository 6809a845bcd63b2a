"""Django's view of the read models' tables; each lives in the file of its noun."""

from exact.projections.activity import ActivityPlace, ActivityRow
from exact.projections.annotation_types import AnnotationTypeRow
from exact.projections.annotations import AnnotationRow, VerificationRow
from exact.projections.dataset_versions import DatasetVersionRow
from exact.projections.image_progress import ImageProgressItem, ImageProgressRow
from exact.projections.image_sets import ImageSetProductRow, ImageSetRow
from exact.projections.images import ImageRow
from exact.projections.imports import ImportImageRow, ImportRow
from exact.projections.products import ProductRow
from exact.projections.teams import MemberRow, TeamRow

__all__ = [
    "ActivityPlace",
    "ActivityRow",
    "AnnotationRow",
    "AnnotationTypeRow",
    "DatasetVersionRow",
    "ImageProgressItem",
    "ImageProgressRow",
    "ImageRow",
    "ImageSetProductRow",
    "ImageSetRow",
    "ImportImageRow",
    "ImportRow",
    "MemberRow",
    "ProductRow",
    "TeamRow",
    "VerificationRow",
]
