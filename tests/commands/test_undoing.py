"""Undo of every wish of every noun: it brings back what was, is undone itself, and leaves what others built on."""

from contextlib import suppress

import pytest

from exact.accounts.models import User
from exact.commands import annotation_types, annotations, dataset_versions, image_sets, images, products, teams
from exact.commands.batches import batch
from exact.commands.bus import Command, dispatch
from exact.commands.imports import RestoreImport, UndoImport
from exact.commands.undo import Undo
from exact.commands.undoing import NEEDS
from exact.datasets.freezing import Freeze, freeze
from exact.domain.annotations import Verdict
from exact.domain.compensations import COMPENSATIONS, LASTING
from exact.domain.errors import Forbidden, NotFound
from exact.domain.identifiers import new_id
from exact.domain.registry import FACTS
from exact.domain.teams import Role
from exact.domain.vectors import VectorType
from exact.eventstore import log
from exact.projections.models import AnnotationRow, TeamRow
from exact.projections.rebuilding import differences
from exact.projections.registry import INLINE
from tests.builders import a_box, a_polygon, a_type, a_workplace, an_import, register, someone

pytestmark = pytest.mark.django_db

PASSING = {"version", "content_version", "of_version", "edited_by", "edited_at", "at"}
"""Columns that tell how often and when, not what."""


def offered():
    """Everything that is to be seen: the rows of all nouns, without what was withdrawn, removed or dissolved."""
    models = [table for inline in INLINE if not inline.name.startswith("import") for table in inline.tables()]
    seen = {}
    for model in models:
        rows = [{name: row[name] for name in row if name not in PASSING} for row in model.objects.values()]
        seen[model.__name__] = [row for row in rows if not (row.get("withdrawn") or row.get("removed"))]
    lived = {row["team_id"] for row in seen["MemberRow"]}
    seen["TeamRow"] = [row for row in seen["TeamRow"] if row["id"] in lived]
    return {name: sorted(rows, key=lambda row: row["id"]) for name, rows in seen.items()}


def undone(answer, by):
    return dispatch(Undo(command_id=answer.command_id), by=by)


def kinds(answer):
    return [type(one.fact) for one in log.facts_of(answer.command_id)]


def taken_back(answer, before, by):
    """Undone, and the undo undone; answers which kinds of facts were taken back on the way."""
    after, seen, here = offered(), set(), answer
    for expected in (before, after):
        done = here
        here = undone(done, by)
        assert here.details["left"] == [], kinds(done)
        assert offered() == expected, kinds(done)
        for kind in kinds(done):
            assert set(kinds(here)) & set(COMPENSATIONS[kind].by), kind
        seen |= set(kinds(done)) | set(kinds(here))
    return seen


def tour(place, founder):
    """One wish after the other, each on the world that the ones before have left; some are granted by the server."""
    team, guest, image = {"team_id": place.team_id}, {"person_id": someone().person_id}, {"image_id": place.image_id}
    t, p, k, s, i, a, d = teams, products, annotation_types, image_sets, images, annotations, dataset_versions
    box, polygon = place.types[VectorType.BOUNDING_BOX], place.types[VectorType.POLYGON]
    mine, other = (
        {"annotation_id": place.draw().id},
        a_type(place.product_id, place.owner, VectorType.POLYGON, name="k"),
    )
    founded = yield t.FoundTeam(name="short"), founder
    yield t.DissolveTeam(team_id=founded), founder
    yield t.RestoreTeam(team_id=founded), founder
    yield t.RenameTeam(**team, name="renamed")
    yield t.AddMember(**team, **guest, role=Role.VIEWER)
    yield t.ChangeRole(**team, **guest, role=Role.VERIFIER)
    yield t.RemoveMember(**team, **guest)
    product = {"product_id": (yield p.CreateProduct(**team, name="new"))}
    yield p.ChangeProduct(**product, name="newer")
    yield p.WithdrawProduct(**product)
    yield p.RestoreProduct(**product)
    kind = {"annotation_type_id": (yield k.CreateAnnotationType(**product, name="new", vector_type=1))}
    yield k.ChangeAnnotationType(**kind, name="newer")
    yield k.WithdrawAnnotationType(**kind)
    yield k.RestoreAnnotationType(**kind)
    image_set = {"image_set_id": (yield s.CreateImageSet(**team, name="new"))}
    yield s.DescribeImageSet(**image_set, name="newer", description="d")
    yield s.AttachProduct(**image_set, **product)
    yield s.DetachProduct(**image_set, **product)
    yield s.WithdrawImageSet(**image_set)
    yield s.RestoreImageSet(**image_set)
    yield i.RenameImage(**image, name="renamed")
    yield i.WithdrawImage(**image)
    yield i.RestoreImage(**image)
    yield a.ReshapeAnnotation(**mine, vector=a_polygon(90))
    yield a.ReclassifyAnnotation(**mine, annotation_type_id=other)
    yield a.DescribeAnnotation(**mine, description="large")
    yield a.EditAnnotation(**mine, annotation_type_id=box, vector=a_box())
    yield a.VerifyAnnotation(**mine, verdict=Verdict.ACCEPTED)
    yield a.WithdrawVerification(**mine)
    yield a.RemoveAnnotation(**mine)
    yield a.RestoreAnnotation(**mine)
    drawing = a.DrawAnnotation(**image, annotation_type_id=polygon, vector=a_polygon())
    yield batch([drawing, i.RenameImage(**image, name="named twice"), drawing])
    yield lambda: register(place.image_set_id, place.owner, "another")
    version = yield lambda: freeze(Freeze(name="nuclei", image_set_ids=(place.image_set_id,)), by=place.owner)
    yield d.WithdrawDatasetVersion(dataset_version_id=version, reason="wrong")
    yield d.ReinstateDatasetVersion(dataset_version_id=version)
    import_id = {"import_id": an_import(place)}
    yield UndoImport(**import_id)
    yield RestoreImport(**import_id)


@pytest.mark.django_db(transaction=True)
def test_whatever_was_done_is_taken_back_and_the_undo_of_it_too():
    place, founder = a_workplace(), someone()
    wishes, seen, answer = tour(place, founder), set(), None
    with suppress(StopIteration):
        while True:
            asked = wishes.send(answer and answer.id)
            wish, by = asked if isinstance(asked, tuple) else (asked, place.owner)
            before = offered()
            answer = dispatch(wish, by=by) if isinstance(wish, Command) else wish()
            seen |= taken_back(answer, before, by)
    assert {kind.__name__ for kind in set(FACTS.values()) - seen} == OF_RUNNING_IMPORTS
    assert all(differences(inline) == [] for inline in INLINE)


@pytest.mark.django_db(transaction=True)
def test_a_whole_piece_of_work_is_undone_at_once_and_brought_back_at_once():
    place, work, answer = a_workplace(), new_id(), None
    wishes = tour(place, someone())
    asked = next(wishes)
    before = offered()
    while not callable(asked):
        if isinstance(asked, Command):
            answer = dispatch(asked, by=place.owner, correlation_id=work)
        asked = wishes.send(answer and answer.id)
    after = offered()
    undo = dispatch(Undo(correlation_id=work), by=place.owner)
    assert (undo.details["left"], offered()) == ([], before)
    redo = undone(undo, place.owner)
    assert (redo.details["left"], offered()) == ([], after)
    assert all(differences(inline) == [] for inline in INLINE)


OF_RUNNING_IMPORTS = {"ImportStarted", "ImportCancelled", "AnnotationsImported", "ImportedAnnotationsShown",
                      "ImportCompleted"}  # fmt: skip
"""What is not taken back twice: see below."""


def test_every_fact_has_what_takes_it_back_or_a_reason_why_not():
    assert set(FACTS.values()) == set(COMPENSATIONS) | set(LASTING)
    assert not set(COMPENSATIONS) & set(LASTING)
    assert set(NEEDS) == set(FACTS.values())
    assert all(set(one.by) <= set(FACTS.values()) for one in COMPENSATIONS.values())


def left_of(answer):
    return [(one["name"], one["code"], one["reason"]) for one in answer.details["left"]]


def test_what_others_have_built_on_stays_with_a_sentence():
    place = a_workplace()
    team, owner, member = {"team_id": place.team_id}, place.owner, place.member(Role.ADMIN)
    product = dispatch(products.CreateProduct(**team, name="new"), by=owner)
    kind = dispatch(annotation_types.CreateAnnotationType(product_id=product.id, name="k", vector_type=5), by=member)
    image_set = dispatch(image_sets.CreateImageSet(**team, name="new"), by=owner)
    attached = dispatch(image_sets.AttachProduct(image_set_id=image_set.id, product_id=product.id), by=owner)
    image = register(image_set.id, owner)
    where = {"image_id": image.id, "annotation_type_id": kind.id}
    drawn = dispatch(annotations.DrawAnnotation(**where, vector=a_polygon()), by=member)
    built = [
        (product, None, "Annotation types were added to the product since."),
        (kind, member, "Somebody has drawn with this type since."),
        (attached, member, "Somebody has drawn with the product's types on this set since."),
        (image, member, "Somebody has drawn on the image since."),
        (image_set, owner, "Somebody changed it since."),
    ]
    head = log.head()
    for done, who, sentence in built:
        answer = undone(done, owner)
        assert (answer.details["undone"], [reason for _, _, reason in left_of(answer)]) == (0, [sentence])
        assert answer.details["left"][0].get("changed_by") == (str(who.person_id) if who else None)
    assert log.head() == head
    for done in (drawn, image, attached, kind, product):
        assert undone(done, owner).details["left"] == []
    assert undone(image_set, owner).details["left"] == []


def test_work_on_what_was_restored_keeps_it_there():
    place = a_workplace()
    image, image_set = {"image_id": place.image_id}, {"image_set_id": place.image_set_id}
    for withdraw, restore, work, sentence in (
        (images.WithdrawImage(**image), images.RestoreImage(**image),
         place.draw, "Somebody has drawn on the image since."),
        (image_sets.WithdrawImageSet(**image_set), image_sets.RestoreImageSet(**image_set),
         lambda: place.image("another"), "Images were added to the set since."),
    ):  # fmt: skip
        dispatch(withdraw, by=place.owner)
        restored = dispatch(restore, by=place.owner)
        work()
        assert [reason for _, _, reason in left_of(undone(restored, place.owner))] == [sentence]


def test_what_has_taken_a_name_meanwhile_keeps_it():
    place = a_workplace()
    name = TeamRow.objects.get(id=place.team_id).name
    renamed = dispatch(teams.RenameTeam(team_id=place.team_id, name="renamed"), by=place.owner)
    dispatch(teams.FoundTeam(name=name), by=someone())
    assert left_of(undone(renamed, place.owner)) == [
        ("TeamRenamed", "name_taken", "Another team has this name; choose another.")
    ]


@pytest.mark.django_db(transaction=True)
def test_work_on_many_nouns_is_undone_by_its_correlation_id_in_the_right_order():
    place, work = a_workplace(), new_id()
    before = offered()

    def did(wish):
        return dispatch(wish, by=place.owner, correlation_id=work).id

    product = did(products.CreateProduct(team_id=place.team_id, name="new"))
    kind = did(annotation_types.CreateAnnotationType(product_id=product, name="k", vector_type=5))
    did(image_sets.AttachProduct(image_set_id=place.image_set_id, product_id=product))
    where = {"image_id": place.image_id, "annotation_type_id": kind}
    did(batch([annotations.DrawAnnotation(**where, vector=a_polygon()) for _ in range(3)]))
    did(images.WithdrawImage(image_id=place.image_id))
    did(image_sets.WithdrawImageSet(image_set_id=place.image_set_id))
    answer = dispatch(Undo(correlation_id=work), by=place.owner)
    assert answer.details == {"undone": 8, "left_count": 0, "left": []}
    assert offered() == before
    assert undone(answer, place.owner).details["left"] == []
    assert AnnotationRow.objects.filter(removed=False).count() == 3
    assert all(differences(inline) == [] for inline in INLINE)


def test_undo_needs_the_right_to_do_what_takes_the_fact_back():
    place = a_workplace()
    annotator, admin = place.member(Role.ANNOTATOR), place.member(Role.ADMIN)
    uploaded = register(place.image_set_id, annotator, "mine")
    with pytest.raises(Forbidden, match="manage_images"):
        undone(uploaded, annotator)
    renamed = dispatch(teams.RenameTeam(team_id=place.team_id, name="renamed"), by=place.owner)
    with pytest.raises(Forbidden, match="manage_team"):
        undone(renamed, admin)
    with pytest.raises(NotFound):
        undone(renamed, someone())
    assert undone(uploaded, admin).details["undone"] == 1


def test_what_strangers_did_under_the_same_correlation_id_does_not_exist_for_me():
    mine, strange, work = a_workplace(), a_workplace(), new_id()
    for place in (mine, strange):
        dispatch(teams.RenameTeam(team_id=place.team_id, name=f"{work}{place.image_number}"[-50:]),
                 by=place.owner, correlation_id=work)  # fmt: skip
    name = TeamRow.objects.get(id=strange.team_id).name
    assert dispatch(Undo(correlation_id=work), by=mine.owner).details == {"undone": 1, "left_count": 0, "left": []}
    assert TeamRow.objects.get(id=strange.team_id).name == name
    with pytest.raises(NotFound):
        dispatch(Undo(correlation_id=work), by=someone())


def test_my_own_work_in_a_team_that_i_have_left_stays_and_is_told():
    mine, left, work = a_workplace(), a_workplace(), new_id()
    of_me = {"team_id": left.team_id, "person_id": mine.owner.person_id}
    dispatch(teams.AddMember(**of_me, role=Role.ANNOTATOR), by=left.owner)
    for place in (mine, left):
        kind = place.types[VectorType.POLYGON]
        drawing = annotations.DrawAnnotation(image_id=place.image_id, annotation_type_id=kind, vector=a_polygon())
        dispatch(drawing, by=mine.owner, correlation_id=work)
    dispatch(teams.RemoveMember(**of_me), by=left.owner)
    answer = dispatch(Undo(correlation_id=work), by=mine.owner)
    assert (answer.details["undone"], left_of(answer)) == (
        1, [("AnnotationDrawn", "not_found", "You are not in its team any more.")]
    )  # fmt: skip


def test_an_administrator_makes_no_owner_by_undoing():
    place = a_workplace()
    admin, other = place.member(Role.ADMIN), place.member(Role.OWNER)
    of_other = {"team_id": place.team_id, "person_id": other.person_id}
    demoted = dispatch(teams.ChangeRole(**of_other, role=Role.VIEWER), by=place.owner)
    assert [code for _, code, _ in left_of(undone(demoted, admin))] == ["owner_only"]
    removed = dispatch(teams.RemoveMember(**of_other), by=place.owner)
    assert undone(removed, admin).details["undone"] == 1
    User.objects.filter(person_id=other.person_id).update(is_active=False)
    removed = dispatch(teams.RemoveMember(**of_other), by=place.owner)
    assert [code for _, code, _ in left_of(undone(removed, place.owner))] == ["unknown_person"]


# --- imports ----------------------------------------------------------------------------------------------------------


def steps_of(import_id):
    """The commands of an import, in their order."""
    return log.together(import_id)


def alive():
    return AnnotationRow.objects.filter(removed=False).count()


@pytest.mark.parametrize("step", range(3))
def test_an_import_is_undone_as_a_whole_by_any_of_its_commands(step):
    place = a_workplace()
    steps = steps_of(an_import(place))
    assert len(steps) == 3
    answer = dispatch(Undo(command_id=steps[step]), by=place.owner)
    assert (answer.details, alive()) == ({"undone": 1, "left_count": 0, "left": []}, 0)
    again = dispatch(Undo(command_id=steps[step]), by=place.owner)
    assert [reason for _, _, reason in left_of(again)] == ["It is as it was before already."]
    assert undone(answer, place.owner).details["left"] == []
    assert alive() == 3


@pytest.mark.django_db(transaction=True)
def test_an_import_is_undone_by_its_id_and_says_what_people_have_touched():
    place = a_workplace()
    import_id = an_import(place)
    touched = AnnotationRow.objects.first().id
    dispatch(annotations.DescribeAnnotation(annotation_id=touched, description="mine"), by=place.owner)
    answer = dispatch(Undo(correlation_id=import_id), by=place.owner)
    assert (answer.details["undone"], answer.details["left_count"], alive()) == (1, 1, 1)
    [left] = answer.details["left"]
    assert (left["stream_id"], left["code"], left["count"]) == (str(import_id), "kept", 1)
    assert left["reason"] == "1 of its annotations stay: people have worked on them since."
    assert all(differences(inline) == [] for inline in INLINE)


def test_an_import_under_way_is_cancelled_and_stays_so():
    place = a_workplace()
    import_id = an_import(place, "running")
    answer = dispatch(Undo(correlation_id=import_id), by=place.owner)
    assert kinds(answer) == [FACTS["ImportCancelled"]]
    assert [reason for _, _, reason in left_of(undone(answer, place.owner))] == [*LASTING.values()]


def test_others_imports_need_the_right_to_undo_others_work():
    place = a_workplace()
    import_id, annotator = an_import(place), place.member(Role.ANNOTATOR)
    with pytest.raises(Forbidden, match="undo_others"):
        dispatch(Undo(correlation_id=import_id), by=annotator)
    own = an_import(place, by=annotator)
    assert dispatch(Undo(correlation_id=own), by=annotator).details["undone"] == 1
