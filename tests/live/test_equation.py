"""Live equals reload: what a page had, and the messages it heard, is what it would fetch, after every command."""

from uuid import uuid4

import msgspec
import pytest
from channels.db import database_sync_to_async

from exact.api.v1.image_annotations import now
from exact.commands import annotations as one
from exact.commands import selections as many
from exact.commands.batches import batch
from exact.commands.bus import COMMANDS, dispatch
from exact.domain.annotation_fold import AnnotationFold
from exact.domain.annotations import Verdict
from exact.domain.identifiers import annotation_stream
from exact.domain.registry import FACTS
from exact.domain.vectors import VectorType
from exact.eventstore.mapper import decode
from exact.projections.annotations import shown
from tests.builders import a_polygon, a_type
from tests.live.conversation import Page, prepared

pytestmark = pytest.mark.django_db(transaction=True)

NAMED = uuid4()


def wishes(place, tumour):
    """Every wish about annotations, in an order in which each changes something."""
    image, polygon = place.image_id, place.types[VectorType.POLYGON]
    drawn = annotation_stream(image, NAMED)
    both = {"image_id": image, "annotation_type_id": polygon}
    mine, whole = {"annotation_id": drawn}, {"image_id": image}
    return [
        one.DrawAnnotation(**both, vector=a_polygon(), unique_identifier=NAMED),
        one.DrawAnnotation(**both, vector=a_polygon(300), unique_identifier=NAMED),
        one.ReshapeAnnotation(**mine, vector=a_polygon(90)),
        one.ReclassifyAnnotation(**mine, annotation_type_id=tumour),
        one.DescribeAnnotation(**mine, description="large", meta_data={"score": 1}),
        one.VerifyAnnotation(**mine, verdict=Verdict.REJECTED),
        one.WithdrawVerification(**mine),
        one.EditAnnotation(**mine, annotation_type_id=polygon, vector=a_polygon(20), description="small"),
        one.RemoveAnnotation(**mine),
        one.RestoreAnnotation(**mine),
        batch([one.DrawAnnotation(**both, vector=a_polygon(n)) for n in (10, 200)]
              + [one.VerifyAnnotation(**mine, verdict=Verdict.ACCEPTED), one.RemoveAnnotation(**mine)]),
        many.VerifyAnnotations(**whole, verdict=Verdict.ACCEPTED),
        many.ReclassifyAnnotations(**whole, annotation_type_id=tumour),
        many.RemoveAnnotations(**whole, where=many.Where(region=(0, 0, 10_000, 100_000))),
        many.RestoreAnnotations(**whole),
    ]  # fmt: skip


@database_sync_to_async
def fetched(image_id):
    """What a fresh page would load."""
    return {row["id"]: row for row in msgspec.json.decode(msgspec.json.encode(now(image_id)[1]))}


class Folded:
    """What a page makes of the facts that it hears."""

    def __init__(self):
        self.fold, self.taken = AnnotationFold(), 0

    def take(self, facts):
        for fact in facts[self.taken :]:
            data = msgspec.json.encode(fact["data"])
            self.fold.take(decode(fact["name"], FACTS[fact["name"]].SCHEMA, data))
        self.taken = len(facts)
        states = msgspec.json.decode(msgspec.json.encode([shown(state) for state in self.fold.states.values()]))
        return {state["id"]: state for state in states}


async def test_after_every_command_a_page_has_what_it_would_fetch():
    place, user = await prepared()
    tumour = await database_sync_to_async(a_type)(place.product_id, place.owner, VectorType.POLYGON, name="tumour")
    page, folded = Page(place.image_number, user), Folded()
    await page.open()
    for wish in wishes(place, tumour):
        before = folded.taken
        answer = await database_sync_to_async(dispatch)(wish, by=place.owner)
        await page.facts_upto(answer.position)
        assert folded.take(page.facts) == await fetched(place.image_id), type(wish).__name__
        assert folded.taken > before, f"{type(wish).__name__} changed nothing"
    await page.close()


async def test_the_equation_is_asked_of_every_wish_about_annotations():
    place, _ = await prepared()
    asked = {type(wish).__name__ for wish in wishes(place, uuid4())}
    modules = {one.__name__, many.__name__, batch.__module__}
    assert asked == {name for name, kind in COMMANDS.items() if kind.__module__ in modules}
