"""Snapshots save time and never change what is loaded."""

import msgspec
import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from exact.domain import teams
from exact.domain.identifiers import new_id
from exact.domain.registry import FACTS, fold
from exact.domain.streams import first
from exact.eventstore import log, snapshots
from exact.eventstore.heads import derive_heads
from exact.eventstore.recorder import Recording
from exact.operations import examples

LIVES = [facts for _, facts in examples.histories() if len({fact.originator_id for fact in facts}) == 1]
LIVES += examples.lives()


@given(st.sampled_from(LIVES), st.data())
def test_a_fold_that_goes_on_from_a_snapshot_ends_where_the_whole_fold_ends(facts, data):
    until = data.draw(st.integers(1, len(facts)))
    before = fold(None, facts[:until])
    kept = msgspec.json.decode(msgspec.json.encode(before), type=type(before))
    assert kept == before
    assert fold(kept, facts[until:]) == fold(None, facts)


def test_every_noun_can_be_kept():
    assert {type(fold(None, facts)) for facts in LIVES} == set(snapshots.STATES.values())
    assert {type(fact) for facts in LIVES for fact in facts} == set(FACTS.values())


@pytest.mark.django_db(transaction=True, available_apps=["exact.eventstore"])
class TestInTheLog:
    """A team whose members come and go, three facts a command."""

    def live(self, facts: int):
        """So many facts after the founding, recorded three at a time; answers all of them."""
        team_id = new_id()
        lived = [first(teams.TeamFounded, team_id, examples.a_stamp(), number=1, name="Team",
                       owner_id=examples.ANNA, owner_number=1)]  # fmt: skip
        state = fold(None, lived)
        for count in range(facts):
            change = self.go if state.member(examples.BEN) else self.come
            lived += change(state, count)
            state = fold(state, lived[-1:])
        for start in range(0, len(lived), 3):
            log.append(Recording.anonymous(), lived[start : start + 3], [team_id] * len(lived[start : start + 3]))
        return lived

    def come(self, team, count):
        return team.add(examples.BEN, teams.Role.VIEWER, count, examples.a_stamp(count))

    def go(self, team, count):
        return team.remove(examples.BEN, examples.a_stamp(count))

    def kept(self):
        """Version and kind of what is kept."""
        with connection.cursor() as cursor:
            cursor.execute("select version, type from es.snapshot")
            return cursor.fetchall()

    def test_a_long_stream_keeps_its_newest_snapshot_and_a_short_one_none(self):
        self.live(snapshots.EVERY - 2)
        assert self.kept() == []
        self.live(2 * snapshots.EVERY + 20)
        assert self.kept() == [(201, snapshots.kind_of(teams.Team))]

    def test_what_is_loaded_is_the_fold_of_all_facts_with_and_without_snapshots(self):
        facts = self.live(2 * snapshots.EVERY + 20)
        team_id = facts[0].originator_id
        assert log.load(team_id) == fold(None, facts)
        snapshots.forget()
        assert log.load(team_id) == fold(None, facts)

    def test_the_facts_before_a_snapshot_are_not_folded_again(self):
        facts = self.live(2 * snapshots.EVERY)
        renamed = msgspec.structs.replace(snapshots.newest(facts[0].originator_id), name="as it was kept")
        snapshots.keep(renamed)
        assert log.load(facts[0].originator_id).name == "as it was kept"

    def test_a_snapshot_by_another_program_is_not_taken(self, monkeypatch):
        facts = self.live(snapshots.EVERY)
        monkeypatch.setattr(snapshots, "code", lambda: "0123456789ab")
        assert snapshots.newest(facts[0].originator_id) is None
        assert log.load(facts[0].originator_id) == fold(None, facts)

    def test_heads_made_anew_forget_the_snapshots(self):
        self.live(snapshots.EVERY)
        derive_heads()
        assert self.kept() == []
