"""CSV: every annotation a line, readable by the standard library, harmless in a spreadsheet."""

import csv
import io

from exact.exchange.csv import COLUMNS, Csv
from tests.contracts.exchange import SHAPES, ExchangeContract, a_sample


class TestCsv(ExchangeContract):
    format_ = Csv()

    def lines(self):
        text = self.written(a_sample()).decode()
        return list(csv.DictReader(io.StringIO(text, newline="")))

    def test_every_annotation_is_a_line_with_all_columns(self):
        lines = self.lines()
        assert len(lines) == len(SHAPES) + 2
        assert set(lines[0]) == set(COLUMNS)

    def test_points_are_pixels_and_give_the_shape_back(self):
        for line, shape in zip(self.lines(), SHAPES.values(), strict=False):
            numbers = [float(value) for pair in line["points"].split(";") if pair for value in pair.split()]
            assert [round(value * 100) for value in numbers] == list(shape.points)

    def test_whole_pixels_have_no_decimals(self):
        box = self.lines()[0]
        assert (box["x_min"], box["y_min"], box["x_max"], box["y_max"]) == ("10.01", "20.5", "300", "400")

    def test_not_in_image_has_no_coordinates(self):
        line = self.lines()[7]
        assert (line["points"], line["x_min"], line["plane"]) == ("", "", "")

    def test_a_formula_is_text(self):
        assert self.lines()[8]["description"] == '\'=1+1, "quoted"\nnext line ü'

    def test_times_are_utc(self):
        assert self.lines()[0]["created_at"] == "2026-01-02T12:00:00.250000Z"

    def test_lines_end_as_the_standard_says(self):
        assert self.written(a_sample()).count(b"\r\n") == len(SHAPES) + 3
