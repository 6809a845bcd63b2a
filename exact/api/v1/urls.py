"""Every route of version 1 on one page."""

from django.urls import re_path
from drf_spectacular.views import SpectacularAPIView

from exact.api import schema  # noqa: F401 - registers itself
from exact.api.routers import EitherSlash
from exact.api.unknown import unknown
from exact.api.v1.activity import ActivityList
from exact.api.v1.annotation_types import AnnotationTypes
from exact.api.v1.annotations import Annotations
from exact.api.v1.audit import Checkpoints, ConsistencyProof, InclusionProof, Keys, NewestCheckpoint
from exact.api.v1.cache import Cache, CacheClear, CacheLift
from exact.api.v1.commands import Batches, Commands
from exact.api.v1.dataset_versions import DatasetVersions
from exact.api.v1.deliveries import Deliveries
from exact.api.v1.exports import Exports, Formats
from exact.api.v1.image_sets import ImageSets
from exact.api.v1.images import Images
from exact.api.v1.imports import Imports
from exact.api.v1.me import Me
from exact.api.v1.products import Products
from exact.api.v1.team_membership import Memberships
from exact.api.v1.teams import Teams
from exact.api.v1.users import Users
from exact.api.v1.verifications import Verifications

router = EitherSlash()
router.register("users/users", Users, "user")
router.register("users/teams", Teams, "team")
router.register("users/team_membership", Memberships, "membership")
router.register("images/image_sets", ImageSets, "image-set")
router.register("images/images", Images, "image")
router.register("administration/products", Products, "product")
router.register("annotations/annotation_types", AnnotationTypes, "annotation-type")
router.register("annotations/annotations", Annotations, "annotation")
router.register("images/deliveries", Deliveries, "delivery")
router.register("annotations/imports", Imports, "import")
router.register("annotations/verifications", Verifications, "verification")
router.register("datasets/versions", DatasetVersions, "dataset-version")
router.register("datasets/exports", Exports, "export")

urlpatterns = [
    re_path(r"^me/?$", Me.as_view(), name="me"),
    re_path(r"^commands/?$", Commands.as_view(), name="commands"),
    re_path(r"^commands/batch/?$", Batches.as_view(), name="batch"),
    re_path(r"^audit/checkpoint/?$", NewestCheckpoint.as_view(), name="checkpoint"),
    re_path(r"^audit/checkpoints/?$", Checkpoints.as_view(), name="checkpoints"),
    re_path(r"^audit/keys/?$", Keys.as_view(), name="seal-keys"),
    re_path(r"^audit/inclusion/?$", InclusionProof.as_view(), name="inclusion"),
    re_path(r"^audit/consistency/?$", ConsistencyProof.as_view(), name="consistency"),
    re_path(r"^activity/?$", ActivityList.as_view(), name="activity"),
    re_path(r"^cache/?$", Cache.as_view(), name="cache"),
    re_path(r"^cache/clear/?$", CacheClear.as_view(), name="cache-clear"),
    re_path(r"^cache/lift/?$", CacheLift.as_view(), name="cache-lift"),
    re_path(r"^datasets/formats/?$", Formats.as_view(), name="formats"),
    re_path(r"^openapi/?$", SpectacularAPIView.as_view(), name="openapi"),
    *router.urls,
    re_path(r"^.*$", unknown),
]
