"""A page at an image while an import comes: silence, then one fact, and a position that agrees with it."""

import pytest
from channels.db import database_sync_to_async

from exact.api.v1.image_annotations import now
from exact.commands.bus import dispatch
from exact.commands.imports import RestoreImport, UndoImport, finish_import
from exact.commands.undo import Undo
from exact.projections.imports import ImportRow
from tests.builders import an_import
from tests.live.conversation import Page, prepared

pytestmark = pytest.mark.django_db(transaction=True)
SHOWN, REMOVED, RESTORED = (f"ImportedAnnotations{word}" for word in ("Shown", "Removed", "Restored"))


@database_sync_to_async
def asked(command, by):
    return dispatch(command, by=by)


@database_sync_to_async
def fetched(place):
    """What a page gets by REST: position, and how many annotations are to be seen."""
    position, rows = now(place.image_id)
    return position, sum(not row["removed"] for row in rows)


async def test_a_page_hears_nothing_of_the_chunks_and_one_fact_when_all_is_there():
    place, user = await prepared()
    page = Page(place.image_number, user)
    welcome = await page.open()
    await page.facts_upto(welcome["position"])
    import_id = await database_sync_to_async(an_import)(place, "running")
    await page.say({"type": "ping"})
    assert (await page.hear())["position"] == welcome["position"], "an import under way does not move the image"
    await database_sync_to_async(finish_import)(import_id, by=place.owner)
    await page.hear_until("facts")
    assert page.facts[-1]["name"] == SHOWN
    assert await fetched(place) == (page.positions[-1], 3), "whoever loads now has everything up to what was heard"
    await page.close()


async def test_undone_and_restored_are_heard_as_one_fact_each_and_fetched_fresh_at_their_positions():
    place, user = await prepared()
    import_id = await database_sync_to_async(an_import)(place)
    page = Page(place.image_number, user)
    await page.open(after=(await fetched(place))[0])
    done = None
    for command, name, alive in (
        (UndoImport(import_id=import_id), REMOVED, 0),
        (RestoreImport(import_id=import_id), RESTORED, 3),
        (Undo(correlation_id=import_id), REMOVED, 0),
        (None, RESTORED, 3),
    ):
        done = await asked(command or Undo(command_id=done.command_id), place.owner)
        await page.hear_until("facts")
        assert page.facts[-1]["name"] == name
        assert await fetched(place) == (page.positions[-1], alive)
    await page.close()
    assert len(page.facts) == 4


async def test_a_page_that_comes_later_is_told_of_the_import_and_not_of_its_chunks():
    place, user = await prepared()
    import_id = await database_sync_to_async(an_import)(place)
    page = Page(place.image_number, user)
    welcome = await page.open()
    await page.facts_upto(welcome["position"])
    assert [fact["name"] for fact in page.facts] == ["ImageRegistered", SHOWN]
    found = await database_sync_to_async(ImportRow.objects.get)(id=import_id)
    assert page.facts[-1]["data"]["count"] == found.annotation_count == 3
    await page.close()
