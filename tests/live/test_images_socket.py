"""The socket of one image: nothing is lost, nothing comes twice, nobody listens who may not."""

import asyncio
import json
import random

import pytest
from channels.db import database_sync_to_async
from django.db import connection
from eventsourcing.persistence import StoredEvent

from exact.commands.annotations import RemoveAnnotation, ReshapeAnnotation, VerifyAnnotation
from exact.commands.bus import dispatch
from exact.commands.teams import RemoveMember
from exact.domain.annotations import Verdict
from exact.domain.teams import Role
from exact.eventstore.log import all_of, head_of, load, log
from exact.eventstore.topics import to_topic
from exact.live import consumers, relay
from tests.builders import a_polygon, a_user
from tests.live.conversation import Page, prepared

pytestmark = pytest.mark.django_db(transaction=True)


@database_sync_to_async
def draw(place, **fields):
    return place.draw(a_polygon(), **fields)


@database_sync_to_async
def positions_of(scope_id):
    return [recorded.position for recorded in all_of(scope_id)]


async def test_a_page_hears_what_it_missed_and_what_happens():
    place, user = await prepared()
    before = await draw(place)
    page = Page(place.image_number, user)
    welcome = await page.open()
    after = await draw(place)
    await page.facts_upto(after.position)
    assert welcome["type"] == "welcome"
    assert welcome["position"] == before.position
    assert page.positions == await positions_of(place.image_id)
    assert [fact["name"] for fact in page.facts] == ["ImageRegistered", "AnnotationDrawn", "AnnotationDrawn"]
    await page.close()


async def test_a_page_that_knows_a_position_hears_only_what_came_after():
    place, user = await prepared()
    known = await draw(place)
    news = await draw(place)
    page = Page(place.image_number, user)
    await page.open(after=known.position)
    await page.facts_upto(news.position)
    assert page.positions == [news.position]
    await page.close()


async def test_facts_of_other_images_are_not_heard():
    place, user = await prepared()
    other = await database_sync_to_async(place.image)("other.svs")
    page = Page(place.image_number, user)
    await page.open()
    await draw(place, image_id=other.id)
    mine = await draw(place)
    await page.facts_upto(mine.position)
    assert page.positions == await positions_of(place.image_id)
    await page.close()


async def test_a_fact_of_an_old_version_is_heard_as_the_newest():
    place, user = await prepared()
    drawn = await draw(place)
    accept = VerifyAnnotation(annotation_id=drawn.id, verdict=Verdict.ACCEPTED)
    await database_sync_to_async(dispatch)(accept, by=place.owner)
    person = str(place.owner.person_id)
    old = {"originator_id": str(drawn.id), "originator_version": 3, "at": "2026-01-01T00:00:00Z", "by": person,
           "of_version": 1}  # fmt: skip

    @database_sync_to_async
    def store():
        stored = StoredEvent(drawn.id, 3, to_topic("VerificationWithdrawn", 1), json.dumps(old).encode())
        [position] = log().facts.insert_events([stored], scopes=[place.image_id])
        return position, load(drawn.id)

    position, state = await store()
    page = Page(place.image_number, user)
    await page.open(after=position - 1)
    await page.facts_upto(position)
    assert page.facts[0]["data"]["person_id"] == person
    assert state.verifications == ()
    await page.close()


@pytest.mark.parametrize("seed", range(4))
async def test_cut_at_random_points_nothing_is_lost_or_doubled(seed):
    """Two writers, a page that is cut again and again: what it heard is the log, each fact once."""
    chance = random.Random(seed)
    place, user = await prepared()
    heard: list[int] = []

    @database_sync_to_async
    def write(turn):
        drawn = place.draw(a_polygon(10 + turn))
        if turn % 3 == 0:
            dispatch(ReshapeAnnotation(annotation_id=drawn.id, vector=a_polygon(60 + turn)), by=place.owner)
        if turn % 4 == 0:
            dispatch(RemoveAnnotation(annotation_id=drawn.id), by=place.owner)

    async def read(writing):
        while not writing.done():
            page = Page(place.image_number, user)
            await page.open(after=heard[-1] if heard else 0)
            for _ in range(chance.randrange(6)):
                if await page.quiet():
                    break
                await page.hear()
            heard.extend(page.positions)
            await chance.choice([page.close, page.cut])()

    async def write_all():
        for turn in range(25):
            await write(turn)

    writing = asyncio.ensure_future(write_all())
    await read(writing)
    await writing
    last = Page(place.image_number, user)
    await last.open(after=heard[-1] if heard else 0)
    newest = await database_sync_to_async(head_of)(place.image_id)
    if not heard or heard[-1] < newest:
        await last.facts_upto(newest)
    heard.extend(last.positions)
    await last.close()
    assert heard == await positions_of(place.image_id)


async def test_a_page_too_far_behind_is_told_to_load_again(monkeypatch):
    monkeypatch.setattr(consumers, "BEHIND_MAX", 3)
    place, user = await prepared()
    for _ in range(5):
        newest = await draw(place)
    page = Page(place.image_number, user)
    await page.open()
    assert await page.hear() == {"type": "reset", "position": newest.position}
    news = await draw(place)
    await page.facts_upto(news.position)
    assert page.positions == [news.position]
    await page.close()


async def test_a_position_of_another_log_is_reset():
    place, user = await prepared()
    page = Page(place.image_number, user)
    await page.open(after=10**9)
    assert (await page.hear())["type"] == "reset"
    await page.close()


async def test_a_killed_database_connection_loses_nothing():
    place, user = await prepared()
    page = Page(place.image_number, user)
    await page.open()
    first = await draw(place)
    await page.facts_upto(first.position)

    @database_sync_to_async
    def kill():
        with connection.cursor() as cursor:
            cursor.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'exact-live'"
            )
            assert cursor.rowcount == 2

    await kill()
    second = await draw(place)
    await page.facts_upto(second.position)
    assert page.positions == await positions_of(place.image_id)
    await page.close()


async def refusal(page, **hello):
    await page.socket.connect(timeout=5)
    if hello:
        await page.say(hello)
    message = await page.hear()
    close = await page.socket.receive_output(timeout=5)
    return message["type"], message["code"], close["code"]


async def test_nobody_listens_who_may_not():
    place, _ = await prepared()
    stranger = await database_sync_to_async(a_user)()
    assert await refusal(Page(place.image_number, None)) == ("refused", "not_signed_in", 4401)
    assert await refusal(Page(place.image_number, stranger)) == ("refused", "not_found", 4404)
    assert await refusal(Page(987654, stranger)) == ("refused", "not_found", 4404)


async def test_another_protocol_and_nonsense_are_refused():
    place, user = await prepared()
    number = place.image_number
    assert await refusal(Page(number, user), type="hello", protocol=2, after=0) == ("refused", "protocol", 4406)
    assert await refusal(Page(number, user), type="dance") == ("refused", "bad_message", 4400)
    assert await refusal(Page(number, user), type="ping") == ("refused", "hello_first", 4400)


async def test_a_removed_member_is_shown_the_door(monkeypatch):
    monkeypatch.setattr(consumers, "HEARTBEAT_S", 0.2)
    place, _ = await prepared()
    member = await database_sync_to_async(place.member)(Role.VIEWER)
    from exact.accounts.models import User

    user = await database_sync_to_async(User.objects.get)(person_id=member.person_id)
    page = Page(place.image_number, user)
    await page.open()
    wish = RemoveMember(team_id=place.team_id, person_id=member.person_id)
    await database_sync_to_async(dispatch)(wish, by=place.owner)
    message = await page.hear_until("refused")
    assert message["code"] == "access_withdrawn"
    assert (await page.socket.receive_output(timeout=5))["code"] == 4403


async def test_a_deactivated_person_is_shown_the_door(monkeypatch):
    monkeypatch.setattr(consumers, "HEARTBEAT_S", 0.2)
    place, user = await prepared()
    page = Page(place.image_number, user)
    await page.open()
    user.is_active = False
    await database_sync_to_async(user.save)(update_fields=["is_active"])
    assert (await page.hear_until("refused"))["code"] == "access_withdrawn"
    assert (await page.socket.receive_output(timeout=5))["code"] == 4403


async def test_people_see_each_other_come_point_and_go():
    place, user = await prepared()
    member = await database_sync_to_async(place.member)(Role.ANNOTATOR)
    from exact.accounts.models import User

    other = await database_sync_to_async(User.objects.get)(person_id=member.person_id)
    first, second = Page(place.image_number, user), Page(place.image_number, other)
    await first.open()
    welcome = await second.open()
    assert [person["person_id"] for person in welcome["people"]] == [str(user.person_id)]
    assert (await first.hear_until("presence"))["person"]["name"] == member.name
    await second.say({"type": "presence", "cursor": [100, 200], "viewport": [0, 0, 500, 500], "frame": 0, "plane": 0})
    moved = await first.hear_until("presence")
    assert moved["person"]["cursor"] == [100, 200]
    await second.close()
    assert (await first.hear_until("left"))["session"] == moved["person"]["session"]
    await first.close()


async def test_without_redis_the_facts_go_on(services):
    place, user = await prepared()
    page = Page(place.image_number, user)
    await page.open()
    server = services.redis
    await asyncio.to_thread(server.stop)
    try:
        drawn = await draw(place)
        await page.facts_upto(drawn.position)
        again = Page(place.image_number, user)
        assert (await again.open())["type"] == "welcome"
        await again.close()
    finally:
        server.start()  # in this thread: the server dies with the one that starts it
    last = await draw(place)
    await page.facts_upto(last.position)
    assert page.positions == await positions_of(place.image_id)
    await page.close()


async def test_cursors_are_dropped_for_whoever_cannot_keep_up_and_facts_are_not():
    from uuid import uuid4

    from exact.live.messages import PeerLeft
    from exact.live.relay import PRESENCE_MAX, Listener

    listener = Listener(uuid4())
    for _ in range(PRESENCE_MAX * 2):
        listener.tell(PeerLeft(session="s"))
    waiting = listener.waiting.qsize()
    listener.offer([])
    assert waiting == PRESENCE_MAX + 1
    assert listener.waiting.qsize() == waiting + 1


async def test_what_happens_while_the_relay_is_still_connecting_is_heard(monkeypatch):
    """It begins at the newest position there is then: whoever joined has to read the log after that, not before."""
    place, user = await prepared()
    real, go, calls = relay.connected, asyncio.Event(), []

    async def slowly():
        calls.append(1)
        if len(calls) == 1:
            await go.wait()
        return await real()

    monkeypatch.setattr(relay, "connected", slowly)
    page = Page(place.image_number, user)
    await page.open()
    await page.quiet(0.3)
    meanwhile = await draw(place)
    go.set()
    for _ in range(2):
        await asyncio.sleep(0.1)
        last = await draw(place)
    await page.facts_upto(last.position)
    assert meanwhile.position in page.positions
    assert page.positions == await positions_of(place.image_id)
    await page.close()
