"""What an image set offers to an import: its images and annotation types by number, UUID or name; in four queries."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Generic, TypeVar
from uuid import UUID

from exact.commands.places import Place
from exact.domain.errors import Invalid
from exact.projections.annotation_types import AnnotationTypeRow
from exact.projections.image_sets import ImageSetRow
from exact.projections.images import ImageRow

T = TypeVar("T")
IMAGE_COLUMNS = ("number", "name", "filename", "image_set", "width", "height", "frames", "planes")
Named = tuple[int, UUID, Iterable[str], T]


class Lookup(Generic[T]):
    """Things by public number, UUID or name; `what` is their word in refusals."""

    def __init__(self, what: str, things: Iterable[Named[T]]) -> None:
        self.what = what
        self.by_number: dict[int, T] = {}
        self.by_word: defaultdict[str, list[T]] = defaultdict(list)
        for number, id_, names, thing in things:
            self.by_number[number] = thing
            for word in {str(id_), *names}:
                self.by_word[word].append(thing)

    def find(self, wanted: int | str) -> T:
        """The one thing that a row names, or a refusal that says whether there is none or more than one."""
        if isinstance(wanted, int):
            found = self.by_number.get(wanted)
        else:
            several = self.by_word.get(wanted) or self.by_word.get(wanted.lower(), [])
            if len(several) > 1:
                raise Invalid(f"The set has {len(several)} {self.what}s called “{shortened(wanted)}”; use the number.",
                              code=f"{self._word}_ambiguous")  # fmt: skip
            found = several[0] if several else None
        if found is None:
            raise Invalid(f"The set has no {self.what} “{shortened(wanted)}”.", code=f"{self._word}_unknown")
        return found

    @property
    def _word(self) -> str:
        return self.what.replace(" ", "_")


def shortened(wanted: int | str) -> str:
    """A name as a sentence can hold it."""
    return str(wanted) if len(str(wanted)) <= 80 else f"{str(wanted)[:79]}…"


class Catalogue:
    """The offered images and types of one set, as they are when the checking begins."""

    def __init__(self, image_set_id: UUID) -> None:
        image_set = ImageSetRow.objects.get(id=image_set_id)
        products = frozenset(image_set.products.filter(withdrawn=False).values_list("id", flat=True))
        images = ImageRow.objects.filter(image_set=image_set, withdrawn=False).only(*IMAGE_COLUMNS)
        kinds = AnnotationTypeRow.objects.filter(product__in=products, withdrawn=False)
        self.images: Lookup[Place] = Lookup("image", (named_image(row, products) for row in images.iterator()))
        self.types: Lookup[AnnotationTypeRow] = Lookup(
            "annotation type", ((row.number, row.id, [row.name], row) for row in kinds)
        )


def named_image(row: ImageRow, products: frozenset[UUID]) -> Named[Place]:
    """An image under all its names."""
    return row.number, row.id, {row.name, row.filename}, Place(image=row, product_ids=products)
