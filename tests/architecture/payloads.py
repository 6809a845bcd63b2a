"""Payloads made from a JSON Schema file: what a program of its time may have stored."""

import base64
from datetime import timedelta, timezone
from typing import Any

from hypothesis import strategies as st

Schema = dict[str, Any]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOST = 4
"""Items of an array that may be of any length."""


def payloads(schema: Schema) -> st.SearchStrategy[Any]:
    """Values that the schema allows; it may hold only what the schemas of events hold."""
    return _value(schema, schema.get("$defs", {}))


def _value(schema: Schema, known: Schema) -> st.SearchStrategy[Any]:
    if "$ref" in schema:
        return _value(known[schema["$ref"].rpartition("/")[2]], known)
    if "anyOf" in schema:
        return st.one_of([_value(one, known) for one in schema["anyOf"]])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    return KINDS[schema["type"]](schema, known) if "type" in schema else JSON


def _object(schema: Schema, known: Schema) -> st.SearchStrategy[Any]:
    fields = {name: _value(one, known) for name, one in schema.get("properties", {}).items()}
    if not fields:
        return st.dictionaries(st.text(max_size=5), JSON, max_size=3)
    required = schema.get("required", [])
    optional = {name: one for name, one in fields.items() if name not in required}
    return st.fixed_dictionaries({name: fields[name] for name in required}, optional=optional)


def _array(schema: Schema, known: Schema) -> st.SearchStrategy[Any]:
    if "prefixItems" in schema:
        return st.tuples(*(_value(one, known) for one in schema["prefixItems"])).map(list)
    least = schema.get("minItems", 0)
    return st.lists(
        _value(schema.get("items", {}), known), min_size=least, max_size=schema.get("maxItems", least + MOST)
    )


def _string(schema: Schema, _: Schema) -> st.SearchStrategy[Any]:
    match schema.get("format"):
        case "uuid":
            return st.uuids().map(str)
        case "date-time":
            return st.datetimes(timezones=ZONES).map(lambda moment: moment.isoformat())
    if "contentEncoding" in schema:
        return st.binary(max_size=20).map(lambda data: base64.b64encode(data).decode())
    return st.text(max_size=20)


KINDS = {
    "object": _object,
    "array": _array,
    "string": _string,
    "integer": lambda _, __: st.integers(-(2**53), 2**53),
    "number": lambda _, __: st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53),
    "boolean": lambda _, __: st.booleans(),
    "null": lambda _, __: st.none(),
}
