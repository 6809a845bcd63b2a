"""The log as the other rooms see it: facts in, facts out, by stream, scope and position."""

from uuid import UUID, uuid4

import msgspec
import pytest
from eventsourcing.persistence import MapperDeserialisationError, StoredEvent

from exact.commands.teams import FoundTeam, RenameTeam
from exact.domain.errors import Invalid
from exact.domain.registry import fold
from exact.eventstore import log, mapper, upcasters
from exact.eventstore.errors import StaleHead
from exact.eventstore.mapper import UnknownFact
from exact.eventstore.recorder import Recording
from exact.eventstore.topics import to_columns, to_topic
from exact.operations import examples

pytestmark = pytest.mark.django_db(transaction=True, available_apps=["exact.eventstore"])

HISTORIES = dict(examples.histories())


def keep(name):
    """One of the example histories in the log, all facts in the scope of their image; answers facts and positions."""
    facts = HISTORIES[name]
    return facts, list(log.append(Recording.anonymous(), facts, [examples.IMAGE] * len(facts)))


def test_what_was_appended_is_read_by_stream_scope_and_position():
    facts, positions = keep("two that take turns")
    one = facts[0].originator_id
    mine = [fact for fact in facts if fact.originator_id == one]
    assert list(log.stream(one)) == mine
    assert [(r.position, r.fact) for r in log.read()] == list(zip(positions, facts, strict=True))
    assert [r.fact for r in log.read_scope(examples.IMAGE)] == facts
    assert [r.fact for r in log.read_stream(one)] == mine
    assert log.load(one) == fold(None, mine)
    assert log.load(uuid4()) is None


def test_reading_begins_after_one_position_and_ends_with_another():
    facts, _ = keep("two that take turns")
    assert [r.fact for r in log.read(after=2, upto=4)] == facts[2:4]
    assert [r.fact for r in log.read(limit=2)] == facts[:2]
    assert [r.fact for r in log.read_scope(examples.IMAGE, after=1, upto=3, limit=1)] == facts[1:2]
    assert [r.fact for r in log.read_stream(facts[0].originator_id, upto=1)] == facts[:1]


def test_all_of_a_scope_is_read_a_page_at_a_time(monkeypatch):
    facts, _ = keep("two that take turns")
    log.append(Recording.anonymous(), [examples.facts()["TeamFounded"]], [examples.TEAM])
    monkeypatch.setattr(log, "PAGE", 2)
    assert [r.fact for r in log.all_of(examples.IMAGE)] == facts
    assert [r.fact for r in log.all_of(examples.IMAGE, upto=3)] == facts[:3]


def test_a_scope_is_streamed_up_to_a_position():
    facts, positions = keep("two that take turns")
    assert list(log.streamed(examples.IMAGE, positions[-1])) == facts
    assert list(log.streamed(examples.IMAGE, positions[1])) == facts[:2]
    assert list(log.streamed(uuid4(), positions[-1])) == []
    for fact in log.streamed(examples.IMAGE, positions[-1]):
        assert fact == facts[0]
        break
    assert log.head() == positions[-1], "whoever stops half-way leaves the connection usable"


@pytest.mark.parametrize("big", [1, 32 * 1024])
def test_everything_is_read_scope_after_scope_and_page_after_page(monkeypatch, big):
    """Also where every payload is too big for a page."""
    monkeypatch.setattr(log, "PAGE", 2)
    monkeypatch.setattr(log, "COLUMNS", log.COLUMNS.replace(str(32 * 1024), str(big)))
    facts, _ = keep("two that take turns")
    others = HISTORIES["two that take turns"][:1]
    moved = [msgspec.structs.replace(fact, originator_id=uuid4()) for fact in others]
    scope = UUID(int=1)
    [last] = log.append(Recording.anonymous(), moved, [scope])
    assert [fact for page in log.pages(last) for fact in (r.fact for r in page)] == [*facts, *moved]
    assert [r.fact for r in log.by_scope(last)] == [*moved, *facts], "the smaller scope comes first"
    assert [r.fact for r in log.by_scope(last - 1)] == facts
    left = [r.fact for r in log.by_scope(last, leaving_out=["AnnotationDrawn"])]
    assert left == [fact for fact in facts if type(fact).__name__ != "AnnotationDrawn"] != []
    assert [r.fact for r in log.all_of(examples.IMAGE)] == facts


def test_an_unknown_name_is_met_whatever_is_left_out():
    _, positions = keep("two that take turns")
    log.log().facts.insert_events([StoredEvent(uuid4(), 1, "FromTheFuture", b"{}")])
    with pytest.raises(UnknownFact):
        list(log.by_scope(positions[-1] + 1, leaving_out=list(mapper.FACTS)))


def test_the_first_fact_after_a_position_is_told_also_where_it_cannot_be_read():
    facts, positions = keep("two that take turns")
    stream_id = uuid4()
    log.log().facts.insert_events([StoredEvent(stream_id, 1, "FromTheFuture", b"{}")])
    assert log.header_after(0) == log.Header(positions[0], facts[0].originator_id, type(facts[0]).__name__)
    assert log.header_after(positions[-1]) == log.Header(positions[-1] + 1, stream_id, "FromTheFuture")
    assert log.header_after(positions[-1] + 1) is None


def test_some_kinds_of_facts_are_read_by_name():
    facts, positions = keep("two that take turns")
    found = log.read_some(["AnnotationDrawn"], 0, positions[-1])
    assert [r.fact for r in found] == [fact for fact in facts if type(fact).__name__ == "AnnotationDrawn"]
    assert log.read_some(["AnnotationDrawn"], positions[-1], 10**9) == []


def test_the_head_of_everything_and_of_a_scope():
    assert (log.head(), log.head_of(examples.IMAGE)) == (0, 0)
    keep("drawn")
    log.append(Recording.anonymous(), [examples.facts()["TeamFounded"]], [examples.TEAM])
    assert (log.head(), log.head_of(examples.IMAGE), log.head_of(uuid4())) == (2, 1, 0)


def test_the_same_fact_twice_is_stale():
    keep("drawn")
    with pytest.raises(StaleHead):
        keep("drawn")


def test_numbers_go_up_and_are_never_given_twice():
    assert [log.next_number("annotation") for _ in range(3)] == [1, 2, 3]
    assert log.next_number("image") == 1


@pytest.mark.parametrize("topic", ["FromTheFuture", "AnnotationDrawn@2"])
def test_a_fact_this_program_does_not_know_stops_the_reader(topic):
    log.log().facts.insert_events([StoredEvent(uuid4(), 1, topic, b"{}")])
    with pytest.raises(UnknownFact):
        log.read()


def test_a_damaged_payload_is_no_fact():
    log.log().facts.insert_events([StoredEvent(uuid4(), 1, "TeamRenamed", b'{"name":1}')])
    with pytest.raises(MapperDeserialisationError):
        log.read()


def test_an_older_shape_is_made_new_while_reading(monkeypatch):
    kind = mapper.FACTS["TeamRenamed"]
    monkeypatch.setattr(kind, "SCHEMA", 3)
    monkeypatch.setitem(upcasters.UPCASTERS, ("TeamRenamed", 1), lambda data: {**data, "title": data.pop("label")})
    monkeypatch.setitem(upcasters.UPCASTERS, ("TeamRenamed", 2), lambda data: {**data, "name": data.pop("title")})
    old = mapper.ENCODER.encode(examples.facts()["TeamRenamed"]).replace(b'"name"', b'"label"')
    assert mapper.decode("TeamRenamed", 1, old) == examples.facts()["TeamRenamed"]


def test_stored_names_are_columns_and_topics():
    assert [to_columns(topic) for topic in ("A", "A@2")] == [("A", 1), ("A", 2)]
    assert [to_topic(*columns) for columns in (("A", 1), ("A", 2))] == ["A", "A@2"]


def test_the_hash_of_a_wish_tells_wishes_apart():
    one = RenameTeam(team_id=examples.TEAM, name="a")
    assert log.hash_of(one) == log.hash_of(RenameTeam(team_id=examples.TEAM, name="a"))
    assert log.hash_of(one) != log.hash_of(RenameTeam(team_id=examples.TEAM, name="b"))
    assert log.hash_of(FoundTeam(name="a")) != log.hash_of(one)
    with pytest.raises(Invalid):
        log.hash_of(FoundTeam(name="\ud800"))
