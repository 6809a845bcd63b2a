"""`manage.py up --demo`: a team with a generated slide, a generated volume and some hundreds of annotations.

Everything goes through the command bus with fixed keys: cut off in the middle, the next `--demo` goes on where it was.
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from uuid import UUID

import shapely
from django.conf import settings

from exact.accounts.authentication import person_of
from exact.accounts.models import User
from exact.accounts.policy import Person
from exact.commands.annotation_types import CreateAnnotationType
from exact.commands.annotations import DrawAnnotation, VerifyAnnotation
from exact.commands.bus import Answer, Command, dispatch
from exact.commands.image_sets import AttachProduct, CreateImageSet
from exact.commands.products import CreateProduct
from exact.commands.teams import FoundTeam
from exact.datasets.freezing import Freeze, freeze
from exact.domain.annotations import Verdict
from exact.domain.identifiers import derived_id
from exact.domain.vectors import UNITS_PER_PIXEL, Vector, VectorType
from exact.ingest.arrivals import Arrived, Group
from exact.ingest.registering import register, together
from exact.operations.demo_slide import Nucleus, write_demo_slide
from exact.operations.demo_volume import write_demo_volume
from exact.operations.errors import CannotRun
from exact.projections.annotations import AnnotationRow
from exact.storage.uploads import receiving

SLIDE_PX = 20_000
NUCLEI, MITOSES, REGIONS, VERIFIED = 320, 24, 12, 120
"""How many of each are drawn, and how many of the nuclei are accepted."""
CHUNK_BYTES = 2**20
TYPES: tuple[tuple[str, str, VectorType, str], ...] = (
    ("Histology", "Nucleus", VectorType.ELLIPSE, "#0072B2"),
    ("Histology", "Mitotic figure", VectorType.FIXED_SIZE_BOUNDING_BOX, "#D55E00"),
    ("Histology", "Dense region", VectorType.POLYGON, "#009E73"),
    ("Histology", "Distance", VectorType.LINE, "#CC79A7"),
    ("Head", "Lesion", VectorType.ELLIPSE, "#E69F00"),
    ("Head", "Landmark", VectorType.BOUNDING_BOX, "#56B4E9"),
)
"""Product, name, geometry, colour (Okabe and Ito's, which the colour-blind tell apart)."""
LESION_PX, LESION_RADII_PX, LESION_FRAMES = (109.5, 99.5), (13.0, 11.0), (31.5, 14 / 3)
"""Where `demo_volume` puts it, as the axial plane shows it: middle and radii across, and along the frames."""
Say = Callable[[str], None]


def make_demo(say: Say) -> None:
    """Once; a second call finds the last annotation and does nothing."""
    demo = Demo(first_administrator())
    if AnnotationRow.objects.filter(unique_identifier=demo.own_id("last")).exists():
        say("The demonstration is there already")
        return
    image_set_id, types = demo.room()
    say("Demonstration: painting a slide of 20,000 x 20,000 pixels (half a minute)")
    with tempfile.TemporaryDirectory(dir=settings.UPLOADS) as folder:
        nuclei = write_demo_slide(Path(folder) / "slide.tif", SLIDE_PX, SLIDE_PX)
        slide_id = demo.image(Path(folder) / "slide.tif", "Generated slide", image_set_id)
        write_demo_volume(Path(folder) / "head.nii.gz")
        volume_id = demo.image(Path(folder) / "head.nii.gz", "Generated head", image_set_id)
    say("Demonstration: drawing")
    demo.draw_slide(slide_id, types, nuclei)
    demo.draw_volume(volume_id, types)
    demo.freeze(image_set_id)
    say(f"Demonstration: {AnnotationRow.objects.filter(image_id__in=(slide_id, volume_id)).count()} annotations")


def first_administrator() -> Person:
    """Whose team it becomes."""
    user = User.objects.filter(is_superuser=True, is_active=True).order_by("id").first()
    if user is None:
        raise CannotRun("The demonstration needs an administrator: --demo --admin NAME:PASSWORD")
    return person_of(user)


class Demo:
    """The wishes of one person, each under a key of its own."""

    def __init__(self, by: Person) -> None:
        self.by = by

    def own_id(self, name: str) -> UUID:
        """The same for the same thing, however often it is asked for."""
        return derived_id("demo", self.by.person_id, name)

    def wish(self, key: str, command: Command) -> Answer:
        """Granted once."""
        return dispatch(command, by=self.by, key=f"demo {key}")

    def freeze(self, image_set_id: UUID) -> None:
        """demo@1, for the README's second demonstration."""
        wish = Freeze(name="demo", image_set_ids=(image_set_id,), description="As the demonstration was made.")
        freeze(wish, by=self.by, key="demo freeze")

    def room(self) -> tuple[UUID, dict[str, UUID]]:
        """Team, image set, products; the set and the types by name."""
        team_id = self.wish("team", FoundTeam(name="Demonstration")).id
        image_set = CreateImageSet(team_id=team_id, name="Generated images", description="Made by code, of nobody.")
        image_set_id = self.wish("set", image_set).id
        products = {}
        for name in dict.fromkeys(product for product, *_ in TYPES):
            products[name] = self.wish(f"product {name}", CreateProduct(team_id=team_id, name=name)).id
            self.wish(f"attach {name}", AttachProduct(image_set_id=image_set_id, product_id=products[name]))
        return image_set_id, {name: self._type(order, products) for order, (_, name, *_) in enumerate(TYPES)}

    def _type(self, order: int, products: dict[str, UUID]) -> UUID:
        product, name, vector_type, colour = TYPES[order]
        wanted = CreateAnnotationType(
            product_id=products[product], name=name, vector_type=vector_type, color_code=colour, sort_order=order
        )
        return self.wish(f"type {name}", wanted).id

    def image(self, path: Path, name: str, image_set_id: UUID) -> UUID:
        """Goes the way of an upload: received, looked into, kept, registered."""
        with receiving(chunks(path), path.name) as upload:
            arrived = Arrived(upload.filename, upload.path, upload.sha256, upload.size_bytes)
            with together(Group(upload.filename, {upload.filename: arrived})) as image:
                granting = partial(self.wish, f"image {path.name}")
                return register(image, image_set_id, granting, name=name).id

    def draw(self, key: str, image_id: UUID, type_id: UUID, vector: Vector) -> UUID:
        """One annotation."""
        wanted = DrawAnnotation(
            image_id=image_id, annotation_type_id=type_id, vector=vector, unique_identifier=self.own_id(key)
        )
        return self.wish(f"draw {key}", wanted).id

    def draw_slide(self, image_id: UUID, types: dict[str, UUID], nuclei: Sequence[Nucleus]) -> None:
        """Nuclei, some of them accepted; some cells in division; dense regions; a distance."""
        for index, nucleus in enumerate(nuclei[:NUCLEI]):
            annotation_id = self.draw(f"nucleus {index}", image_id, types["Nucleus"], around(nucleus))
            if index < VERIFIED:
                verdict = Verdict.REJECTED if index % 20 == 19 else Verdict.ACCEPTED
                self.wish(f"verify {index}", VerifyAnnotation(annotation_id=annotation_id, verdict=verdict))
        for index, (x, y, _) in enumerate(nuclei[NUCLEI : NUCLEI + MITOSES]):
            self.draw(f"mitosis {index}", image_id, types["Mitotic figure"], fixed_box(x, y))
        for index, hull in enumerate(hulls(nuclei)):
            self.draw(f"region {index}", image_id, types["Dense region"], hull)
        (x1, y1, _), (x2, y2, _) = nuclei[0], nuclei[-1]
        self.draw("distance", image_id, types["Distance"], vector_of(VectorType.LINE, x1, y1, x2, y2))

    def draw_volume(self, image_id: UUID, types: dict[str, UUID]) -> None:
        """The lesion, slice by slice; the last one tells that the demonstration is complete."""
        for frame, vector in lesion():
            self.draw(f"lesion {frame}", image_id, types["Lesion"], vector)
        eyes = vector_of(VectorType.BOUNDING_BOX, 36, 0, 124, 28, frame=16)
        self.draw("last", image_id, types["Landmark"], eyes)


def chunks(path: Path) -> Iterator[bytes]:
    """The file, a piece at a time."""
    with path.open("rb") as file:
        while piece := file.read(CHUNK_BYTES):
            yield piece


def vector_of(vector_type: VectorType, *coordinates_px: float, frame: int | None = None) -> Vector:
    """From pixels."""
    points = tuple(round(value * UNITS_PER_PIXEL) for value in coordinates_px)
    return Vector(vector_type=vector_type, points=points, frame=frame)


def around(nucleus: Nucleus) -> Vector:
    """An ellipse that holds the nucleus."""
    x, y, radius = nucleus
    return vector_of(VectorType.ELLIPSE, x - radius, y - radius, x + radius, y + radius)


def fixed_box(x: int, y: int, side_px: int = 50) -> Vector:
    """As large as mitotic figures are marked."""
    half = side_px / 2
    return vector_of(VectorType.FIXED_SIZE_BOUNDING_BOX, x - half, y - half, x + half, y + half)


def hulls(nuclei: Sequence[Nucleus]) -> list[Vector]:
    """Polygons around some nuclei and their nearest neighbours."""
    points = [shapely.Point(x, y) for x, y, _ in nuclei]
    vectors = []
    for seed in points[:: len(points) // REGIONS][:REGIONS]:
        nearest = sorted(points, key=seed.distance)[:8]
        outline = shapely.MultiPoint(nearest).convex_hull.buffer(60, quad_segs=2).exterior.coords[:-1]
        vectors.append(vector_of(VectorType.POLYGON, *(value for point in outline for value in point)))
    return vectors


def lesion() -> Iterator[tuple[int, Vector]]:
    """Its outline in each axial frame that it reaches."""
    (x, y), (radius_x, radius_y), (middle, reach) = LESION_PX, LESION_RADII_PX, LESION_FRAMES
    for frame in range(round(middle - reach), round(middle + reach) + 1):
        part = max(0.0, 1 - ((frame - middle) / reach) ** 2) ** 0.5
        if part > 0.2:
            across, along = radius_x * part, radius_y * part
            yield frame, vector_of(VectorType.ELLIPSE, x - across, y - along, x + across, y + along, frame=frame)
