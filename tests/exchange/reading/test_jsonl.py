"""JSON lines: every line is an annotation or is told by its number, and nothing is guessed."""

import gzip
import io
import json
from uuid import UUID

import pytest

from exact.exchange.reading import jsonl
from exact.exchange.reading.rows import ROW_MAX_BYTES, Bad, Broken, Form
from exact.exchange.reading.unpacked import opened


def read(text):
    data = text if isinstance(text, bytes) else text.encode()
    return list(jsonl.rows(io.BufferedReader(io.BytesIO(data))))


def the_row(text):
    (row,) = read(text)
    return row


def the_problem(text):
    row = the_row(text + "\n")
    assert isinstance(row, Bad), row
    return row.code


def test_points_are_pairs_of_pixels_and_everything_else_may_be_left_out():
    row = the_row('{"annotation_type": "nucleus", "points": [[1, 2], [3.25, 4], [5, 6e0]]}\n')
    assert row.shape.form is Form.POINTS
    assert row.shape.coordinates == [1, 2, 3.25, 4, 5, 6]
    assert (row.line, row.image, row.annotation_type) == (1, None, "nucleus")
    assert (row.unique_identifier, row.description, row.meta_data) == (None, "", None)


def test_the_ancestors_vector_may_stand_in_any_order_and_hold_frame_and_plane():
    row = the_row('{"vector": {"frame": 3, "y2": 4, "x1": 1, "plane": 1, "x2": 3, "y1": 2}}')
    assert row.shape.coordinates == [1, 2, 3, 4]
    assert (row.shape.frame, row.shape.plane) == (3, 1)


def test_frame_and_plane_beside_the_points_count():
    shape = the_row('{"points": [[1, 2]], "frame": 4, "plane": 2}').shape
    assert (shape.frame, shape.plane) == (4, 2)


def test_a_vector_of_null_says_that_the_type_is_not_in_the_image():
    assert the_row('{"vector": null}').shape is None
    assert the_row("{}").shape.coordinates == []


def test_image_and_type_are_numbers_names_or_uuids():
    rows = read('{"image": 7, "annotation_type": "7"}\n{"image": "a.svs", "annotation_type": 9}\n')
    assert [(row.image, row.annotation_type) for row in rows] == [(7, "7"), ("a.svs", 9)]


def test_confidence_is_kept_among_the_clients_own_data():
    row = the_row(json.dumps({"confidence": 0.5, "meta_data": {"a": 1}, "unique_identifier": str(UUID(int=5))}))
    assert row.meta_data == {"a": 1, "confidence": 0.5}
    assert row.unique_identifier == UUID(int=5)


def test_empty_lines_are_counted_but_are_no_rows():
    rows = read("\n{}\r\n   \r\n\t\n{}")
    assert [row.line for row in rows] == [2, 5]


def test_a_bad_line_is_told_with_its_number_and_the_next_is_read():
    rows = read('{}\n{"points": [[1, NaN]]}\n{}\n')
    assert [type(row).__name__ for row in rows] == ["Row", "Bad", "Row"]
    assert rows[1].line == 2
    assert "NaN" in rows[1].sentence


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"points": [[1, Infinity]]}', "not_json"),
        ('{"points": [[1, 2],]}', "not_json"),
        ('{"points": [[1, 2]]} {}', "not_json"),
        ("[]", "row_invalid"),
        ("12", "row_invalid"),
        ('"text"', "row_invalid"),
        ("not json", "not_json"),
        ('{"points": [[1, 1e999]]}', "row_invalid"),
        ('{"points": [[1, true]]}', "row_invalid"),
        ('{"points": [["1", 2]]}', "row_invalid"),
        ('{"points": [[1, null]]}', "row_invalid"),
        ('{"points": [[1, 2, 3]]}', "row_invalid"),
        ('{"points": [1, 2]}', "row_invalid"),
        ('{"points": [[1, 2]], "vector": {"x1": 1, "y1": 1}}', "row_invalid"),
        ('{"vector": {"x1": 1, "y1": 2, "x3": 1, "y3": 2}}', "vector_shape"),
        ('{"vector": {"x1": 1}}', "vector_shape"),
        ('{"vector": {"x1": 1, "y1": 1, "frame": 1.5}}', "row_invalid"),
        ('{"vector": {"x1": "1", "y1": 2}}', "row_invalid"),
        ('{"vector": [1, 2]}', "row_invalid"),
        ('{"unique_identifier": "no uuid"}', "row_invalid"),
        ('{"unique_identifier": 5}', "row_invalid"),
        ('{"meta_data": []}', "row_invalid"),
        ('{"meta_data": {"a": NaN}}', "not_json"),
        ('{"description": 5}', "row_invalid"),
        ('{"confidence": "high"}', "row_invalid"),
        ('{"desription": "misspelt"}', "row_invalid"),
        ('{"meta_data": ' + '{"a":' * 5000 + "1" + "}" * 5001, "row_invalid"),
        ('{"description": "\\ud800"}', "not_json"),
        ('{"description": "a\tb"}', "not_json"),
    ],
)
def test_what_is_wrong_has_a_code(text, code):
    assert the_problem(text) == code


def test_of_two_equal_keys_the_last_counts_as_everywhere_in_json():
    assert the_row('{"description": "a", "description": "b"}').description == "b"


def test_a_text_that_is_not_utf8_is_told_by_its_line():
    (row,) = read(b'{"description": "\xff"}\n')
    assert (row.line, row.code) == (1, "not_utf8")


def test_a_line_that_is_too_long_is_passed_over_and_not_kept():
    rows = read(b'{"description": "' + b"x" * (ROW_MAX_BYTES + 5) + b'"}\n{}\n')
    assert (rows[0].code, rows[0].text, rows[0].line) == ("row_too_long", b"", 1)
    assert rows[1].line == 2


def test_a_file_that_was_cut_off_is_not_taken_for_the_whole():
    with pytest.raises(Broken, match="middle of line 2"):
        read('{}\n{"points": [[1, 2], [3')
    assert len(read('{}\n{"points": [[1, 2]]}')) == 2


@pytest.mark.parametrize("kind", ["plain", "gzip"])
def test_byte_order_mark_and_gzip_are_seen_by_content(tmp_path, kind):
    data = b'\xef\xbb\xbf{"description": "\xc3\xa4"}\n'
    path = tmp_path / "rows"
    path.write_bytes(gzip.compress(data) if kind == "gzip" else data)
    with opened(path, 10**6) as (reader, source):
        (row,) = jsonl.rows(reader)
    assert row.description == "ä"
    assert source.packed == (kind == "gzip")
