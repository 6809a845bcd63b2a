"""Live equals reload: what a page had, and the messages it heard, is what it would fetch, after every command."""

from functools import partial
from operator import attrgetter
from uuid import uuid4

import msgspec
import pytest
from channels.db import database_sync_to_async

from exact.api.v1.image_annotations import now
from exact.commands import annotations as one
from exact.commands import image_sets, images
from exact.commands import selections as many
from exact.commands.batches import Batch, batch
from exact.commands.bus import COMMANDS, dispatch
from exact.commands.undo import Undo
from exact.domain.annotation_fold import AnnotationFold
from exact.domain.annotations import Verdict
from exact.domain.identifiers import annotation_stream
from exact.domain.registry import FACTS, fold
from exact.domain.vectors import VectorType
from exact.eventstore.mapper import decode
from exact.projections.annotations import shown
from exact.projections.image_sets import IMAGE_SETS, ImageSetProductRow, ImageSetRow
from exact.projections.images import IMAGES, ImageRow
from tests.builders import a_polygon, a_type
from tests.live.conversation import Page, prepared

pytestmark = pytest.mark.django_db(transaction=True)

NAMED = uuid4()


def wishes(place, tumour):
    """Every wish about annotations and images, in an order in which each changes something; each is sent its answer."""
    image, polygon = place.image_id, place.types[VectorType.POLYGON]
    drawn = annotation_stream(image, NAMED)
    both = {"image_id": image, "annotation_type_id": polygon}
    mine, whole = {"annotation_id": drawn}, {"image_id": image}
    yield one.DrawAnnotation(**both, vector=a_polygon(), unique_identifier=NAMED)
    yield one.DrawAnnotation(**both, vector=a_polygon(300), unique_identifier=NAMED)
    reshaped = yield one.ReshapeAnnotation(**mine, vector=a_polygon(90))
    yield one.ReclassifyAnnotation(**mine, annotation_type_id=tumour)
    yield one.DescribeAnnotation(**mine, description="large", meta_data={"score": 1})
    yield Undo(command_id=reshaped.command_id)
    yield one.VerifyAnnotation(**mine, verdict=Verdict.REJECTED)
    yield one.WithdrawVerification(**mine)
    edited = yield one.EditAnnotation(
        **mine, annotation_type_id=polygon, vector=a_polygon(20), description="small", removed=True
    )
    undone = yield Undo(command_id=edited.command_id)
    yield Undo(command_id=undone.command_id)
    yield one.RestoreAnnotation(**mine)
    yield one.RemoveAnnotation(**mine)
    yield one.RestoreAnnotation(**mine)
    several = yield batch([one.DrawAnnotation(**both, vector=a_polygon(n)) for n in (10, 200)]
              + [one.VerifyAnnotation(**mine, verdict=Verdict.ACCEPTED), one.RemoveAnnotation(**mine),
                 images.RenameImage(**whole, name="in a batch")])  # fmt: skip
    undone = yield Undo(command_id=several.command_id)
    yield Undo(command_id=undone.command_id)
    yield many.VerifyAnnotations(**whole, verdict=Verdict.ACCEPTED)
    yield many.ReclassifyAnnotations(**whole, annotation_type_id=tumour)
    removed = yield many.RemoveAnnotations(**whole, where=many.Where(region=(0, 0, 10_000, 100_000)))
    yield many.RestoreAnnotations(**whole)
    yield many.RemoveAnnotations(**whole)
    yield Undo(command_id=removed.command_id)
    yield images.RenameImage(**whole, name="renamed")
    withdrawn = yield images.WithdrawImage(**whole)
    yield images.RestoreImage(**whole)
    withdrawn = yield images.WithdrawImage(**whole)
    undone = yield Undo(command_id=withdrawn.command_id)
    yield Undo(command_id=undone.command_id)


def wishes_about_sets(place):
    """The same for the page of an image set."""
    mine, product = {"image_set_id": place.image_set_id}, {"product_id": place.product_id}
    for wish in (
        image_sets.DescribeImageSet(**mine, name="another", description="d"),
        image_sets.DetachProduct(**mine, **product),
        image_sets.AttachProduct(**mine, **product),
        image_sets.WithdrawImageSet(**mine),
        image_sets.RestoreImageSet(**mine),
    ):
        done = yield wish
        if not isinstance(wish, image_sets.RestoreImageSet):
            undone = yield Undo(command_id=done.command_id)
            yield Undo(command_id=undone.command_id)


def as_json(value):
    return msgspec.json.decode(msgspec.json.encode(value))


@database_sync_to_async
def fetched(image_id):
    """What a fresh page would load."""
    return as_json({"image": ImageRow.objects.values().get(id=image_id), "annotations": listed(now(image_id)[1])})


@database_sync_to_async
def fetched_set(image_set_id):
    """What a fresh page of a set would load."""
    products = ImageSetProductRow.objects.filter(image_set=image_set_id).values_list("product_id", flat=True)
    return as_json({"set": ImageSetRow.objects.values().get(id=image_set_id), "products": sorted(products)})


def listed(rows):
    return sorted(rows, key=lambda row: str(row["id"]))


class Folded:
    """What a page makes of the facts that it hears."""

    def __init__(self):
        self.annotations, self.own, self.taken = AnnotationFold(), None, 0

    def take(self, facts):
        """Everything that was heard since."""
        for fact in facts[self.taken :]:
            known = decode(fact["name"], FACTS[fact["name"]].SCHEMA, msgspec.json.encode(fact["data"]))
            if not self.annotations.take(known):
                self.own = fold(self.own, [known])
        self.taken = len(facts)

    @property
    def image(self):
        states = listed([shown(state) for state in self.annotations.states.values()])
        return as_json({"image": IMAGES.row_of(self.own), "annotations": states})

    @property
    def image_set(self):
        return as_json({"set": IMAGE_SETS.row_of(self.own), "products": sorted(self.own.product_ids)})


async def compared(page, wanted, place, heard, fetch):
    """The equation after every wish; answers which wishes there were."""
    folded, answer, asked = Folded(), None, []
    await page.open()
    try:
        while True:
            wish = wanted.send(answer)
            before = folded.taken
            answer = await database_sync_to_async(dispatch)(wish, by=place.owner)
            await page.facts_upto(answer.position)
            folded.take(page.facts)
            assert heard(folded) == await fetch(), wish
            assert folded.taken > before, f"{wish} changed nothing"
            assert not answer.details.get("left"), wish
            asked.append(type(wish))
    except StopIteration:
        await page.close()
        return asked


async def test_after_every_command_a_page_has_what_it_would_fetch():
    place, user = await prepared()
    tumour = await database_sync_to_async(a_type)(place.product_id, place.owner, VectorType.POLYGON, name="tumour")
    page = Page(place.image_number, user)
    wanted, fetch = wishes(place, tumour), partial(fetched, place.image_id)
    asked = await compared(page, wanted, place, attrgetter("image"), fetch)
    modules = {kind.__module__ for kind in (one.DrawAnnotation, many.Selection, Batch, Undo, images.RenameImage)}
    public = {kind for kind in COMMANDS.values() if kind.__module__ in modules and (kind.PUBLIC or kind is Batch)}
    assert set(asked) == public, "the equation is asked of every wish about an image"


async def test_after_every_command_a_page_of_a_set_has_what_it_would_fetch():
    place, user = await prepared()
    number = await database_sync_to_async(ImageSetRow.objects.values_list("number", flat=True).get)()
    page = Page(number, user, of="image_sets")
    wanted, fetch = wishes_about_sets(place), partial(fetched_set, place.image_set_id)
    asked = await compared(page, wanted, place, attrgetter("image_set"), fetch)
    public = {kind for kind in COMMANDS.values() if kind.__module__ == image_sets.__name__}
    assert set(asked) == public - {image_sets.CreateImageSet} | {Undo}
