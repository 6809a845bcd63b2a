"""images/images: slides, pictures and volumes of my teams; POST is an upload (uploads.py), pixels.py shows them."""

from typing import Any

from django.db.models import Count, Exists, F, FloatField, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from exact.api.filters import Between, NumberRange, Texts, Time, TimeRange, WholeNumber, WholeNumbers
from exact.api.parsers import Form, Json, Untouched
from exact.api.resources import Fixed, NaiveTime, Nothing, Numbers, Person, Ref, Resource, Rows, belonging
from exact.api.scope import OFFERED
from exact.api.v1.history import HistoryOfImage
from exact.api.v1.image_annotations import AnnotationsOf
from exact.api.v1.metadata import Described
from exact.api.v1.pixels import Pixels
from exact.api.v1.restoring import Restoring
from exact.api.v1.uploads import taken
from exact.api.v1.users import PersonShown
from exact.api.v1.workspace import Workspace
from exact.api.views import unchanged
from exact.api.wishes import refuse_version, wish
from exact.commands.images import RenameImage, RestoreImage, WithdrawImage
from exact.projections.models import AnnotationRow, ImageRow

FRAME_TYPE_Z_STACK = 0


@extend_schema_field({"type": "array", "items": {"type": "object"}})
class FrameLabels(serializers.ReadOnlyField):
    """The frames' labels as the ancestor expands them."""

    def to_representation(self, value: list[str]) -> list[dict[str, Any]]:
        return [
            {"frame_id": index, "description": name, "frame_type": FRAME_TYPE_Z_STACK}
            for index, name in enumerate(value)
        ]


@extend_schema_field({"type": "array", "items": {"type": "number", "nullable": True}})
class PixelSize(serializers.ReadOnlyField):
    """[x, y, z] in µm, null where unknown."""

    def get_attribute(self, instance: ImageRow) -> list[float | None]:
        return [instance.pixel_size_x_um, instance.pixel_size_y_um, instance.pixel_size_z_um]


@extend_schema_field(OpenApiTypes.DOUBLE)
class MicrometresPerPixel(serializers.ReadOnlyField):
    """The ancestor's one number: the mean of x and y, 0 where unknown."""

    def get_attribute(self, instance: ImageRow) -> float:
        known = [size for size in (instance.pixel_size_x_um, instance.pixel_size_y_um) if size]
        return sum(known) / len(known) if known else 0.0


class ImageResource(Resource):
    """An image; only its name can be written."""

    model = ImageRow
    id = serializers.IntegerField(source="number", read_only=True)
    uuid = serializers.UUIDField(source="id", read_only=True)
    version = serializers.IntegerField(read_only=True)
    name = serializers.CharField()
    filename = serializers.CharField(read_only=True)
    time = NaiveTime(source="registered_at")
    uploaded_by = Person(source="registered_by")
    width = serializers.IntegerField(read_only=True)
    height = serializers.IntegerField(read_only=True)
    depth = Fixed(1)
    frames = serializers.IntegerField(read_only=True)
    channels = serializers.IntegerField(read_only=True)
    mpp = MicrometresPerPixel()
    objectivePower = serializers.SerializerMethodField()  # noqa: N815 - the ancestor's name
    FrameDescriptions = Nothing()
    defaultFrame = serializers.IntegerField(source="default_frame", read_only=True)  # noqa: N815 - the ancestor's name
    image_type = Fixed(0)
    image_set = Ref("image_set", required=False)
    annotations = Numbers(belonging(AnnotationRow.objects.all, "image"), read_only=True)
    format = serializers.CharField(read_only=True)
    size_bytes = serializers.IntegerField(read_only=True)
    sha256 = serializers.CharField(read_only=True)
    pixel_size_um = PixelSize()
    planes = serializers.JSONField(read_only=True)
    expandable_fields = {
        "image_set": ("exact.api.v1.image_sets.ImageSetResource", {}),
        "annotations": ("exact.api.v1.annotations.AnnotationResource", {"many": True}),
        "FrameDescriptions": (FrameLabels, {"source": "frame_names"}),
        "uploaded_by": (PersonShown, {"source": "registered_by"}),
    }

    @classmethod
    def listed(cls) -> Rows:
        return ImageRow.objects.filter(OFFERED[ImageRow])

    def get_objectivePower(self, image: ImageRow) -> float:  # noqa: N802 - see above
        """1 where unknown, as the ancestor has it."""
        return image.objective_power or 1.0


def annotations_of(**which: Any) -> Rows:
    """The annotations of the outer image that were not removed."""
    return AnnotationRow.objects.filter(image=OuterRef("pk"), removed=False, **which)


class ImageFilter(filters.FilterSet):
    """The ancestor's filters."""

    id = WholeNumber("number")
    id__in = WholeNumbers("number")
    name = filters.CharFilter("name")
    name__contains = filters.CharFilter("name", "contains")
    name__in = Texts("name")
    filename = filters.CharFilter("filename")
    filename__contains = filters.CharFilter("filename", "contains")
    filename__in = Texts("filename")
    time = Time("registered_at")
    time__range = TimeRange("registered_at")
    mpp = filters.NumberFilter(method="with_mpp")
    mpp__range = NumberRange(method="with_mpp_range")
    objectivePower = filters.NumberFilter("objective_power")  # noqa: N815 - the ancestor's name
    objectivePower__range = NumberRange("objective_power")  # noqa: N815
    defaultFrame = WholeNumber("default_frame")  # noqa: N815
    defaultFrame__range = NumberRange("default_frame")  # noqa: N815
    width = WholeNumber("width")
    width__range = NumberRange("width")
    height = WholeNumber("height")
    height__range = NumberRange("height")
    image_set = WholeNumber("image_set__number")
    annotation_type = WholeNumber(method="with_type")
    num_annotations = Between(method="with_count")
    verified = filters.BooleanFilter(method="with_verified")

    def with_mpp(self, rows: Rows, _name: str, value: Any) -> Rows:
        """Exactly this mean pixel size."""
        return self.with_mpp_range(rows, _name, (value, value))

    def with_mpp_range(self, rows: Rows, _name: str, ends: Any) -> Rows:
        """A mean pixel size between two, in µm."""
        known = (F("pixel_size_x_um") + F("pixel_size_y_um")) / 2
        mean = Coalesce(known, "pixel_size_x_um", 0.0, output_field=FloatField())
        found: Rows = rows.alias(mean_um=mean).filter(mean_um__range=(float(ends[0]), float(ends[1])))
        return found

    def with_type(self, rows: Rows, _name: str, number: int) -> Rows:
        """Images on which something of this type is drawn."""
        return rows.filter(Exists(annotations_of(annotation_type__number=number, annotation_type__withdrawn=False)))

    def with_count(self, rows: Rows, _name: str, ends: slice) -> Rows:
        """Images with at least and at most so many annotations."""
        counted = annotations_of().order_by().values("image").values(how_many=Count("pk"))
        rows = rows.alias(how_many=Coalesce(Subquery(counted), 0))
        if ends.start is not None:
            rows = rows.filter(how_many__gte=ends.start)
        return rows if ends.stop is None else rows.filter(how_many__lte=ends.stop)

    def with_verified(self, rows: Rows, _name: str, wanted: bool) -> Rows:
        """Images with something accepted on them, or the others."""
        accepted = Exists(annotations_of(status="accepted"))
        return rows.filter(accepted if wanted else ~accepted)


class Images(Pixels, Described, Workspace, AnnotationsOf, HistoryOfImage, Restoring):
    """Images are uploaded, renamed, withdrawn, restored and looked at."""

    serializer_class = ImageResource
    filterset_class = ImageFilter
    noun = "image"
    restores, names = RestoreImage, "image_id"
    parser_classes = [Json, Form, Untouched]

    def create(self, request: Request) -> Response:
        """Upload files into `image_set`; 200 with a page of the new images, as the ancestor answers."""
        refuse_version(request)
        upload = taken(request)
        resource = self.resource()
        results = resource.shown(list(resource.fetched(ImageRow.objects.filter(id__in=upload.image_ids))))
        page = {"count": len(results), "next": None, "previous": None, "results": results, "errors": upload.errors}
        page["passed_over"] = upload.passed_over
        return Response(page, headers=upload.headers)

    def update(self, request: Request, pk: str) -> Response:
        """Another name; what the file says of itself cannot be changed."""
        image: Any = self.target(pk)
        fields = self.checked(partial=True)
        unchanged(fields, "image_set", image.image_set.number, "an image stays in its set.")
        return self.written(wish(request, RenameImage(image_id=image.id, name=fields.get("name", image.name))))

    partial_update = update

    def destroy(self, request: Request, pk: str) -> Response:
        """Withdraw the image; its facts and its frozen versions stay."""
        return self.gone(wish(request, WithdrawImage(image_id=self.target(pk).id)))
