"""Every fact keeps its promises: a sentence, a schema, a golden file that is read for ever, a noun, an own name."""

import hashlib
import inspect
import json
from pathlib import Path

import jsonschema
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings

from exact.domain.facts import Fact
from exact.domain.registry import EVOLVE, FACTS, NOUNS, facts_of
from exact.eventstore.log import log
from exact.eventstore.mapper import ENCODER, decode, topic_of
from exact.eventstore.topics import to_columns
from exact.eventstore.upcasters import UPCASTERS, upcast
from exact.operations import examples, schema
from tests.architecture.payloads import payloads

SCHEMAS = schema.ROOT / "schema" / "events"
GOLDENS = sorted((SCHEMAS / "golden").glob("*.json"))
EACH_FACT = pytest.mark.parametrize("kind", FACTS.values(), ids=FACTS)
EACH_SCHEMA = pytest.mark.parametrize("path", sorted(SCHEMAS.glob("*.json")), ids=lambda path: path.stem)
EACH_GOLDEN = pytest.mark.parametrize("golden", GOLDENS, ids=lambda path: path.stem)


def all_kinds(kind: type[Fact] = Fact) -> set[type[Fact]]:
    """Every subclass, registered or not."""
    return {found for child in kind.__subclasses__() for found in {child, *all_kinds(child)}}


def parts(golden: Path) -> tuple[str, int]:
    """Name and schema version, from the name of the file."""
    name, _, version = golden.stem.rpartition(".v")
    return name, int(version)


def test_every_fact_is_registered_under_a_name_of_its_own():
    ours = [kind for kind in all_kinds() if kind.__module__.startswith("exact.")]
    assert sorted(kind.__name__ for kind in ours) == sorted(FACTS)


@EACH_FACT
def test_a_fact_says_in_a_sentence_what_happened(kind):
    assert inspect.getdoc(kind) != inspect.getdoc(Fact)
    assert (kind.__doc__ or "").strip().endswith(".")


@EACH_FACT
def test_a_fact_belongs_to_one_noun_that_folds_it(kind):
    assert sum(kind in facts_of(noun) for noun in NOUNS) == 1
    assert kind in EVOLVE


@EACH_FACT
def test_a_fact_has_a_schema_and_a_golden_file(kind):
    assert schema.event_path(kind, str(SCHEMAS)).read_text() == schema.pretty(schema.event_schema(kind))
    assert schema.event_path(kind, str(SCHEMAS / "golden")).exists()


@EACH_FACT
def test_every_older_version_has_a_golden_file_and_an_upcaster(kind):
    for version in range(1, kind.SCHEMA):
        assert (SCHEMAS / "golden" / f"{kind.__name__}.v{version}.json").exists()
        assert (SCHEMAS / f"{kind.__name__}.v{version}.json").exists()
        assert (kind.__name__, version) in UPCASTERS


@EACH_FACT
def test_a_fact_survives_its_own_round_trip(kind):
    fact = examples.facts()[kind.__name__]
    mapper = log().mapper
    again = mapper.to_domain_event(mapper.to_stored_event(fact))
    assert again == fact
    assert type(again) is kind
    assert decode(*to_columns(topic_of(fact)), ENCODER.encode(fact)) == fact


@EACH_GOLDEN
def test_a_golden_file_is_read_for_ever(golden):
    name, version = parts(golden)
    stored = golden.read_bytes().removesuffix(b"\n")
    fact = decode(name, version, stored)
    if version == FACTS[name].SCHEMA:
        assert ENCODER.encode(fact) == stored
    else:
        newest = upcast(name, version, FACTS[name].SCHEMA, json.loads(stored))
        assert msgspec.to_builtins(fact) == msgspec.to_builtins(msgspec.convert(newest, FACTS[name]))


@EACH_GOLDEN
def test_a_golden_file_is_what_its_schema_says(golden):
    rules = json.loads((SCHEMAS / golden.name).read_text())
    jsonschema.validate(json.loads(golden.read_text()), rules, format_checker=jsonschema.FormatChecker())


@EACH_SCHEMA
def test_whatever_an_old_schema_allows_is_read_as_the_newest(path):
    name, version = parts(path)
    kind = FACTS[name]
    newest = jsonschema.Draft202012Validator(
        json.loads((SCHEMAS / f"{name}.v{kind.SCHEMA}.json").read_text()), format_checker=jsonschema.FormatChecker()
    )

    @given(payloads(json.loads(path.read_text())))
    @settings(max_examples=10, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    def is_read(stored):
        fact = decode(name, version, json.dumps(stored).encode())
        assert type(fact) is kind
        newest.validate(json.loads(ENCODER.encode(fact)))

    is_read()


def test_a_withdrawal_of_before_was_the_author_s_own():
    stored = (SCHEMAS / "golden" / "VerificationWithdrawn.v1.json").read_bytes()
    fact = decode("VerificationWithdrawn", 1, stored)
    assert fact.person_id == fact.by


def test_a_field_nobody_knows_is_left_alone():
    """An older program reads what a newer one has stored in the same version, with a field more."""
    stored = json.loads((SCHEMAS / "golden" / "TeamRenamed.v1.json").read_text())
    assert decode("TeamRenamed", 1, json.dumps(stored | {"later": 1}).encode()).name == stored["name"]


def test_a_published_file_never_changes():
    for name, sha256 in schema.published().items():
        assert hashlib.sha256((SCHEMAS / name).read_bytes()).hexdigest() == sha256, f"{name} was published"


@EACH_FACT
def test_an_older_version_is_published_with_its_golden_file(kind):
    for version in range(1, kind.SCHEMA):
        name = f"{kind.__name__}.v{version}.json"
        assert {name, f"golden/{name}"} <= schema.published().keys()


def test_there_is_no_file_without_a_fact():
    for path in [*SCHEMAS.glob("*.json"), *GOLDENS]:
        name, version = parts(path)
        assert version <= FACTS[name].SCHEMA
