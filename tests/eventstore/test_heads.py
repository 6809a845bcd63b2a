"""Heads, positions and numbers can be made of the facts alone."""

import pytest
from django.db import connection

from exact.eventstore.heads import derive_heads
from exact.eventstore.log import head
from tests.builders import a_workplace

pytestmark = pytest.mark.django_db(transaction=True)

KEPT = "select stream_id, version, scope_id from es.stream order by 1"


def rows(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def test_heads_made_of_the_facts_are_the_heads_there_were():
    a_workplace().draw()
    before = rows(KEPT)
    assert derive_heads() == len(before)
    assert rows(KEPT) == before


def test_after_heads_positions_and_numbers_were_lost_work_goes_on_where_it_was():
    place = a_workplace()
    drawn = place.draw()
    newest = head()
    with connection.cursor() as cursor:
        cursor.execute(
            "delete from es.stream; alter sequence es.position_seq restart; alter sequence es.number_annotation restart"
        )
    derive_heads()
    again = place.draw()
    assert again.number == drawn.number + 1
    assert again.position == newest + 1
