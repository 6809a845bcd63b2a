"""Generated files are what the code makes now, and the check says so when one is not."""

from pathlib import Path

import jsonschema
import pytest
from django.core.management import CommandError, call_command

from exact.operations import schema


def test_generated_files_are_up_to_date():
    assert [str(path) for path in schema.differing()] == []


@pytest.fixture
def elsewhere(tmp_path, monkeypatch) -> Path:
    """A folder with every generated file, which a test may spoil."""
    schema.write(tmp_path)
    monkeypatch.setattr(schema.differing, "__defaults__", (tmp_path,))
    return tmp_path


def test_the_check_names_the_file_that_differs(elsewhere):
    call_command("write_schema", "--check")
    (elsewhere / "docs" / "events.md").write_text("by hand")
    with pytest.raises(CommandError, match=r"docs/events\.md"):
        call_command("write_schema", "--check")


def test_the_check_names_the_file_that_is_missing(elsewhere):
    (elsewhere / "schema" / "events" / "golden" / "TeamFounded.v1.json").unlink()
    with pytest.raises(CommandError, match=r"golden/TeamFounded\.v1\.json"):
        call_command("write_schema", "--check")


def test_a_golden_file_is_never_written_again(tmp_path):
    golden = tmp_path / "schema" / "events" / "golden" / "TeamFounded.v1.json"
    golden.parent.mkdir(parents=True)
    golden.write_text("as it was published")
    schema.write(tmp_path)
    assert golden.read_text() == "as it was published"


def test_every_message_of_the_protocol_is_in_its_schema():
    made = schema.message_schema()
    tags = {
        part["properties"]["type"]["enum"][0] for part in made["$defs"].values() if "type" in part.get("properties", {})
    }
    server = {"welcome", "facts", "left", "heartbeat", "reset", "import", "delivery", "refused"}
    assert tags == {"hello", "ping", "presence"} | server
    jsonschema.validate({"type": "hello", "protocol": 1, "after": 0}, made)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"type": "hello"}, made)


def test_the_fixtures_hold_every_fact_of_an_annotation():
    from exact.domain import annotations
    from exact.domain.registry import facts_of

    names = {fact["name"] for history in schema.fixtures() for fact in history["facts"]}
    assert names == {kind.__name__ for kind in facts_of(annotations)}
