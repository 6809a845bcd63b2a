"""A read model is a function of the facts: live rows, replayed rows, rebuilt rows are the same rows."""

from io import StringIO

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from exact.domain.registry import FACTS
from exact.eventstore.log import read
from exact.projections.annotations import ANNOTATIONS, AnnotationRow, VerificationRow
from exact.projections.places import places
from exact.projections.rebuilding import differences, rebuild
from exact.projections.registry import INLINE, PROJECTIONS
from exact.projections.replay import states
from exact.projections.runner import catch_up, register
from tests.projections.conftest import Life

pytestmark = pytest.mark.django_db(transaction=True, available_apps=settings.INSTALLED_APPS)


def raw(sql, *params):
    with connection.cursor() as cursor:
        cursor.execute(sql, params)


def all_rows():
    """Every row of every inline read model."""
    return {table: list(table.objects.order_by("pk").values()) for inline in INLINE for table in inline.tables()}


@pytest.fixture
def followed(life):
    """The same life, and projections that have reached its end."""
    for projection in PROJECTIONS:
        register(projection)
        catch_up(projection)
    return life


def test_the_life_holds_every_kind_of_fact(life):
    assert {type(recorded.fact).__name__ for recorded in read()} == set(FACTS)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_inline_rows_are_what_a_replay_makes(seed):
    life = Life(seed)
    life.go_on(60)
    assert life.granted > 20
    assert [line for inline in INLINE for line in differences(inline)] == []


def test_every_table_has_rows_to_compare(life):
    assert [table.__name__ for table, rows in all_rows().items() if not rows] == []


def test_a_rebuild_gives_the_same_rows(life):
    before = all_rows()
    for inline in INLINE:
        rebuild(inline)
    assert all_rows() == before


def test_a_rebuild_brings_back_what_was_lost(life):
    before = all_rows()
    VerificationRow.objects.all().delete()
    AnnotationRow.objects.all().delete()
    assert rebuild(ANNOTATIONS).comparison.count == len(before[AnnotationRow]) + len(before[VerificationRow])
    assert all_rows() == before


def test_shown_twice_is_shown_once(life):
    before = all_rows()
    for inline in INLINE:
        inline.show(list(states(inline).values()))
    assert all_rows() == before


def test_the_projections_are_what_a_replay_makes(followed):
    for projection in PROJECTIONS:
        assert differences(projection) == []
    followed.go_on(20)
    for projection in PROJECTIONS:
        assert differences(projection) == [], "one that lags is compared at its own position"


def test_a_rebuilt_projection_has_the_same_rows(followed):
    for projection in PROJECTIONS:
        before = [list(table.objects.order_by("pk").values()) for table in projection.tables]
        rebuild(projection)
        assert [list(table.objects.order_by("pk").values()) for table in projection.tables] == before


# --- the commands of the operator -------------------------------------------------------------------------------------


def said(*words):
    out = StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


def test_compare_finds_nothing_in_an_honest_table(followed):
    lines = said("compare", "all").splitlines()
    assert lines == [f"{found.name}: replay and table are equal" for found in (*INLINE, *PROJECTIONS)]


SPOILT = [
    ("annotations", "update annotations set description = 'forged' where number = 1", "description: table 'forged'"),
    ("annotations", "delete from annotations where number = 1", "missing in the table"),
    ("annotations", "update verifications set verdict = 'x'", "verdict: table 'x'"),
    ("teams", "update members set role = 'nobody'", "role: table 'nobody'"),
    ("images", "update images set sha256 = 'x' where number = 1", "sha256: table 'x'"),
    ("image_progress", "update image_progress set annotated = annotated + 1", "annotated: table"),
    ("activity", "delete from activity where id = 1", "missing in the table"),
    ("activity", "insert into activity select 999999, scope_id, stream_id, version, name, by, at from activity limit 1",
     "not in the replay"),
]  # fmt: skip


def test_compare_finds_what_was_changed_by_hand_and_rebuild_mends_it(followed):
    for name, by_hand, found in SPOILT:
        raw(by_hand)
        out = StringIO()
        with pytest.raises(CommandError, match=r"differs?; `manage.py rebuild"):
            call_command("compare", name, stdout=out)
        assert found in out.getvalue()
        assert "rebuilt" in said("rebuild", name)
        assert "equal" in said("compare", name)


def test_the_operator_rebuilds_returns_and_gives_up_what_was_kept(followed):
    raw("update annotations set description = 'forged' where number = 1")
    told = said("rebuild", "annotations").splitlines()
    assert told[0].startswith("annotations: rebuilt up to position")
    assert (told[1], "description: table 'forged'" in told[2]) == (
        "annotations: 1 row differs from the rows before",
        True,
    )
    assert told[3].startswith("annotations: generation 2 is live, exchanged in")
    assert told[3].endswith("generation 1 is kept (`rebuild annotations --return`)")
    assert "generation 1 is live" in said("rebuild", "annotations", "--return")
    assert AnnotationRow.objects.filter(description="forged").count() == 1
    with pytest.raises(CommandError, match="no generation before it is kept"):
        call_command("rebuild", "activity", "--return")
    assert said("rebuild", "annotations", "--drop-old") == "annotations: generation 2 is dropped\n"
    assert said("rebuild", "annotations", "--drop-old") == "annotations: none is kept\n"
    assert "the new rows are thrown away" in said("rebuild", "annotations", "--only-if-equal")
    assert AnnotationRow.objects.filter(description="forged").count() == 1


def test_compare_leaves_everything_as_it_was(followed):
    raw("update annotations set description = 'forged' where number = 1")
    before, stood = all_rows(), places()
    for inline in INLINE:
        differences(inline)
    for projection in PROJECTIONS:
        differences(projection)
    assert (all_rows(), places()) == (before, stood)


def test_an_unknown_name_is_refused_with_the_names_there_are():
    with pytest.raises(CommandError, match="annotations"):
        call_command("rebuild", "nonsense")


def test_the_operator_sees_position_and_lag(followed):
    followed.place.draw()
    assert all("lag 1" in line for line in said("projections").splitlines())
