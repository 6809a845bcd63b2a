"""The socket of one image set: its own facts, and how far imports into it are."""

import pytest
from channels.db import database_sync_to_async

from exact.accounts.models import User
from exact.commands.bus import dispatch
from exact.commands.image_sets import DescribeImageSet
from exact.commands.teams import RemoveMember
from exact.domain.teams import Role
from exact.exchange.imports import perform
from exact.ingest.performing import perform as make_images
from exact.live import consumers
from exact.projections.image_sets import ImageSetRow
from tests.builders import a_user
from tests.exchange.files import a_row, jsonl, sent
from tests.ingest.deliveries import a_delivery
from tests.live.conversation import Page, prepared

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def imports_folder(tmp_path, settings):
    settings.IMPORTS = tmp_path / "imports"


@database_sync_to_async
def number_of(place):
    return ImageSetRow.objects.get(id=place.image_set_id).number


@database_sync_to_async
def imported(place, count=3):
    run = sent(place, jsonl(*map(a_row, range(count))))
    perform(run.id)
    return run


async def test_a_page_hears_how_far_an_import_is_until_it_is_complete():
    place, user = await prepared()
    page = Page(await number_of(place), user, of="image_sets")
    assert (await page.open())["type"] == "welcome"
    run = await imported(place)
    heard = []
    while not heard or heard[-1]["state"] != "complete":
        heard.append(await page.hear_until("import"))
    assert {one["id"] for one in heard} == {str(run.id)}
    assert list(dict.fromkeys(one["state"] for one in heard)) == ["checking", "importing", "showing", "complete"]
    assert (heard[-1]["progress"], heard[-1]["rows_done"]) == (1.0, 3)
    await page.close()


@database_sync_to_async
def delivered(place):
    """Two files that are no images, brought to their end."""
    delivery = a_delivery(place, {"a.png": b"no", "b.png": b"picture"})
    make_images(delivery.id)
    return delivery


async def test_a_page_hears_how_far_sent_files_are_until_they_have_ended():
    place, user = await prepared()
    page = Page(await number_of(place), user, of="image_sets")
    await page.open()
    delivery = await delivered(place)
    heard = []
    while not heard or heard[-1]["state"] != "complete":
        heard.append(await page.hear_until("delivery"))
    assert {one["id"] for one in heard} == {str(delivery.id)}
    assert list(dict.fromkeys(one["state"] for one in heard)) == ["reading", "registering", "complete"]
    assert heard[-1]["progress"] == 1.0
    await page.close()


async def test_pages_at_other_sets_and_at_images_hear_nothing_of_it():
    place, user = await prepared()
    other, other_user = await prepared()
    pages = [Page(await number_of(other), other_user, of="image_sets"), Page(place.image_number, user)]
    for page in pages:
        await page.open()
    await imported(place)
    for page in pages:
        await page.say({"type": "ping"})
        kinds = [(await page.hear())["type"]]
        while kinds[-1] != "heartbeat":
            kinds.append((await page.hear())["type"])
        assert "import" not in kinds
        await page.close()


async def test_the_sets_own_facts_come_too():
    place, user = await prepared()
    page = Page(await number_of(place), user, of="image_sets")
    await page.open()
    wish = DescribeImageSet(image_set_id=place.image_set_id, name="another")
    answer = await database_sync_to_async(dispatch)(wish, by=place.owner)
    await page.facts_upto(answer.position)
    assert page.facts[-1]["name"] == "ImageSetDescribed"
    await page.close()


async def test_somebody_who_leaves_the_team_hears_no_more(monkeypatch):
    monkeypatch.setattr(consumers, "HEARTBEAT_S", 0.2)
    place, _ = await prepared()
    member = await database_sync_to_async(place.member)(Role.VIEWER)
    user = await database_sync_to_async(User.objects.get)(person_id=member.person_id)
    page = Page(await number_of(place), user, of="image_sets")
    await page.open()
    wish = RemoveMember(team_id=place.team_id, person_id=member.person_id)
    await database_sync_to_async(dispatch)(wish, by=place.owner)
    refused = await page.hear_until("refused")
    assert (refused["code"], refused["detail"]) == ("access_withdrawn", "You may not see this image set any more.")


async def test_a_stranger_is_told_nothing():
    place, _ = await prepared()
    page = Page(await number_of(place), await database_sync_to_async(a_user)(), of="image_sets")
    assert (await page.open())["code"] == "not_found"
