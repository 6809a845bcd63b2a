"""QuPath GeoJSON: what QuPath needs is there, shapes are those of shapely, nothing depends on the machine."""

import io
import json
import zipfile

import pytest
import shapely

from exact.domain.vectors import VectorType
from exact.exchange.geojson import GeoJson
from tests.contracts.exchange import SHAPES, ExchangeContract, a_sample, an_image


class TestGeoJson(ExchangeContract):
    format_ = GeoJson()

    def collection(self):
        return json.loads(self.written(a_sample()))

    def feature(self, kind):
        index = [k for k in SHAPES if k is not VectorType.GLOBAL].index(kind)
        return self.collection()["features"][index]

    def test_it_is_one_feature_collection(self):
        collection = self.collection()
        assert collection["type"] == "FeatureCollection"
        assert {feature["type"] for feature in collection["features"]} == {"Feature"}

    def test_every_class_has_a_colour_because_qupath_refuses_one_without(self):
        for feature in self.collection()["features"]:
            assert feature["properties"]["classification"]["color"] == [0xD5, 0x5E, 0x00]

    @pytest.mark.parametrize("kind", [kind for kind in SHAPES if kind is not VectorType.GLOBAL])
    def test_shapely_reads_the_shape_with_the_bounds_it_has(self, kind):
        shape = shapely.geometry.shape(self.feature(kind)["geometry"])
        assert shape.is_valid
        assert shape.bounds == tuple(value / 100 for value in SHAPES[kind].bounds)

    def test_rings_are_closed(self):
        for kind in (VectorType.BOUNDING_BOX, VectorType.POLYGON, VectorType.ELLIPSE):
            ring = self.feature(kind)["geometry"]["coordinates"][0]
            assert ring[0] == ring[-1]

    def test_an_ellipse_says_so_and_has_its_area(self):
        geometry = self.feature(VectorType.ELLIPSE)["geometry"]
        left, top, right, bottom = (value / 100 for value in SHAPES[VectorType.ELLIPSE].bounds)
        assert geometry["isEllipse"] is True
        assert shapely.geometry.shape(geometry).area == pytest.approx(
            3.14159 * (right - left) * (bottom - top) / 4, rel=0.01
        )

    def test_frame_and_plane_are_members_of_the_geometry(self):
        geometry = self.feature(VectorType.POLYGON)["geometry"]
        assert geometry["plane"] == {"c": -1, "z": 3, "t": 0}
        assert geometry["exactPlane"] == "coronal"
        assert "plane" not in self.feature(VectorType.LINE)["geometry"]

    def test_labels_of_the_whole_image_are_kept_beside_the_features(self):
        labels = self.collection()["exact"]["image_labels"]
        assert [(label["in_image"], label["frame"]) for label in labels] == [(True, 2), (False, None)]

    def test_status_and_people_are_text_and_people_are_ids(self):
        kept = self.collection()["features"][-1]["properties"]["metadata"]
        assert kept["status"] == "accepted"
        assert kept["verified_by"].endswith(":accepted")
        assert all(isinstance(value, str) for value in kept.values())

    def test_a_dataset_is_a_zip_of_stored_entries_without_a_clock(self):
        data = self.written(a_sample(single_image=False))
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            [entry] = archive.infolist()
            assert (entry.filename, entry.date_time) == ("00001-slide.svs.geojson", (1980, 1, 1, 0, 0, 0))
            assert entry.compress_type == zipfile.ZIP_STORED
            assert json.loads(archive.read(entry))["features"]

    def test_a_name_that_is_a_path_stays_in_the_zip(self):
        from exact.exchange.geojson import entry_name

        assert entry_name(an_image(name="../../x y.svs")) == "00001-.._.._x_y.svs.geojson"
