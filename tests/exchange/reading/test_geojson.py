"""GeoJSON of QuPath, of every age: what it says of an object is kept, and what cannot be kept is told."""

import io
import json
from uuid import UUID

import pytest

from exact.exchange.reading import geojson
from exact.exchange.reading.recognise import recognised, rows
from exact.exchange.reading.rows import Bad, Form
from exact.exchange.reading.unpacked import opened
from tests.samples import REAL, real_files

SQUARE = [[1, 2], [3, 2], [3, 4], [1, 4], [1, 2]]
POLYGON = {"type": "Polygon", "coordinates": [SQUARE]}


def a_feature(geometry=POLYGON, **fields):
    properties = {"classification": {"name": "Tumor", "color": [1, 2, 3]}, **fields.pop("properties", {})}
    return {"type": "Feature", "geometry": geometry, "properties": properties, **fields}


def the_row(feature):
    return geojson.row(1, json.dumps(feature).encode())


def the_problem(feature):
    row = the_row(feature)
    assert isinstance(row, Bad), row
    return row.code


def test_a_polygon_is_an_outline_whose_first_point_is_not_repeated():
    row = the_row(a_feature(id=str(UUID(int=9)), properties={"name": "first"}))
    assert row.shape.form is Form.OUTLINE
    assert row.shape.coordinates == [1, 2, 3, 2, 3, 4, 1, 4]
    assert (row.annotation_type, row.unique_identifier, row.description) == ("Tumor", UUID(int=9), "first")
    assert row.meta_data is None


def test_an_id_that_is_none_is_passed_over():
    assert the_row(a_feature(id="PathAnnotationObject")).unique_identifier is None
    assert the_row(a_feature(id=12)).unique_identifier is None


@pytest.mark.parametrize(
    ("classification", "name"),
    [("Tumor", "Tumor"), ({"name": "A"}, "A"), ({"names": ["A", "B"]}, "A: B"), (None, None), ({}, None)],
)
def test_a_class_is_a_name_or_several(classification, name):
    assert the_row(a_feature(properties={"classification": classification})).annotation_type == name


def test_measurements_of_both_kinds_and_what_else_is_told_are_kept():
    old = [{"name": "Area", "value": 1.5}, {"name": "Gap", "value": "NaN"}]
    new = {"Area": 1.5, "Gap": "NaN"}
    for measured in (old, new):
        fields = {"measurements": measured, "objectType": "cell", "metadata": {"a": "b"}}
        row = the_row(a_feature(properties=fields, nucleusGeometry=POLYGON))
        assert row.meta_data == {
            "measurements": new, "metadata": {"a": "b"}, "objectType": "cell", "nucleusGeometry": POLYGON,
        }  # fmt: skip


def test_a_measurement_of_nan_is_told():
    row = geojson.row(3, json.dumps(a_feature(properties={"measurements": {"a": float("nan")}})).encode())
    assert (row.line, row.code) == (3, "not_json")


@pytest.mark.parametrize(
    ("geometry", "form", "coordinates"),
    [
        ({**POLYGON, "isEllipse": True}, Form.ELLIPSE, [1, 2, 3, 2, 3, 4, 1, 4]),
        ({"type": "MultiPolygon", "coordinates": [[SQUARE]]}, Form.OUTLINE, [1, 2, 3, 2, 3, 4, 1, 4]),
        ({"type": "LineString", "coordinates": [[1, 2], [3, 4, 5]]}, Form.PATH, [1, 2, 3, 4]),
        ({"type": "MultiLineString", "coordinates": [[[1, 2], [3, 4]]]}, Form.PATH, [1, 2, 3, 4]),
        ({"type": "Point", "coordinates": [1, 2]}, Form.SPOT, [1, 2]),
        ({"type": "MultiPoint", "coordinates": [[1, 2]]}, Form.SPOT, [1, 2]),
    ],
)
def test_every_geometry_of_one_part(geometry, form, coordinates):
    shape = the_row(a_feature(geometry)).shape
    assert (shape.form, shape.coordinates) == (form, coordinates)


@pytest.mark.parametrize(
    ("geometry", "code"),
    [
        (None, "geometry_missing"),
        ({"type": "Polygon", "coordinates": [SQUARE, SQUARE]}, "holes"),
        ({"type": "MultiPolygon", "coordinates": [[SQUARE], [SQUARE]]}, "several_parts"),
        ({"type": "MultiPolygon", "coordinates": []}, "several_parts"),
        ({"type": "MultiPoint", "coordinates": [[1, 2], [3, 4]]}, "several_parts"),
        ({"type": "Polygon", "coordinates": [[[1], [2], [3]]]}, "vector_point_count"),
        ({"type": "GeometryCollection", "geometries": []}, "row_invalid"),
        ({"type": "Polygon"}, "row_invalid"),
        ({"type": "Polygon", "coordinates": [1, 2]}, "row_invalid"),
        ({**POLYGON, "plane": {"c": -1, "z": 1, "t": 1}}, "frame"),
        ({**POLYGON, "exactPlane": "oblique"}, "vector_plane"),
    ],
)
def test_what_one_outline_cannot_hold_is_told(geometry, code):
    assert the_problem(a_feature(geometry)) == code


def test_objects_inside_objects_are_told_rather_than_lost():
    assert the_problem(a_feature(properties={"childObjects": [a_feature()]})) == "child_objects"


def test_what_is_no_feature_is_told():
    assert the_problem({"type": "Topology", "geometry": None}) == "not_a_feature"
    assert geojson.row(1, b"").code == "not_json"
    assert geojson.row(1, b"17").code == "row_invalid"


def test_slice_and_plane_are_kept():
    shape = the_row(a_feature({**POLYGON, "plane": {"c": -1, "z": 3, "t": 0}, "exactPlane": "coronal"})).shape
    assert (shape.frame, shape.plane) == (3, 1)


def read(text):
    reader = io.BufferedReader(io.BytesIO(text.encode()))
    return recognised(reader), list(rows(recognised(reader), reader))


@pytest.mark.parametrize("indent", [None, 2])
def test_a_collection_an_array_a_feature_and_features_in_lines_are_recognised(indent):
    one = a_feature()
    dumped = json.dumps(one, indent=indent)
    collection = json.dumps({"type": "FeatureCollection", "features": [one, one]}, indent=indent)
    for text, count in (
        (collection, 2),
        (json.dumps([one, one], indent=indent), 2),
        (dumped, 1),
        (f"{dumped}\n{dumped}\n", 2),
    ):
        kind, found = read(text)
        assert (kind, [row.line for row in found]) == ("geojson", list(range(1, count + 1)))


def test_the_real_files_of_qupath_are_read():
    found = {}
    for name in real_files("annotations/geojson"):
        with opened(REAL / name, 10**8) as (reader, _):
            assert recognised(reader) == "geojson"
            found[name.rpartition("/")[2]] = list(rows("geojson", reader))
    assert not found or [len(row.shape.coordinates) // 2 for row in found["qupath05.geojson"]] == [163, 115, 118]
    assert not found or [row.code for row in found["geojson_example.json"]] == ["several_parts"] * 2
