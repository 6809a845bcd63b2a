"""Examples that never change: one real fact of each kind, and short histories of annotations with what they lead to."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from exact.domain import annotation_types, annotations, dataset_versions, image_sets, images, imports, products, teams
from exact.domain.annotations import Annotation, Verdict
from exact.domain.facts import Claim, Fact, Stamp
from exact.domain.registry import fold
from exact.domain.streams import first
from exact.domain.vectors import Plane, Vector, VectorType

Stream = Any  # Any: the state of whatever noun it is
Step = Callable[[Annotation, Stamp], list[Fact]]
History = tuple[str, list[Fact]]


def an_id(number: int) -> UUID:
    """The same id for the same number, of version 7."""
    return UUID(int=0x018F_0000_0000_7000_8000_0000_0000_0000 + number)


ANNA, BEN, CEM = an_id(1), an_id(2), an_id(3)
TEAM, PRODUCT, IMAGE_SET, IMAGE, CELL, MITOSIS, ANNOTATION, DATASET = (an_id(10 + n) for n in range(8))
IMPORT = an_id(18)
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def a_stamp(second: int = 0, by: UUID = ANNA, **fields: Any) -> Stamp:
    """Who and when: so many seconds after everything began."""
    return Stamp(at=BEGAN + timedelta(seconds=second), by=by, **fields)


def a_box(x: int = 1000, y: int = 2000, **fields: Any) -> Vector:
    """A box of 30 x 40 pixels; x and y in 1/100 pixel."""
    return Vector(vector_type=VectorType.BOUNDING_BOX, points=(x, y, x + 3000, y + 4000), **fields)


def a_polygon(x: int = 1000) -> Vector:
    """A triangle on a slice of a volume; x in 1/100 pixel."""
    points = (x, 1000, x + 5050, 1000, x, 6025)
    return Vector(vector_type=VectorType.POLYGON, points=points, frame=4, plane=Plane.CORONAL)


def facts() -> dict[str, Fact]:
    """One of each kind, by its stored name."""
    return {type(fact).__name__: fact for life in lives() for fact in life}


def lives() -> list[list[Fact]]:
    """One stream after the other, each from its first fact on; together they hold every kind."""
    return [_of_team(), _of_product(), _of_type(), _of_set(), _of_image(), _of_annotation(), _of_cancelled_import(),
            _of_import(), _of_imported(), _of_dataset()]  # fmt: skip


def _lived(birth: Fact, *steps: Callable[[Stream, Stamp], list[Fact]]) -> list[Fact]:
    """A birth and what the steps decide one after the other, each a second later."""
    lived = [birth]
    for second, step in enumerate(steps, 1):
        lived += step(fold(None, lived), a_stamp(second, correlation_id=an_id(90), causation_id=an_id(91)))
    return lived


def _of_team() -> list[Fact]:
    return _lived(
        first(teams.TeamFounded, TEAM, a_stamp(), number=1, name="Pathology", owner_id=ANNA, owner_number=1),
        lambda team, stamp: team.rename("Neuropathology", stamp),
        lambda team, stamp: team.add(BEN, teams.Role.ANNOTATOR, 2, stamp),
        lambda team, stamp: team.change_role(BEN, teams.Role.VERIFIER, stamp),
        lambda team, stamp: team.remove(BEN, stamp),
        lambda team, stamp: team.dissolve("founded twice", stamp),
        lambda team, stamp: team.restore(stamp),
    )


def _of_product() -> list[Fact]:
    return _lived(
        first(products.ProductCreated, PRODUCT, a_stamp(), number=1, team_id=TEAM, name="Cells", description="H&E"),
        lambda product, stamp: product.change("Cells and figures", "H&E, 40x", stamp),
        lambda product, stamp: product.withdraw("replaced", stamp),
        lambda product, stamp: product.restore(stamp),
    )


def _of_type() -> list[Fact]:
    style = annotation_types.Style(name="mitosis", color_code="#D55E00", sort_order=2)
    changed = annotation_types.Style(name="mitotic figure", color_code="#D55E00", default_width=64, default_height=64)
    birth = first(
        annotation_types.AnnotationTypeCreated,
        MITOSIS,
        a_stamp(),
        number=2,
        product_id=PRODUCT,
        vector_type=VectorType.BOUNDING_BOX,
        style=style,
    )
    return _lived(
        birth,
        lambda kind, stamp: kind.change(changed, stamp),
        lambda kind, stamp: kind.withdraw("unused", stamp),
        lambda kind, stamp: kind.restore(stamp),
    )


def _of_set() -> list[Fact]:
    return _lived(
        first(image_sets.ImageSetCreated, IMAGE_SET, a_stamp(), number=1, team_id=TEAM, name="Study 7"),
        lambda found, stamp: found.describe("Study 7", "baseline, all centres", stamp),
        lambda found, stamp: found.attach(PRODUCT, stamp),
        lambda found, stamp: found.detach(PRODUCT, stamp),
        lambda found, stamp: found.withdraw("finished", stamp),
        lambda found, stamp: found.restore(stamp),
    )


def _of_image() -> list[Fact]:
    size = images.PlaneSize(plane=0, name="axial", width=256, height=256, frames=40, pixel_size_um=(500.0, 500.0))
    content = images.Content(
        filename="brain.nii.gz",
        sha256="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        size_bytes=1_234_567,
        format="volume",
        width=256,
        height=256,
        frames=40,
        default_frame=20,
        channels=1,
        pixel_size_um=(500.0, 500.0, 1500.0),
        planes=(size,),
        frame_names=("z = 0",),
    )
    return _lived(
        first(
            images.ImageRegistered, IMAGE, a_stamp(), number=1, image_set_id=IMAGE_SET, name="brain", content=content
        ),
        lambda image, stamp: image.rename("brain, baseline", stamp),
        lambda image, stamp: image.withdraw("wrong patient", stamp),
        lambda image, stamp: image.restore(stamp),
    )


def _of_annotation() -> list[Fact]:
    return _lived(
        drawn(a_polygon(), claim=Claim(author="SlideRunner: A. Person", time="2019-07-01 12:00:00")),
        lambda found, stamp: found.reshape(a_polygon(1500), stamp),
        lambda found, stamp: found.reclassify(MITOSIS, stamp),
        lambda found, stamp: found.describe("metaphase?", {"score": 0.75, "tags": ["a", "ü"]}, stamp),
        lambda found, stamp: found.verify(Verdict.REJECTED, found.version, 1, stamp),
        lambda found, stamp: found.withdraw_verification(ANNA, stamp),
        lambda found, stamp: found.remove("drawn twice", stamp),
        lambda found, stamp: found.restore(stamp),
    )


def _of_cancelled_import() -> list[Fact]:
    return _lived(_import_of(an_id(19)), lambda found, stamp: found.cancel("of another slide", stamp))


def _of_import() -> list[Fact]:
    return _lived(
        _import_of(IMPORT),
        lambda found, stamp: found.complete(2, 1, stamp),
        lambda found, stamp: found.undo(1, 1, stamp),
        lambda found, stamp: found.restore(1, 1, stamp),
    )


def _import_of(id: UUID) -> imports.ImportStarted:
    origin = imports.Origin(
        source="nuclei of batch 7", model="StarDist 2D", model_digest="sha256:ab12", parameters={"threshold": 0.5}
    )
    return imports.start(
        id, number=1, image_set_id=IMAGE_SET, origin=origin, filename="nuclei.jsonl", sha256="ef" * 32, rows=2,
        set_aside=1, stamp=a_stamp(),
    )  # fmt: skip


def _of_imported() -> list[Fact]:
    items = [
        imports.ImportedItem(line=1, annotation_type_id=CELL, vector=a_box()),
        imports.ImportedItem(line=3, annotation_type_id=MITOSIS, vector=a_polygon(), meta_data={"confidence": 0.75}),
    ]
    return _lived(
        imports.bring(None, IMPORT, IMAGE, items, [7, 8], a_stamp()),
        lambda found, stamp: [found.next(imports.ImportedAnnotationsShown, stamp, count=2)],
        lambda found, stamp: [found.next(imports.ImportedAnnotationsRemoved, stamp, removed=1, kept=1)],
        lambda found, stamp: [found.next(imports.ImportedAnnotationsRestored, stamp, restored=1, left=1)],
    )


def _of_dataset() -> list[Fact]:
    definition = dataset_versions.Definition(
        team_id=TEAM,
        name="Study 7",
        version=1,
        description="as submitted",
        position=41,
        image_set_ids=(IMAGE_SET,),
        images=(dataset_versions.FrozenImage(image_id=IMAGE, sha256="ab" * 32),),
        annotation_type_ids=(MITOSIS,),
        annotation_count=1,
        exporter_version="1",
        manifest_sha256="cd" * 32,
    )
    return _lived(
        first(dataset_versions.DatasetVersionFrozen, DATASET, a_stamp(), number=1, definition=definition),
        lambda version, stamp: version.withdraw("one image was of the wrong patient", stamp),
        lambda version, stamp: version.reinstate(stamp),
    )


def drawn(vector: Vector | None, number: int = 1, by: UUID = ANNA, **fields: Any) -> annotations.AnnotationDrawn:
    """The first fact of an annotation, `number` seconds after everything began."""
    return annotations.draw(
        id=an_id(100 + number),
        number=number,
        image_id=IMAGE,
        unique_identifier=an_id(200 + number),
        annotation_type_id=CELL,
        vector=vector,
        description=fields.pop("description", ""),
        meta_data=fields.pop("meta_data", None),
        stamp=a_stamp(number, by, **fields),
    )


def _after(birth: Fact, *steps: tuple[UUID, Step]) -> list[Fact]:
    """A birth and what different people do then, ten seconds apart."""
    lived = [birth]
    for count, (person, step) in enumerate(steps, 1):
        lived += step(fold(None, lived), a_stamp(10 * count, person))
    return lived


def _verify(verdict: Verdict, number: int) -> Step:
    return lambda found, stamp: found.verify(verdict, found.version, number, stamp)


ACCEPT, REJECT = _verify(Verdict.ACCEPTED, 1), _verify(Verdict.REJECTED, 2)
REMOVE: Step = lambda found, stamp: found.remove("twice", stamp)  # noqa: E731 - a step among steps
RESTORE: Step = lambda found, stamp: found.restore(stamp)  # noqa: E731
WITHDRAW: Step = lambda found, stamp: found.withdraw_verification(CEM, stamp)  # noqa: E731
RESHAPE: Step = lambda found, stamp: found.reshape(a_box(5000), stamp)  # noqa: E731
RECLASSIFY: Step = lambda found, stamp: found.reclassify(MITOSIS, stamp)  # noqa: E731
DESCRIBE: Step = lambda found, stamp: found.describe("large", {"score": 1}, stamp)  # noqa: E731
CLEAR: Step = lambda found, stamp: found.describe("", None, stamp)  # noqa: E731
NOT_IN_IMAGE: Step = lambda found, stamp: found.reshape(None, stamp)  # noqa: E731


def histories() -> list[History]:
    """What can happen to annotations, each with a name; facts in position order."""
    box = drawn(a_box())
    return [
        ("drawn", [box]),
        ("drawn with everything", [drawn(a_polygon(), description="large", meta_data={"score": 0.5})]),
        ("not in the image", [drawn(None)]),
        ("reshaped", _after(box, (BEN, RESHAPE))),
        ("reshaped to nothing", _after(box, (BEN, NOT_IN_IMAGE))),
        ("reclassified", _after(box, (BEN, RECLASSIFY))),
        ("described, then not any more", _after(box, (BEN, DESCRIBE), (ANNA, CLEAR))),
        ("removed", _after(box, (BEN, REMOVE))),
        ("removed and restored", _after(box, (BEN, REMOVE), (CEM, RESTORE))),
        ("accepted", _after(box, (BEN, ACCEPT))),
        ("accepted and rejected by two people", _after(box, (BEN, ACCEPT), (CEM, REJECT))),
        ("the rejection withdrawn", _after(box, (BEN, ACCEPT), (CEM, REJECT), (CEM, WITHDRAW))),
        ("the rejection withdrawn by somebody else", _after(box, (BEN, ACCEPT), (CEM, REJECT), (BEN, WITHDRAW))),
        ("the same person changes the verdict", _after(box, (BEN, ACCEPT), (BEN, REJECT))),
        ("edited after a verdict", _after(box, (BEN, ACCEPT), (ANNA, RESHAPE))),
        ("edited after a verdict and verified again", _after(box, (BEN, REJECT), (ANNA, RESHAPE), (BEN, ACCEPT))),
        ("described after a verdict", _after(box, (BEN, ACCEPT), (ANNA, DESCRIBE))),
        ("removed and restored after a verdict", _after(box, (BEN, ACCEPT), (ANNA, REMOVE), (ANNA, RESTORE))),
        ("two that take turns", _interleaved()),
    ]


def _interleaved() -> list[Fact]:
    one = _after(drawn(a_box(), 1), (BEN, RESHAPE), (BEN, ACCEPT))
    other = _after(drawn(a_polygon(), 2, CEM), (BEN, REJECT), (CEM, REMOVE))
    return [fact for pair in zip(one, other, strict=True) for fact in pair]
