"""manage.py import_annotations: the same import as by REST, in this process, told in lines for people."""

import io

import pytest
from django.core.management import call_command

from exact.accounts.models import User
from exact.domain.errors import Forbidden, Invalid, NotFound
from exact.domain.teams import Role
from exact.eventstore.log import head
from exact.projections.annotations import AnnotationRow
from exact.projections.image_sets import ImageSetRow
from exact.projections.imports import ImportRow
from tests.builders import a_workplace
from tests.exchange.files import a_row, crossing, jsonl

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("services")]


class Terminal(io.StringIO):
    """Somebody looks at it."""

    def isatty(self):
        return True


class Shell:
    """Somebody at the command line of the server."""

    def __init__(self, folder):
        self.place, self.folder = a_workplace(), folder
        self.out, self.err = io.StringIO(), io.StringIO()

    def run(self, *rows, by=None, **options):
        file = self.folder / "cells.jsonl"
        file.write_bytes(jsonl(*rows))
        name = User.objects.get(person_id=(by or self.place.owner).person_id).username
        options = {"image": self.place.image_number, "by": name, **options}
        try:
            call_command("import_annotations", str(file), stdout=self.out, stderr=self.err, **options)
        except SystemExit as end:
            return end.code
        return 0


@pytest.fixture
def shell(tmp_path, settings):
    settings.IMPORTS = tmp_path / "imports"
    return Shell(tmp_path)


def test_good_rows_are_imported_for_the_person_who_is_named(shell):
    parameters = '{"threshold": 0.5}'
    assert shell.run(a_row(1), a_row(2), source="a model", model="m", model_digest="d", parameters=parameters) == 0
    row = ImportRow.objects.get()
    assert shell.out.getvalue() == f"2 annotations imported as {row.id}.\n"
    assert (row.source, row.model, row.model_digest, row.parameters) == ("a model", "m", "d", {"threshold": 0.5})
    assert {one.created_by for one in AnnotationRow.objects.all()} == {shell.place.owner.person_id}


def test_a_refused_file_is_told_as_a_table_and_ends_with_one(shell):
    before = head()
    assert shell.run(a_row(1), crossing(), a_row(3, annotation_type="nothing")) == 1
    said = shell.err.getvalue().splitlines()
    assert said[0] == "2 of 3 rows are bad; nothing was imported."
    assert said[1].split()[:2] == ["2", "vector_crosses_itself"]
    assert said[2].split()[:2] == ["3", "annotation_type_unknown"]
    assert said[3].startswith("All bad rows with their reasons: ")
    assert head() == before


def test_of_many_bad_rows_the_first_are_told_and_all_are_counted(shell):
    assert shell.run(*(crossing() for _ in range(30)), {"annotation_type": "nothing"}) == 1
    said = shell.err.getvalue().splitlines()
    assert len(said) == 1 + 20 + 2
    assert said[-2] == "in all: 30 vector_crosses_itself, 1 annotation_type_unknown"


def test_bad_rows_may_be_set_aside(shell):
    assert shell.run(a_row(1), crossing(), set_aside=True) == 0
    assert AnnotationRow.objects.count() == 1
    assert "vector_crosses_itself" in shell.err.getvalue()


def test_at_a_terminal_one_line_tells_how_far_it_is(shell):
    shell.out = Terminal()
    assert shell.run(a_row(1)) == 0
    line = shell.out.getvalue().split("\n")[0]
    assert line.split("\r")[-1].split()[1:3] == ["100%", "complete"]


def test_rows_may_name_their_images_when_the_set_is_given(shell):
    number = ImageSetRow.objects.get().number
    assert shell.run(a_row(1, image=shell.place.image_number), image=None, image_set=number) == 0


def test_what_is_not_there_and_what_is_not_allowed_is_one_sentence(shell):
    viewer = shell.place.member(Role.VIEWER)
    for options, error in [
        ({"by": viewer}, Forbidden),
        ({"image": 999}, NotFound),
        ({"image": None}, Invalid),
        ({"image": None, "image_set": 999}, NotFound),
        ({"parameters": "[1]"}, Invalid),
    ]:
        with pytest.raises(error):
            shell.run(a_row(1), **options)
    with pytest.raises(NotFound, match="nobody called"):
        call_command("import_annotations", "x", image=1, by="nobody")
    name = User.objects.get(person_id=shell.place.owner.person_id).username
    with pytest.raises(NotFound, match="no file"):
        call_command("import_annotations", str(shell.folder / "x"), image=shell.place.image_number, by=name)
    assert not ImportRow.objects.exists()
