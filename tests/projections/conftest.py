"""A random life of a whole site, the same for the same seed."""

import random
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from exact.commands.annotation_types import ChangeAnnotationType, RestoreAnnotationType, WithdrawAnnotationType
from exact.commands.annotations import (
    DescribeAnnotation,
    EditAnnotation,
    ReclassifyAnnotation,
    RemoveAnnotation,
    ReshapeAnnotation,
    RestoreAnnotation,
    VerifyAnnotation,
    WithdrawVerification,
)
from exact.commands.bus import Command, dispatch
from exact.commands.dataset_versions import FreezeDataset, ReinstateDatasetVersion, WithdrawDatasetVersion
from exact.commands.image_sets import AttachProduct, DescribeImageSet, DetachProduct, RestoreImageSet, WithdrawImageSet
from exact.commands.images import RenameImage, RestoreImage, WithdrawImage
from exact.commands.imports import (
    CancelImport,
    RestoreImport,
    UndoImport,
    finish_import,
    record_chunks,
    start_import,
)
from exact.commands.products import ChangeProduct, CreateProduct, RestoreProduct, WithdrawProduct
from exact.commands.teams import ChangeRole, DissolveTeam, FoundTeam, RemoveMember, RenameTeam, RestoreTeam
from exact.domain.annotations import Verdict
from exact.domain.dataset_versions import Definition, FrozenImage
from exact.domain.errors import Refusal
from exact.domain.identifiers import new_id
from exact.domain.imports import ImportedItem, Origin
from exact.domain.teams import Role
from exact.domain.vectors import VectorType
from exact.eventstore.log import head
from exact.projections.annotations import AnnotationRow
from tests.builders import Workplace, a_box, a_polygon, a_type, a_workplace

ROLES = (Role.ADMIN, Role.ANNOTATOR, Role.VERIFIER)


class Life:
    """People who do what comes into their heads; what is refused did not happen."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.place: Workplace = a_workplace()
        self.people = [self.place.owner, *(self.place.member(role) for role in ROLES)]
        self.annotations = [self.place.draw().id for _ in range(4)]
        self.images = [self.place.image_id, self.place.image("other.svs").id]
        self.granted = 0

    def go_on(self, steps: int) -> None:
        """So many wishes."""
        for _ in range(steps):
            wish = self.chance.choice(self.wishes())
            try:
                wish()
            except Refusal:
                continue
            self.granted += 1

    def wishes(self) -> list[Callable[[], Any]]:
        """Mostly about annotations."""
        return [*[self.draw] * 4, *[self.edit] * 12, self.manage]

    def ask(self, command: Command, **options: Any) -> Any:
        """By anybody."""
        return dispatch(command, by=self.chance.choice(self.people), **options)

    def draw(self) -> None:
        """On any of the images."""
        vector = self.vector()
        drawn = self.place.draw(vector, image_id=self.chance.choice(self.images), by=self.chance.choice(self.people))
        self.annotations.append(drawn.id)

    def vector(self) -> Any:
        """A triangle or a box anywhere."""
        make = self.chance.choice([a_polygon, a_box])
        return make(self.chance.randrange(1500), self.chance.randrange(800))

    def edit(self) -> None:
        """Anything that can happen to an annotation."""
        found, type_id = self.chance.choice(self.annotations), self.chance.choice(list(self.place.types.values()))
        text = self.chance.choice(["", "large", "small"])
        self.ask(
            self.chance.choice(
                [
                    ReshapeAnnotation(annotation_id=found, vector=self.vector()),
                    ReshapeAnnotation(annotation_id=found, vector=None),
                    ReclassifyAnnotation(annotation_id=found, annotation_type_id=type_id),
                    DescribeAnnotation(annotation_id=found, description=text, meta_data={"x": [1, 2.5, None]}),
                    RemoveAnnotation(annotation_id=found),
                    RestoreAnnotation(annotation_id=found),
                    RestoreAnnotation(annotation_id=found),
                    EditAnnotation(annotation_id=found, vector=self.vector(), description=text, removed=False),
                    VerifyAnnotation(annotation_id=found, verdict=Verdict.ACCEPTED),
                    VerifyAnnotation(annotation_id=found, verdict=Verdict.REJECTED),
                    WithdrawVerification(annotation_id=found),
                ]
            )
        )

    def manage(self) -> None:
        """Anything else, by the owner."""
        place, number = self.place, self.chance.randrange(1000)
        person = self.chance.choice(self.people[1:]).person_id
        dispatch(
            self.chance.choice(
                [
                    RenameTeam(team_id=place.team_id, name=f"team named {number}"),
                    ChangeRole(team_id=place.team_id, person_id=person, role=self.chance.choice(ROLES)),
                    DescribeImageSet(image_set_id=place.image_set_id, name=f"set {number}", description="d"),
                    ChangeProduct(product_id=place.product_id, name=f"product {number}", description="d"),
                    ChangeAnnotationType(
                        annotation_type_id=place.types[VectorType.LINE], name=f"line {number}", color_code="#123456"
                    ),
                    RenameImage(image_id=self.chance.choice(self.images), name=f"image {number}"),
                ]
            ),
            by=place.owner,
        )

    def wind_up(self) -> None:
        """One of each wish that chance may have left out, and of each that ends something, on things of their own."""
        place, owner = self.place, self.place.owner
        product = dispatch(CreateProduct(team_id=place.team_id, name="unused"), by=owner).id
        kind = a_type(product, owner, VectorType.LINE)
        twin = a_type(place.product_id, owner, VectorType.POLYGON, name="another polygon")
        drawn, critic = place.draw().id, self.people[2].person_id
        self.annotations.append(drawn)
        for command in (
            ReclassifyAnnotation(annotation_id=drawn, annotation_type_id=twin),
            VerifyAnnotation(annotation_id=drawn, verdict=Verdict.ACCEPTED),
            WithdrawVerification(annotation_id=drawn),
            DescribeAnnotation(annotation_id=drawn, description="large"),
            ReshapeAnnotation(annotation_id=drawn, vector=a_polygon(77)),
            RemoveAnnotation(annotation_id=drawn),
            RestoreAnnotation(annotation_id=drawn),
            *self.imports(),
            ChangeRole(team_id=place.team_id, person_id=critic, role=Role.VIEWER),
            RenameTeam(team_id=place.team_id, name="renamed"),
            RenameImage(image_id=place.image_id, name="renamed"),
            DescribeImageSet(image_set_id=place.image_set_id, name="described", description="d"),
            ChangeProduct(product_id=place.product_id, name="changed", description="d"),
            ChangeAnnotationType(annotation_type_id=kind, name="changed"),
            AttachProduct(image_set_id=place.image_set_id, product_id=product),
            DetachProduct(image_set_id=place.image_set_id, product_id=product),
            RemoveMember(team_id=place.team_id, person_id=self.people[-1].person_id),
            *self.endings(kind, product),
        ):
            dispatch(command, by=owner)

    def endings(self, kind: UUID, product: UUID) -> list[Command]:
        """Everything that can end does, is brought back, and ends again; a version and a team stay."""
        image_id, set_id, version = (
            self.place.image("bad.svs").id,
            a_workplace(self.place.owner).image_set_id,
            self.freeze(),
        )
        team_id = dispatch(FoundTeam(name="nobody's"), by=self.place.owner).id
        pairs: list[tuple[Command, Command]] = [
            (
                WithdrawAnnotationType(annotation_type_id=kind, reason="unused"),
                RestoreAnnotationType(annotation_type_id=kind),
            ),
            (WithdrawProduct(product_id=product, reason="unused"), RestoreProduct(product_id=product)),
            (WithdrawImage(image_id=image_id, reason="blurred"), RestoreImage(image_id=image_id)),
            (WithdrawImageSet(image_set_id=set_id, reason="finished"), RestoreImageSet(image_set_id=set_id)),
        ]
        return [
            *(command for end, back in pairs for command in (end, back, end)),
            WithdrawDatasetVersion(dataset_version_id=version, reason="wrong"),
            ReinstateDatasetVersion(dataset_version_id=version),
            DissolveTeam(team_id=team_id),
            RestoreTeam(team_id=team_id),
        ]

    def imports(self) -> list[Command]:
        """Two are brought, and three boxes with each; one is to be undone and restored, the other to be cancelled."""
        kind, ids = self.place.types[VectorType.BOUNDING_BOX], [new_id(), new_id()]
        for import_id in ids:
            items = [ImportedItem(line=n, annotation_type_id=kind, vector=a_box(10 * n)) for n in (1, 2, 3)]
            start_import(import_id, self.place.image_set_id, Origin(), rows=3, set_aside=0, filename="boxes.jsonl",
                         sha256="ef" * 32, by=self.place.owner)  # fmt: skip
            record_chunks(import_id, 1, [(self.place.image_id, items)], by=self.place.owner)
        finish_import(ids[0], by=self.place.owner)
        rows = AnnotationRow.objects.filter(image_id=self.place.image_id).order_by("-number")[:3]
        self.annotations += [row.id for row in rows]
        touched = VerifyAnnotation(annotation_id=self.annotations[-1], verdict=Verdict.REJECTED)
        return [touched, UndoImport(import_id=ids[0]), RestoreImport(import_id=ids[0]), CancelImport(import_id=ids[1])]

    def freeze(self) -> Any:
        """A dataset version of everything."""
        definition = Definition(
            team_id=self.place.team_id,
            name="all",
            version=1,
            description="",
            position=head(),
            image_set_ids=(self.place.image_set_id,),
            images=tuple(FrozenImage(image_id=image, sha256="ab" * 32) for image in self.images),
            annotation_type_ids=tuple(self.place.types.values()),
            annotation_count=len(self.annotations),
            exporter_version="1",
            manifest_sha256="cd" * 32,
        )
        return dispatch(FreezeDataset(definition=definition), by=self.place.owner).id


@pytest.fixture
def life() -> Life:
    """Forty wishes, and at least one of each kind."""
    lived = Life(7)
    lived.go_on(40)
    lived.wind_up()
    return lived
