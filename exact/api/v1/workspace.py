"""Everything the viewer needs to know of an image before the annotations: sizes, types, people, rights, neighbours."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from exact.accounts.colours import colour_of
from exact.accounts.models import User, users_by_person
from exact.api.people import asker
from exact.api.v1.me import me, rights
from exact.domain.annotation_types import Style
from exact.projections.models import AnnotationRow, AnnotationTypeRow, ImageRow, MemberRow, VerificationRow
from exact.projections.teams import role_of

PROTOCOL = 1
ERASED = "somebody"
STYLE = [name for name in Style.__struct_fields__ if not name.startswith("enable_")]


class Workspace:
    """The action of images that opens the viewer."""

    @extend_schema(responses=OpenApiTypes.OBJECT)
    @action(detail=True)
    def workspace(self, request: Request, pk: str) -> Response:
        """The image, its set and team, what may be drawn, who is there, what I may do."""
        rows = self.get_queryset().select_related("image_set__team")  # type: ignore[attr-defined]
        image: ImageRow = self.found(rows, pk)  # type: ignore[attr-defined]
        team, person = image.image_set.team, asker(request)
        role = role_of(person.person_id, team.id)
        return Response(
            {
                "image": shown_image(image),
                "image_set": named(image.image_set),
                "team": named(team),
                **rights(str(role)),
                "annotation_types": shown_types(offered(image)),
                "other_types": shown_types(drawn_before(image)),
                "people": shown_people(image),
                "me": me(person),
                "siblings": list(image.image_set.images.filter(withdrawn=False).values("number", "name")),
                "protocol": PROTOCOL,
            }
        )


def named(row: Any) -> dict[str, Any]:
    """A thing by its stream, its number and its name."""
    return {"id": row.id, "number": row.number, "name": row.name}


def shown_image(image: ImageRow) -> dict[str, Any]:
    """Sizes in pixels, pixel sizes in µm."""
    plain = ("width", "height", "frames", "default_frame", "format", "objective_power")
    return {
        **named(image),
        **{name: getattr(image, name) for name in plain},
        "frame_names": image.frame_names or None,
        "pixel_size_um": [image.pixel_size_x_um, image.pixel_size_y_um, image.pixel_size_z_um],
        "planes": image.planes or [only_plane(image)],
    }


def only_plane(image: ImageRow) -> dict[str, Any]:
    """A flat image seen as one plane."""
    sizes = {name: getattr(image, name) for name in ("width", "height", "frames")}
    return {"plane": 0, "name": "axial", **sizes, "pixel_size_um": [image.pixel_size_x_um, image.pixel_size_y_um]}


def offered(image: ImageRow) -> QuerySet[AnnotationTypeRow]:
    """What may be drawn."""
    return AnnotationTypeRow.objects.filter(product__image_sets=image.image_set_id, withdrawn=False)


def drawn_before(image: ImageRow) -> QuerySet[AnnotationTypeRow]:
    """What was drawn with types that are not offered any more."""
    used = AnnotationTypeRow.objects.filter(id__in=image.annotations.order_by().values("annotation_type_id"))
    return used.exclude(id__in=offered(image).values("id"))


def shown_types(rows: QuerySet[AnnotationTypeRow]) -> list[dict[str, Any]]:
    """In the order of the palette."""
    return [shown_type(row) for row in rows.select_related("product").order_by("sort_order", "number")]


def shown_type(row: AnnotationTypeRow) -> dict[str, Any]:
    """One entry of the palette."""
    style = {name: getattr(row, name) for name in STYLE}
    product = {"product_id": row.product_id, "product_name": row.product.name}
    return {"id": row.id, "number": row.number, "vector_type": row.vector_type, **style, **product}


def shown_people(image: ImageRow) -> list[dict[str, Any]]:
    """The members of the team, and whoever left a mark on the image."""
    drawn = AnnotationRow.objects.filter(image=image)
    ids = {
        *MemberRow.objects.filter(team=image.image_set.team_id).values_list("person_id", flat=True),
        *drawn.order_by().values_list("created_by", flat=True).distinct(),
        *drawn.order_by().values_list("edited_by", flat=True).distinct(),
        *VerificationRow.objects.filter(annotation__image=image).order_by().values_list("person_id", flat=True),
    }
    users = users_by_person(ids)
    people = [shown_person(person_id, users.get(person_id)) for person_id in ids]
    return sorted(people, key=lambda person: (person["name"], str(person["person_id"])))


def shown_person(person_id: UUID, user: User | None) -> dict[str, Any]:
    """A person by name and colour."""
    return {"person_id": person_id, "name": user.shown_name if user else ERASED, "colour": colour_of(person_id)}
