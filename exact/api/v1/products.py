"""administration/products: a team's named groups of annotation types."""

from typing import Any

from django.db import transaction
from django_filters import rest_framework as filters
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from exact.api.filters import WholeNumber
from exact.api.references import referred, referred_all
from exact.api.resources import Fixed, Numbers, Ref, Resource, Rows, belonging
from exact.api.scope import OFFERED
from exact.api.v1.restoring import Restoring
from exact.api.views import unchanged
from exact.api.wishes import wish
from exact.commands.bus import Answer
from exact.commands.image_sets import AttachProduct, DetachProduct
from exact.commands.products import ChangeProduct, CreateProduct, RestoreProduct, WithdrawProduct
from exact.projections.models import AnnotationTypeRow, ImageSetRow, ProductRow, TeamRow


def types_offered() -> Rows:
    """The annotation types that were not withdrawn."""
    return AnnotationTypeRow.objects.filter(withdrawn=False)


class ProductResource(Resource):
    """A product; `annotationtype_set` is accepted and ignored when written, `imagesets` attaches and detaches."""

    model = ProductRow
    id = serializers.IntegerField(source="number", read_only=True)
    uuid = serializers.UUIDField(source="id", read_only=True)
    version = serializers.IntegerField(read_only=True)
    name = serializers.CharField()
    description = serializers.CharField(required=False, allow_blank=True, allow_null=True)
    team = Ref("team")
    creator = Fixed()
    withdrawn = serializers.BooleanField(read_only=True)
    imagesets = Numbers(belonging(lambda: ImageSetRow.objects.filter(OFFERED[ImageSetRow]), "products"))
    annotationtype_set = Numbers(belonging(types_offered, "product"), read_only=True)
    expandable_fields = {
        "team": ("exact.api.v1.teams.TeamResource", {}),
        "imagesets": ("exact.api.v1.image_sets.ImageSetResource", {"many": True, "source": "image_sets"}),
        "annotationtype_set": (
            "exact.api.v1.annotation_types.AnnotationTypeResource",
            {"many": True, "source": "annotation_types"},
        ),
    }

    @classmethod
    def listed(cls) -> Rows:
        return ProductRow.objects.filter(OFFERED[ProductRow])


class ProductFilter(filters.FilterSet):
    """The ancestor's filters."""

    id = WholeNumber("number")
    name = filters.CharFilter("name")
    name__contains = filters.CharFilter("name", "contains")
    description = filters.CharFilter("description")
    description__contains = filters.CharFilter("description", "contains")
    team = WholeNumber("team__number")
    imagesets = WholeNumber("image_sets__number")
    annotationtype = WholeNumber("annotation_types__number")


class Products(Restoring):
    """Products are created, changed, attached to image sets, withdrawn and restored."""

    serializer_class = ProductResource
    filterset_class = ProductFilter
    noun = "product"
    restores, names = RestoreProduct, "product_id"
    search_withdrawn = True

    @transaction.atomic
    def create(self, request: Request) -> Response:
        """A new product, attached to image sets at once."""
        fields = self.checked()
        team = referred(request, TeamRow, fields["team"], "team")
        image_sets = self.image_sets(fields)
        wished = CreateProduct(team_id=team.id, name=fields["name"], description=fields.get("description") or "")
        answer = wish(request, wished)
        self.attach(answer, image_sets or [])
        return self.written(answer, 201)

    @transaction.atomic
    def update(self, request: Request, pk: str) -> Response:
        """Another name, description or other image sets."""
        product: Any = self.target(pk)
        fields = self.checked(partial=True)
        unchanged(fields, "team", product.team.number, "a product stays with its team.")
        image_sets = self.image_sets(fields)
        answer = self.changed(product, fields)
        if image_sets is not None:
            self.attach(answer, image_sets)
            self.detach_others(answer, image_sets)
        return self.written(answer)

    partial_update = update

    def destroy(self, request: Request, pk: str) -> Response:
        """Withdraw it; what was drawn with its types stays."""
        return self.gone(wish(request, WithdrawProduct(product_id=self.target(pk).id)))

    def changed(self, product: ProductRow, fields: dict[str, Any]) -> Answer:
        """Name and description as sent, else as they are."""
        description = fields.get("description", product.description) or ""
        wished = ChangeProduct(product_id=product.id, name=fields.get("name", product.name), description=description)
        return wish(self.request, wished)

    def image_sets(self, fields: dict[str, Any]) -> list[ImageSetRow] | None:
        """The sets that the body names; None when it names none."""
        if "imagesets" not in fields:
            return None
        return list(referred_all(self.request, ImageSetRow, fields["imagesets"], "imagesets").values())

    def attach(self, product: Answer, image_sets: list[ImageSetRow]) -> None:
        """Attach it to each; If-Match spoke of the product, not of the sets."""
        for image_set in image_sets:
            wished = AttachProduct(image_set_id=image_set.id, product_id=product.id)
            wish(self.request, wished, part=f":attach:{image_set.number}", any_version=True)

    def detach_others(self, product: Answer, kept: list[ImageSetRow]) -> None:
        """Detach it from all others."""
        others = ImageSetRow.objects.filter(products=product.id, withdrawn=False)
        for image_set in others.exclude(id__in=[image_set.id for image_set in kept]):
            wished = DetachProduct(image_set_id=image_set.id, product_id=product.id)
            wish(self.request, wished, part=f":detach:{image_set.number}", any_version=True)
