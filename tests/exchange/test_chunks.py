"""Chunks: the same rows give the same chunks, none too large, and what was written is read again."""

import io
from uuid import UUID

import pytest

from exact.domain.imports import ITEMS_MAX, ImportedItem
from exact.exchange import chunks
from exact.exchange.chunks import ChunkWriter, read_chunks, skip_chunks
from tests.builders import a_polygon

TYPE = UUID(int=5)


def an_item(line, **fields):
    return ImportedItem(line=line, annotation_type_id=TYPE, vector=a_polygon(), **fields)


def written(items):
    out = io.BytesIO()
    writer = ChunkWriter(out)
    for image, item in items:
        writer.add(UUID(int=image), item)
    writer.finish()
    return out.getvalue()


def read(data):
    return [(image.int, items) for image, items in read_chunks(io.BytesIO(data))]


def test_what_was_written_is_read_again():
    item = an_item(7, unique_identifier=UUID(int=9), description="ä", meta_data={"a": [1.5, None, {"b": 2**62}]})
    other = ImportedItem(line=9, annotation_type_id=TYPE, unique_identifier=UUID(int=8))
    data = written([(1, item), (2, an_item(8)), (1, other)])
    first, second = read(data)
    assert (first[0], second[0]) == (1, 2)
    assert [kept.line for kept in first[1]] == [7, 9]
    for name in item.__struct_fields__:
        assert getattr(first[1][0], name) == getattr(item, name)
    assert first[1][1].vector is None


def test_a_chunk_holds_identifiers_for_all_or_for_none():
    data = written((1, an_item(line, unique_identifier=UUID(int=9) if line % 3 else None)) for line in range(6))
    assert [[item.line for item in items] for _, items in read(data)] == [[0, 3], [1, 2, 4, 5]]


def test_no_chunk_holds_more_than_a_thousand():
    data = written((1, an_item(line)) for line in range(2 * ITEMS_MAX + 1))
    assert [len(items) for _, items in read(data)] == [ITEMS_MAX, ITEMS_MAX, 1]


def test_a_chunk_of_large_annotations_is_cut_earlier(monkeypatch):
    monkeypatch.setattr(chunks, "CHUNK_BYTES", 1000)
    data = written((1, an_item(line, description="x" * 300)) for line in range(6))
    assert [len(items) for _, items in read(data)] == [3, 3]


def test_many_images_do_not_fill_the_memory_and_lose_nothing(monkeypatch):
    monkeypatch.setattr(chunks, "WAITING_BYTES", 5000)
    items = [(line % 50, an_item(line)) for line in range(500)]
    data = written(items)
    found = read(data)
    assert len(found) > 50
    assert sorted(item.line for _, items in found for item in items) == list(range(500))
    assert all(item.line % 50 == image for image, items in found for item in items)
    assert written(items) == data


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_going_on_in_the_middle(count):
    data = written((image, an_item(image)) for image in range(3))
    file = io.BytesIO(data)
    skip_chunks(file, count)
    assert [image.int for image, _ in read_chunks(file)] == [0, 1, 2][count:]
