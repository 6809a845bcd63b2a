"""annotations/annotation_types: what may be marked, with which geometry, in which colour."""

from typing import Any

from django_filters import rest_framework as filters
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from exact.api import scope
from exact.api.filters import NumberRange, Texts, WholeNumber, WholeNumbers
from exact.api.people import asker
from exact.api.references import referred
from exact.api.resources import NUMBER_MAX, Ref, Resource, Rows
from exact.api.v1.restoring import Restoring
from exact.api.views import unchanged
from exact.api.wishes import wish
from exact.commands.annotation_types import (
    ChangeAnnotationType,
    CreateAnnotationType,
    RestoreAnnotationType,
    WithdrawAnnotationType,
)
from exact.domain.annotation_types import Style
from exact.projections.models import AnnotationTypeRow, ProductRow

PIXELS: dict[str, Any] = {"min_value": 1, "max_value": NUMBER_MAX, "required": False}
STYLE = Style.__struct_fields__


class AnnotationTypeResource(Resource):
    """An annotation type; its geometry and its product never change."""

    model = AnnotationTypeRow
    id = serializers.IntegerField(source="number", read_only=True)
    uuid = serializers.UUIDField(source="id", read_only=True)
    version = serializers.IntegerField(read_only=True)
    name = serializers.CharField()
    vector_type = serializers.IntegerField(min_value=1, max_value=NUMBER_MAX)
    color_code = serializers.CharField(required=False)
    node_count = serializers.IntegerField(min_value=0, max_value=NUMBER_MAX, required=False)
    default_width = serializers.IntegerField(**PIXELS)
    default_height = serializers.IntegerField(**PIXELS)
    sort_order = serializers.IntegerField(min_value=-NUMBER_MAX, max_value=NUMBER_MAX, required=False)
    closed = serializers.BooleanField(required=False)
    area_hit_test = serializers.BooleanField(required=False)
    multi_frame = serializers.BooleanField(required=False)
    enable_concealed = serializers.BooleanField(required=False)
    enable_blurred = serializers.BooleanField(required=False)
    product = Ref("product")
    withdrawn = serializers.BooleanField(read_only=True)
    expandable_fields = {"product": ("exact.api.v1.products.ProductResource", {})}

    @classmethod
    def listed(cls) -> Rows:
        return AnnotationTypeRow.objects.filter(withdrawn=False)


class AnnotationTypeFilter(filters.FilterSet):
    """The ancestor's filters."""

    id = WholeNumber("number")
    id__in = WholeNumbers("number")
    name = filters.CharFilter("name")
    name__contains = filters.CharFilter("name", "contains")
    name__in = Texts("name")
    vector_type = WholeNumber("vector_type")
    vector_type__lte = WholeNumber("vector_type", "lte")
    vector_type__gte = WholeNumber("vector_type", "gte")
    vector_type__in = WholeNumbers("vector_type")
    vector_type__range = NumberRange("vector_type")
    active = filters.BooleanFilter("withdrawn", exclude=True)
    product = WholeNumber("product__number")


class AnnotationTypes(Restoring):
    """Types are created, changed, withdrawn and restored."""

    serializer_class = AnnotationTypeResource
    filterset_class = AnnotationTypeFilter
    noun = "annotation type"
    restores, names = RestoreAnnotationType, "annotation_type_id"
    search_withdrawn = True

    def visible(self) -> Rows:
        """What is offered; with `active=false` what is not any more."""
        if "active" in self.request.query_params:
            return scope.mine(AnnotationTypeRow, asker(self.request))
        return super().visible()

    def create(self, request: Request) -> Response:
        """A new type of a product."""
        fields = self.checked()
        product = referred(request, ProductRow, fields.pop("product"), "product")
        return self.written(wish(request, CreateAnnotationType(product_id=product.id, **fields)), 201)

    def update(self, request: Request, pk: str) -> Response:
        """Another name, colour or default."""
        kind: Any = self.target(pk)
        fields = self.checked(partial=True)
        unchanged(fields, "vector_type", kind.vector_type, "the geometry of a type never changes.")
        unchanged(fields, "product", kind.product.number, "a type stays with its product.")
        style = {name: fields.get(name, getattr(kind, name)) for name in STYLE}
        return self.written(wish(request, ChangeAnnotationType(annotation_type_id=kind.id, **style)))

    partial_update = update

    def destroy(self, request: Request, pk: str) -> Response:
        """Withdraw it; what was drawn with it stays."""
        return self.gone(wish(request, WithdrawAnnotationType(annotation_type_id=self.target(pk).id)))
