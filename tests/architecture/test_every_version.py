"""Whoever names a version that is not the newest is refused at every door that changes something; nothing is stored."""

import pytest
from django.core.cache import cache
from django.db import connection

from tests.architecture import matrix
from tests.architecture.matrix import WHO, rows
from tests.architecture.test_every_route import TABLE, addresses, asked, sent
from tests.architecture.world import World

CHANGING = {key: statuses for key, statuses in TABLE.items() if key[1] not in {"GET", "any"}}
UNSEEN = matrix.reasons(matrix.WITHOUT_VERSION)
STALE = 99
BOTH = {"expected", "version", "current", "seen", "changed_by", "changed_by_name", "changed_at"}
TABLES = """select oid::regclass::text from pg_class where relkind in ('r', 'p') and not relispartition
    and relnamespace in ('es'::regnamespace, 'public'::regnamespace)"""
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world():
    cache.clear()
    return World()


def everything():
    """All that is stored, as one number for each table."""
    with connection.cursor() as cursor:
        cursor.execute(TABLES)
        one = "(select coalesce(sum(hashtextextended(t::text, 0)), 0)::text || '/' || count(*) from {} t)"
        cursor.execute("select " + ", ".join(one.format(name) for (name,) in cursor.fetchall()))
        return cursor.fetchone()


def granted(world, route, method):
    """Somebody who would be granted this, or is refused only as things stand."""
    who = [who for who, status in zip(WHO, CHANGING[route, method], strict=True) if status < 300 or status == 409]
    return world.clients[who[-1]] if who else world.administrator()


def refused(answer, why):
    """Nothing where the answer is as it should be."""
    told = answer.json()
    if why:
        return [] if answer.status_code == 400 and told.get("code") in {"no_version", "if_match"} else [told]
    right = (answer.status_code, told.get("code"), told.get("expected")) == (409, "stale_version", STALE)
    return [] if right and set(told) >= BOTH else [told]


def test_every_route_that_changes_something_refuses_a_stale_if_match_and_stores_nothing(world):
    wrong, forms = [], set()
    for route, method in CHANGING:
        if not route.startswith(("api/", "users/api/")):
            forms.add((route, method))
            continue
        client = granted(world, route, method)
        client.credentials(HTTP_IF_MATCH=f'"v{STALE}"')
        before, url = everything(), addresses(route, world).replace("//", "/")
        said = refused(sent(client, method, route, url, world), UNSEEN.get((route, method)))
        wrong += [f"{method} {route}: {one}" for one in said]
        if everything() != before:
            wrong.append(f"{method} {route} has stored something")
    assert not wrong, "\n".join(wrong)
    assert forms - set(UNSEEN) == {("sign-in", "PATCH"), ("sign-in", "DELETE")}, "these are no doors"
    assert set(UNSEEN) <= set(CHANGING)


def test_every_command_refuses_a_stale_version_and_stores_nothing(world):
    wrong, client, bodies = [], world.clients["owner"], world.commands()
    public = [name for (name,) in rows(matrix.COMMANDS, 1) if name not in matrix.SERVER_S_OWN]
    before = everything()
    for name in public:
        answer = client.post("/api/v1/commands/", bodies[name], format="json", HTTP_IF_MATCH=f'"v{STALE}"')
        item = {"commands": [{**bodies[name], "expected_version": STALE}]}
        in_batch = client.post("/api/v1/commands/batch/", item, format="json")
        why = name in matrix.COMMANDS_WITHOUT_VERSION
        wrong += [f"{name}: {one}" for one in refused(answer, why)]
        if in_batch.json().get("code") != "not_in_a_batch":
            wrong += [f"{name} in a batch: {one}" for one in refused(in_batch, why)]
    assert not wrong, "\n".join(wrong)
    assert everything() == before
    assert set(public) >= matrix.COMMANDS_WITHOUT_VERSION


def test_an_asterisk_only_asks_that_there_is_such_a_thing(world):
    wrong = []
    for (route, method), statuses in CHANGING.items():
        client, expected = world.clients["owner"], statuses[WHO.index("owner")]
        client.credentials(HTTP_IF_MATCH="*")
        status = asked(client, method, route, world)
        if status != expected:
            wrong.append(f"{method} {route}: table {expected}, answers {status}")
    assert not wrong, "\n".join(wrong)


def test_an_edit_by_a_known_identifier_knows_what_it_edits(world):
    place = world.place
    drawn = place.post(unique_identifier="11111111-1111-4111-8111-111111111111").json()
    body = place.body(unique_identifier=drawn["unique_identifier"], description="again")
    before = everything()
    for sent_body in (body, [body]):
        answer = place.client.post("/api/v1/annotations/annotations/", sent_body, format="json", HTTP_IF_MATCH='"v99"')
        assert refused(answer, "") == []
    assert everything() == before
