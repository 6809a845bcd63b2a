"""The example of docs/importing.md is imported as it stands there, and every member that it names is one."""

import re
from pathlib import Path

import pytest

from exact.exchange.imports import perform
from exact.exchange.reading.jsonl import Line
from exact.projections.annotations import AnnotationRow
from tests.builders import a_workplace
from tests.exchange.files import sent

PAGE = (Path(__file__).parents[2] / "docs" / "importing.md").read_text()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("services")
def test_the_example_is_imported_as_it_stands(tmp_path, settings):
    settings.IMPORTS = tmp_path / "imports"
    example = re.search(r"```json\n(.*?)```", PAGE, re.DOTALL)[1]
    run = sent(a_workplace(), example.encode(), image=None)
    perform(run.id)
    run.refresh_from_db()
    assert (run.state, run.rows_bad, run.rows_good) == ("complete", 0, len(example.splitlines()))
    assert AnnotationRow.objects.get(description="mitosis?").vector["points"] == [10000, 10000, 14000, 13000]


def test_every_member_of_a_line_is_told_and_no_other():
    table = re.search(r"## JSON lines.*?\n\n(\| member.*?)\n\n", PAGE, re.DOTALL)[1]
    named = {name for row in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", row.split("|")[1])}
    told_elsewhere = {"confidence"}
    assert named | told_elsewhere == set(Line.__struct_fields__)
