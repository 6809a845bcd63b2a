"""Splitting: the same features as a whole parser finds, however the file is laid out and wherever a block ends."""

import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exact.exchange.reading import features
from exact.exchange.reading.features import Features
from exact.exchange.reading.rows import Broken

TEXTS = st.text(st.sampled_from('ab"\\{}[]:, \n\té😀'), max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(TEXTS, JSON, max_size=4).filter(lambda found: "features" not in found)


class Blocks(io.BytesIO):
    """Gives at most so many bytes at once."""

    size = 2**20

    def read(self, size=-1):
        return super().read(min(size, self.size))


def split(text, block=2**20):
    source = Blocks(text if isinstance(text, bytes) else text.encode())
    source.size = block
    return list(Features(source))


@settings(max_examples=40)
@given(st.lists(JSON, max_size=5), st.sampled_from([None, 1]), st.integers(1, 40), st.booleans())
def test_a_collection_or_an_array_is_split_as_a_parser_would(found, indent, block, bare):
    whole = found if bare else {"type": "FeatureCollection", "x": {"features": [1]}, "features": found, "y": found}
    assert [json.loads(text) for text in split(json.dumps(whole, indent=indent), block)] == found


@settings(max_examples=40)
@given(st.lists(OBJECTS, max_size=5), st.sampled_from(["", "\n", "\x1e", "\r\n\x1e"]), st.integers(1, 40))
def test_features_one_after_the_other_are_split_as_a_parser_would(found, between, block):
    text = "".join(between + json.dumps(one, ensure_ascii=False) for one in found)
    assert [json.loads(text) for text in split(text, block)] == found


def test_what_is_wrong_inside_a_feature_does_not_disturb_the_others():
    assert split('[{"a": NaN}, {"b": [1, 2}, {"c": 1}]') == [b'{"a": NaN}', b'{"b": [1, 2}', b'{"c": 1}']


def test_a_comma_that_nothing_follows_is_a_feature_without_text():
    assert split("[{}, ]") == [b"{}", b""]


@pytest.mark.parametrize(
    "text",
    [
        "[{}",
        "[{},",
        '[{"a": "b',
        '{"features": [',
        '{"features": [{}]',
        '{"features',
        '{"a"',
        '{"a": ',
        '[{"a": {}',
        "[1",
    ],
)
def test_a_file_that_was_cut_off_is_not_taken_for_the_whole(text):
    with pytest.raises(Broken, match="ends in the middle"):
        split(text)


@pytest.mark.parametrize("text", ["[{} {}]", '{"a" 1}', "nothing", "[{}]]", '{"a": }', "[,]"])
def test_what_is_no_list_of_features_is_told_with_its_place(text):
    with pytest.raises(Broken, match="byte"):
        split(text)


def test_one_feature_cannot_fill_the_memory(monkeypatch):
    monkeypatch.setattr(features, "ROW_MAX_BYTES", 1000)
    with pytest.raises(Broken, match="larger than"):
        split('[{"a": "' + "x" * 5000, 100)
