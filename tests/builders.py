"""Builders: the smallest real things a test needs, made through the one door for change."""

import hashlib
import itertools
from typing import Any
from uuid import UUID

import msgspec

from exact.accounts.authentication import person_of
from exact.accounts.models import User
from exact.accounts.policy import Person
from exact.commands.annotation_types import CreateAnnotationType
from exact.commands.annotations import DrawAnnotation
from exact.commands.bus import Answer, dispatch
from exact.commands.image_sets import AttachProduct, CreateImageSet
from exact.commands.images import RegisterImage
from exact.commands.imports import UndoImport, finish_import, record_chunks, start_import
from exact.commands.products import CreateProduct
from exact.commands.teams import AddMember, FoundTeam
from exact.domain.identifiers import new_id
from exact.domain.images import Content
from exact.domain.imports import ImportedItem, Origin
from exact.domain.teams import Role
from exact.domain.vectors import Vector, VectorType

COUNT = itertools.count(1)
PASSWORD = "correct horse battery"


def a_user(name: str | None = None, **fields: Any) -> User:
    """Somebody who can sign in with PASSWORD."""
    return User.objects.create_user(name or f"person{next(COUNT)}", password=PASSWORD, **fields)


def someone(name: str | None = None) -> Person:
    """A person as the bus knows them."""
    return person_of(a_user(name))


class Workplace(msgspec.Struct, kw_only=True):
    """A team with one set, one image and one type of each geometry; ids of streams."""

    owner: Person
    team_id: UUID
    product_id: UUID
    image_set_id: UUID
    image_id: UUID
    image_number: int
    types: dict[VectorType, UUID]

    def member(self, role: Role) -> Person:
        """A new person with that role in the team."""
        person = someone()
        dispatch(AddMember(team_id=self.team_id, person_id=person.person_id, role=role), by=self.owner)
        return person

    def image(self, name: str = "slide.svs", **content: Any) -> Answer:
        """Another image of the set."""
        return register(self.image_set_id, self.owner, name, **content)

    def draw(self, vector: Vector | None = None, by: Person | None = None, **fields: Any) -> Answer:
        """An annotation on the image; a polygon unless a vector is given."""
        vector = vector or a_polygon()
        return dispatch(
            DrawAnnotation(
                image_id=fields.pop("image_id", self.image_id),
                annotation_type_id=self.types[vector.vector_type],
                vector=vector,
                **fields,
            ),
            by=by or self.owner,
        )


def an_import(place: Workplace, progress: str = "complete", count: int = 3, by: Person | None = None) -> UUID:
    """An import of so many triangles to the image: running, complete, or undone."""
    by, import_id = by or place.owner, new_id()
    kind = place.types[VectorType.POLYGON]
    items = [
        ImportedItem(line=line, annotation_type_id=kind, vector=a_polygon(10 + line)) for line in range(1, count + 1)
    ]
    start_import(import_id, place.image_set_id, Origin(source="a model"), rows=count, set_aside=0,
                 filename="cells.jsonl", sha256="ab" * 32, by=by)  # fmt: skip
    record_chunks(import_id, 1, [(place.image_id, items)], by=by)
    if progress != "running":
        finish_import(import_id, by=by)
    if progress == "undone":
        dispatch(UndoImport(import_id=import_id), by=by)
    return import_id


def a_workplace(owner: Person | None = None) -> Workplace:
    """Everything somebody needs to begin."""
    owner = owner or someone()
    count = next(COUNT)
    team = dispatch(FoundTeam(name=f"team {count}"), by=owner).id
    product = dispatch(CreateProduct(team_id=team, name=f"product {count}"), by=owner).id
    image_set = dispatch(CreateImageSet(team_id=team, name=f"set {count}"), by=owner).id
    dispatch(AttachProduct(image_set_id=image_set, product_id=product), by=owner)
    image = register(image_set, owner)
    return Workplace(
        owner=owner,
        team_id=team,
        product_id=product,
        image_set_id=image_set,
        image_id=image.id,
        image_number=image.number or 0,
        types={kind: a_type(product, owner, kind) for kind in VectorType},
    )


def a_type(product_id: UUID, owner: Person, vector_type: VectorType, **style: Any) -> UUID:
    """An annotation type of that geometry."""
    style = {"name": vector_type.name.lower(), **style}
    wish = CreateAnnotationType(product_id=product_id, vector_type=vector_type, **style)
    return dispatch(wish, by=owner).id


def register(image_set_id: UUID, owner: Person, name: str = "slide.svs", **content: Any) -> Answer:
    """An image of 2000 x 1000 pixels whose file nobody asks for."""
    sha256 = hashlib.sha256(f"{name}{next(COUNT)}".encode()).hexdigest()
    fields: dict[str, Any] = {
        "filename": name,
        "sha256": sha256,
        "size_bytes": 1000,
        "format": "openslide",
        "width": 2000,
        "height": 1000,
        "pixel_size_um": (0.25, 0.25, None),
        **content,
    }
    return dispatch(RegisterImage(image_set_id=image_set_id, name=name, content=Content(**fields)), by=owner)


def a_polygon(x: int = 10, y: int = 10, size: int = 50, **fields: Any) -> Vector:
    """A triangle; x, y and size in pixels."""
    points = (x, y, x + size, y, x, y + size)
    return Vector(vector_type=VectorType.POLYGON, points=tuple(100 * value for value in points), **fields)


def a_box(x: int = 10, y: int = 10, width: int = 50, height: int = 40, **fields: Any) -> Vector:
    """A box; all in pixels."""
    points = (x, y, x + width, y + height)
    return Vector(vector_type=VectorType.BOUNDING_BOX, points=tuple(100 * value for value in points), **fields)
