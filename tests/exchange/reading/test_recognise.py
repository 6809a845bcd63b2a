"""What a file is, by its beginning."""

import io

import pytest

from exact.domain.errors import Invalid, Unsupported
from exact.exchange.reading.recognise import reader_named, recognised


def kind(text):
    return recognised(io.BufferedReader(io.BytesIO(text), 2**20))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (b'{"annotation_type": "a"}\n', "jsonl"),
        (b'\n\n  {"annotation_type": "Feature"}\n', "jsonl"),
        (b'{"broken": \n{}', "jsonl"),
        (b"[]", "geojson"),
        (b'{"type": "Feature"}', "geojson"),
        (b'\x1e{"type": "Feature"}\n', "geojson"),
        (b'{"exact": {}, "features": [\n', "geojson"),
    ],
)
def test_the_beginning_tells(text, name):
    assert kind(text) == name


def test_nothing_and_something_else_are_refused():
    with pytest.raises(Invalid, match="empty"):
        kind(b" \n")
    for other in (b"PK\x03\x04", b"<?xml", b"image,x,y\n"):
        with pytest.raises(Unsupported, match="must begin with"):
            kind(other)
    with pytest.raises(Unsupported, match="jsonl, geojson"):
        reader_named("xml")
