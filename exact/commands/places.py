"""Where an annotation may lie: the image, the types that its set offers, and the shapes that fit; looked up once."""

from collections.abc import Iterable
from uuid import UUID

import msgspec

from exact.accounts.permissions import Permission
from exact.accounts.policy import require
from exact.commands.bus import Context
from exact.domain.errors import Invalid, NotFound
from exact.domain.vectors import Vector, checked
from exact.projections.annotation_types import AnnotationTypeRow
from exact.projections.image_sets import ImageSetRow
from exact.projections.images import ImageRow


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """The image an annotation lies on, and the products whose types its set offers."""

    image: ImageRow
    product_ids: frozenset[UUID]

    def checked(self, vector: Vector | None, node_count: int) -> Vector | None:
        """The vector, when it fits on the image."""
        if vector is None:
            return None
        width, height, frames = self.size_of(vector.plane)
        return checked(vector, width=width, height=height, frames=frames, node_count=node_count)

    def size_of(self, plane: int) -> tuple[int, int, int]:
        """Width, height and frames of one plane."""
        planes = {size["plane"]: size for size in self.image.planes}
        if plane in planes:
            size = planes[plane]
            return size["width"], size["height"], size["frames"]
        if plane or planes:
            raise Invalid(f"The image has no plane {plane}.", code="vector_plane")
        return self.image.width, self.image.height, self.image.frames


def place_of(image_id: UUID, context: Context, permission: Permission) -> Place:
    """The image, when it is offered and the person may do this in its team."""
    image = _image(image_id, context)
    if image is None:
        raise NotFound("There is no such image, or it belongs to another team.", what="image")
    team_id = image.image_set.team_id
    context.notebook.once(("role", permission, team_id), lambda: require(context.person, permission, team_id))
    if image.withdrawn or image.image_set.withdrawn:
        raise NotFound("The image was withdrawn.", code="withdrawn")
    products = context.notebook.once(("products", image.image_set_id), lambda: _products(image.image_set))
    return Place(image=image, product_ids=products)


def teams_of(scope_ids: Iterable[UUID]) -> dict[UUID, UUID]:
    """The team that each scope is in: of an image, of a set, or the scope itself; in a few queries for all of them."""
    wanted = set(scope_ids)
    found = dict(ImageRow.objects.filter(id__in=wanted).values_list("id", "image_set__team_id"))
    found |= dict(ImageSetRow.objects.filter(id__in=wanted).values_list("id", "team_id"))
    return {scope_id: found.get(scope_id, scope_id) for scope_id in wanted}


def read_places(image_ids: Iterable[UUID], context: Context) -> None:
    """Look up many images in one query, before they are asked for one by one."""
    wanted = set(image_ids)
    found = ImageRow.objects.select_related("image_set").in_bulk(wanted)
    for image_id in wanted:
        context.notebook.once(("image", image_id), lambda one=image_id: found.get(one))  # type: ignore[misc]


def read_types(type_ids: Iterable[UUID], context: Context) -> None:
    """Look up many types in one query."""
    wanted = set(type_ids)
    found = AnnotationTypeRow.objects.in_bulk(wanted)
    for type_id in wanted:
        context.notebook.once(("type", type_id), lambda one=type_id: found.get(one))  # type: ignore[misc]


def fitting(
    vector: Vector | None, type_id: UUID, place: Place, context: Context, *, drawn_before: bool = False
) -> Vector | None:
    """The vector, when the type is offered on the set, has this geometry, and the shape lies on the image.

    What was drawn with a type that has been detached or withdrawn since may still be reshaped.
    """
    kind = context.notebook.once(("type", type_id), lambda: AnnotationTypeRow.objects.filter(id=type_id).first())
    offered = kind is not None and kind.product_id in place.product_ids and not kind.withdrawn
    if kind is None or not (offered or drawn_before):
        raise Invalid("This annotation type is not offered on the image set; attach its product to the set first.",
                      code="annotation_type_not_offered")  # fmt: skip
    if vector is not None and vector.vector_type != kind.vector_type:
        raise Invalid(f"The type “{kind.name}” has another geometry than this shape.", code="vector_type")
    return place.checked(vector, kind.node_count)


def _image(image_id: UUID, context: Context) -> ImageRow | None:
    return context.notebook.once(("image", image_id), lambda: _image_row(image_id))


def _image_row(image_id: UUID) -> ImageRow | None:
    return ImageRow.objects.select_related("image_set").filter(id=image_id).first()


def _products(image_set: ImageSetRow) -> frozenset[UUID]:
    return frozenset(image_set.products.values_list("id", flat=True))
