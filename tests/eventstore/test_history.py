"""Pages of stored facts: right at the borders of partitions, and no partition is looked into in vain."""

import msgspec
import pytest
from django.db import connection

from exact.domain.identifiers import new_id
from exact.domain.registry import fold
from exact.eventstore import history, log
from exact.eventstore.history import Span
from exact.eventstore.recorder import Recording
from exact.operations import examples
from tests.eventstore.plans import partitions

pytestmark = pytest.mark.django_db(transaction=True, available_apps=["exact.eventstore"])

BORDER = 10_000_000
"""The last position of the first partition."""


def append(scope, *facts):
    return list(log.append(Recording.anonymous(), facts, [scope] * len(facts)))


def a_life(scope, moves, number=1):
    """An annotation that is reshaped again and again, one fact a command; answers its stream and the positions."""
    lived = [examples.drawn(examples.a_box(), number)]
    state = fold(None, lived)
    for move in range(moves):
        lived += state.reshape(examples.a_box(2000 + move), examples.a_stamp(move))
        state = fold(state, lived[-1:])
    return lived[0].originator_id, [position for fact in lived for position in append(scope, fact)]


@pytest.fixture
def across():
    """Ten facts of one annotation on both sides of the border; answers its stream and the positions."""
    with connection.cursor() as cursor:
        cursor.execute("select es.add_partition(1); select es.add_partition(2)")
        cursor.execute("select setval('es.position_seq', %s)", [BORDER - 5])
    return a_life(examples.IMAGE, 9)


def positions(page):
    return [stored.position for stored in page]


def test_a_page_over_a_border_is_whole_in_both_directions(across):
    stream, whole = across
    assert (whole[0], whole[-1]) == (BORDER - 4, BORDER + 5)
    for read, subject in ((history.of_stream, stream), (history.of_scope, examples.IMAGE)):
        assert positions(read(subject, Span())) == whole
        assert positions(read(subject, Span(newest_first=True, limit=7))) == whole[:2:-1]
        assert positions(read(subject, Span(after=whole[2], before=whole[7], limit=3))) == whole[3:6]
    assert positions(history.at(whole[::-2])) == whole[::-2]


def test_only_partitions_between_the_ends_of_a_page_are_looked_into(across):
    stream, whole = across
    for read, subject in ((history.of_stream, stream), (history.of_scope, examples.IMAGE)):
        older = Span(before=BORDER, newest_first=True)
        assert partitions(read, subject, Span()) == {"event_p0", "event_p1"}
        assert partitions(read, subject, Span(after=BORDER + 1)) == {"event_p1"}
        assert partitions(read, subject, older) == {"event_p0"}
    assert partitions(history.at, whole[7:]) == {"event_p1"}
    assert partitions(history.at, []) == set()


def test_partitions_older_than_a_stream_or_a_scope_are_not_looked_into(across):
    image = msgspec.structs.replace(examples.facts()["ImageRegistered"], originator_id=new_id())
    append(image.originator_id, image)
    stream, whole = a_life(image.originator_id, 3, number=2)
    assert whole[0] > across[1][-1]
    assert partitions(history.of_stream, stream, Span()) == {"event_p1"}
    assert partitions(history.of_scope, image.originator_id, Span(after=1)) == {"event_p1"}


def test_a_page_of_nothing_is_empty():
    assert history.of_stream(new_id(), Span()) == history.of_scope(new_id(), Span()) == history.at([5]) == []
