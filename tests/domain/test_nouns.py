"""Teams, products, types, sets, images, dataset versions: what is granted, what changes nothing, what is refused."""

import pytest
from msgspec.structs import replace

from exact.domain import products
from exact.domain.annotation_types import Style, checked_style
from exact.domain.errors import Conflict, Invalid, NotFound, StaleVersion
from exact.domain.registry import FACTS, NOUNS, facts_of, fold
from exact.domain.streams import checked_name, checked_text, first
from exact.domain.teams import MemberAdded, MemberRemoved, Role, RoleChanged, TeamFounded, TeamRenamed
from exact.operations import examples
from exact.operations.examples import ANNA, BEN, CEM, DATASET, PRODUCT, TEAM, a_stamp

NOW = a_stamp(100)


def born(name):
    """The state after the first fact of that name."""
    return fold(None, [examples.facts()[name]])


@pytest.fixture
def team():
    return born("TeamFounded")


# --- teams ------------------------------------------------------------------------------------------------------------


def test_whoever_founds_a_team_owns_it(team):
    assert (team.member(ANNA).role, team.version, team.name) == (Role.OWNER, 1, "Pathology")


def test_members_come_change_and_go(team):
    facts = team.add(BEN, Role.VIEWER, 2, NOW)
    facts += fold(team, facts).change_role(BEN, Role.OWNER, NOW)
    facts += fold(team, facts).remove(ANNA, NOW)
    assert [type(fact) for fact in facts] == [MemberAdded, RoleChanged, MemberRemoved]
    assert [(m.person_id, m.role) for m in fold(team, facts).members] == [(BEN, Role.OWNER)]


def test_nobody_is_in_a_team_twice(team):
    with pytest.raises(Conflict, match="already"):
        team.add(ANNA, Role.VIEWER, 2, NOW)


def test_the_last_owner_stays_owner(team):
    for wish in (lambda: team.remove(ANNA, NOW), lambda: team.change_role(ANNA, Role.ADMIN, NOW)):
        with pytest.raises(Conflict) as refusal:
            wish()
        assert refusal.value.code == "last_owner"
    assert team.change_role(ANNA, Role.OWNER, NOW) == []


def test_a_stranger_has_no_role_to_change(team):
    for wish in (lambda: team.remove(CEM, NOW), lambda: team.change_role(CEM, Role.ADMIN, NOW)):
        with pytest.raises(NotFound):
            wish()


def test_a_name_that_stays_is_no_fact(team):
    assert team.rename(" Pathology ", NOW) == []
    assert isinstance(team.rename("Other", NOW)[0], TeamRenamed)
    assert isinstance(examples.facts()["TeamFounded"], TeamFounded)


# --- names and texts --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", ["", "   ", "\t", "a\nb", "a\x00b", "a\x7fb", "x" * 257])
def test_a_name_has_printable_characters(bad):
    with pytest.raises(Invalid):
        checked_name(bad)


def test_a_name_loses_the_blanks_at_its_ends():
    assert checked_name("  Größe 7 µm  ") == "Größe 7 µm"
    assert checked_name("x" * 256)


def test_a_text_may_have_lines_but_no_nul():
    assert checked_text("a\nb") == "a\nb"
    for bad in ("\x00", "x" * 4001):
        with pytest.raises(Invalid):
            checked_text(bad)


# --- what can be withdrawn --------------------------------------------------------------------------------------------

CHANGES = {
    "ProductCreated": lambda found: found.change("other", "", NOW),
    "AnnotationTypeCreated": lambda found: found.change(Style(name="other"), NOW),
    "ImageSetCreated": lambda found: found.describe("other", "", NOW),
    "ImageRegistered": lambda found: found.rename("other", NOW),
}


@pytest.mark.parametrize("birth", CHANGES)
def test_what_was_withdrawn_cannot_change_and_is_withdrawn_once(birth):
    found = born(birth)
    gone = fold(found, found.withdraw("why", NOW))
    assert gone.withdrawn
    assert gone.withdraw("again", NOW) == []
    with pytest.raises(Conflict) as refusal:
        CHANGES[birth](gone)
    assert refusal.value.code == "withdrawn"


@pytest.mark.parametrize("birth", CHANGES)
def test_a_change_is_one_fact_and_the_same_change_none(birth):
    found = born(birth)
    [fact] = CHANGES[birth](found)
    changed = fold(found, [fact])
    assert changed.version == 2
    assert CHANGES[birth](changed) == []


@pytest.mark.parametrize("birth", [*CHANGES, "TeamFounded", "DatasetVersionFrozen"])
def test_whoever_names_a_version_names_the_newest(birth):
    found = born(birth)
    found.refuse_stale(None)
    found.refuse_stale(1)
    for other in (0, 2):
        with pytest.raises(StaleVersion) as refusal:
            found.refuse_stale(other)
        assert refusal.value.details == {"expected": other, "version": 1, "current": found}


# --- types, sets, images, versions ------------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", ["red", "#12345", "#1234567", "#12345g", "123456", ""])
def test_a_colour_is_six_digits(bad):
    with pytest.raises(Invalid):
        checked_style(Style(name="a", color_code=bad))


@pytest.mark.parametrize("bad", [{"default_width": 0}, {"default_height": -1}, {"node_count": -1}, {"name": "x" * 51}])
def test_a_style_has_sizes(bad):
    with pytest.raises(Invalid):
        checked_style(replace(Style(name="a"), **bad))


def test_a_product_is_attached_once_and_detached_once():
    found = born("ImageSetCreated")
    assert found.detach(PRODUCT, NOW) == []
    attached = fold(found, found.attach(PRODUCT, NOW))
    assert attached.product_ids == (PRODUCT,)
    assert attached.attach(PRODUCT, NOW) == []
    assert fold(attached, attached.detach(PRODUCT, NOW)).product_ids == ()


def test_a_dataset_version_keeps_the_reason_of_its_withdrawal():
    found = born("DatasetVersionFrozen")
    gone = fold(found, found.withdraw("wrong patient", NOW))
    assert (gone.withdrawn, gone.reason, gone.definition) == (True, "wrong patient", found.definition)
    assert gone.withdraw("again", NOW) == []


# --- every noun -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("noun", NOUNS, ids=lambda noun: noun.__name__)
def test_a_noun_refuses_to_fold_the_facts_of_another(noun):
    mine = [examples.facts()[kind.__name__] for kind in facts_of(noun)]
    other = examples.facts()["ProductChanged" if noun is not products else "TeamRenamed"]
    with pytest.raises(TypeError, match="is no fact of"):
        noun.evolve(noun.evolve(None, mine[0]), other)


@pytest.mark.parametrize("name", FACTS)
def test_every_example_follows_from_its_stream(name):
    fact = examples.facts()[name]
    assert fact.originator_version >= 1
    assert fact.at.tzinfo is not None


def test_nothing_folds_to_nothing():
    assert fold(None, []) is None


def test_a_stamp_stands_in_the_fact():
    stamp = a_stamp(7, BEN, correlation_id=DATASET)
    fact = first(products.ProductCreated, PRODUCT, stamp, number=1, team_id=TEAM, name="a")
    assert (fact.by, fact.at, fact.correlation_id, fact.causation_id) == (BEN, stamp.at, DATASET, None)
