"""images/image_sets: a team's collections of images, and the products whose types are used on them."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django_filters import rest_framework as filters
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from exact.api.filters import Texts, WholeNumber, WholeNumbers
from exact.api.references import referred, referred_all
from exact.api.resources import Fixed, Nothing, Numbers, Ref, Resource, Rows, belonging
from exact.api.scope import OFFERED
from exact.api.v1.history import HistoryOfImageSet
from exact.api.v1.progress import ProgressOf
from exact.api.v1.restoring import Restoring
from exact.api.views import unchanged
from exact.api.wishes import wish
from exact.commands.bus import Answer
from exact.commands.image_sets import (
    AttachProduct,
    CreateImageSet,
    DescribeImageSet,
    DetachProduct,
    RestoreImageSet,
    WithdrawImageSet,
)
from exact.projections.models import ImageRow, ImageSetRow, ProductRow, TeamRow


class ImageSetResource(Resource):
    """An image set; `images` is accepted and ignored when written."""

    model = ImageSetRow
    id = serializers.IntegerField(source="number", read_only=True)
    uuid = serializers.UUIDField(source="id", read_only=True)
    version = serializers.IntegerField(read_only=True)
    name = serializers.CharField()
    description = serializers.CharField(required=False, allow_blank=True, allow_null=True)
    team = Ref("team")
    images = Numbers(belonging(lambda: ImageRow.objects.filter(OFFERED[ImageRow]), "image_set"), read_only=True)
    product_set = Numbers(belonging(lambda: ProductRow.objects.filter(OFFERED[ProductRow]), "image_sets"))
    path = Fixed()
    location = Fixed()
    creator = Fixed()
    main_annotation_type = Fixed()
    set_tags = Nothing()
    collaboration_type = Fixed(0)
    expandable_fields = {
        "team": ("exact.api.v1.teams.TeamResource", {}),
        "images": ("exact.api.v1.images.ImageResource", {"many": True}),
        "product_set": ("exact.api.v1.products.ProductResource", {"many": True, "source": "products"}),
    }

    @classmethod
    def listed(cls) -> Rows:
        return ImageSetRow.objects.filter(OFFERED[ImageSetRow])


class ImageSetFilter(filters.FilterSet):
    """The ancestor's filters."""

    id = WholeNumber("number")
    id__in = WholeNumbers("number")
    name = filters.CharFilter("name")
    name__contains = filters.CharFilter("name", "contains")
    name__in = Texts("name")
    description = filters.CharFilter("description")
    description__contains = filters.CharFilter("description", "contains")
    team = WholeNumber("team__number")
    images = WholeNumber("images__number")
    product = WholeNumber("products__number")


class ImageSets(ProgressOf, HistoryOfImageSet, Restoring):
    """Sets are created, described, given products, withdrawn and restored."""

    serializer_class = ImageSetResource
    filterset_class = ImageSetFilter
    noun = "image set"
    restores, names = RestoreImageSet, "image_set_id"

    @transaction.atomic
    def create(self, request: Request) -> Response:
        """A new, empty set, with products at once."""
        fields = self.checked()
        team = referred(request, TeamRow, fields["team"], "team")
        products = self.products(fields)
        wished = CreateImageSet(team_id=team.id, name=fields["name"], description=fields.get("description") or "")
        answer = wish(request, wished)
        return self.written(self.attached(answer, products or []), 201)

    @transaction.atomic
    def update(self, request: Request, pk: str) -> Response:
        """Another name, description or other products."""
        image_set: Any = self.target(pk)
        fields = self.checked(partial=True)
        unchanged(fields, "team", image_set.team.number, "an image set stays with its team.")
        products = self.products(fields)
        answer = self.described(image_set, fields)
        if products is not None:
            answer = self.detached(self.attached(answer, products), products)
        return self.written(answer)

    partial_update = update

    def destroy(self, request: Request, pk: str) -> Response:
        """Withdraw the set; its facts and its dataset versions stay."""
        return self.gone(wish(request, WithdrawImageSet(image_set_id=self.target(pk).id)))

    def described(self, image_set: ImageSetRow, fields: dict[str, Any]) -> Answer:
        """Name and description as sent, else as they are."""
        description = fields.get("description", image_set.description) or ""
        name = fields.get("name", image_set.name)
        wished = DescribeImageSet(image_set_id=image_set.id, name=name, description=description)
        return wish(self.request, wished)

    def products(self, fields: dict[str, Any]) -> list[ProductRow] | None:
        """The products that the body names, in its order; None when it names none."""
        if "product_set" not in fields:
            return None
        return list(referred_all(self.request, ProductRow, fields["product_set"], "product_set").values())

    def attached(self, answer: Answer, products: Iterable[ProductRow]) -> Answer:
        """Attach each; one that is there already changes nothing."""
        for product in products:
            wished = AttachProduct(image_set_id=answer.id, product_id=product.id)
            answer = wish(self.request, wished, part=f":attach:{product.number}", after=answer)
        return answer

    def detached(self, answer: Answer, kept: Iterable[ProductRow]) -> Answer:
        """Detach all others."""
        others = ProductRow.objects.filter(image_sets=answer.id).exclude(id__in=[product.id for product in kept])
        for product in others:
            wished = DetachProduct(image_set_id=answer.id, product_id=product.id)
            answer = wish(self.request, wished, part=f":detach:{product.number}", after=answer)
        return answer
