"""What belongs together becomes one image, whatever the letters' case and wherever in a folder it lies."""

from pathlib import Path

import pytest

from exact.ingest.arrivals import Arrived, Cut
from exact.ingest.grouping import cut
from exact.ingest.heads import Head

SERIES_ONE, SERIES_TWO = Head(series="1.2.3 CT", label="series 4"), Head(series="1.2.4 CT", label="series 5")


def grouped(*paths: str, heads: dict[str, Head] | None = None, came_as: str = "") -> Cut:
    return cut([Arrived(path, Path(path)) for path in paths], heads or {}, came_as)


def images(*paths: str, heads: dict[str, Head] | None = None, came_as: str = "") -> dict[str, list[str]]:
    """The paths of each image's files in its folder, by its name."""
    return {group.name: sorted(group.files) for group in grouped(*paths, heads=heads, came_as=came_as).groups}


def test_a_file_that_belongs_to_no_other_is_an_image_of_its_own() -> None:
    assert images("a.svs", "folder/b.png") == {"a.svs": ["a.svs"], "b.png": ["b.png"]}
    assert all(group.single for group in grouped("a.svs", "folder/b.png").groups)


def test_a_mirax_slide_is_one_with_its_folder_whatever_the_letters_case() -> None:
    found = images("Scans/One.MRXS", "Scans/one/Slidedat.ini", "Scans/ONE/sub/Data0.dat", "Scans/two.png")
    assert found == {"One.MRXS": ["One.MRXS", "One/Slidedat.ini", "One/sub/Data0.dat"], "two.png": ["two.png"]}


def test_a_mirax_slide_without_its_folder_is_set_aside_with_what_it_needs() -> None:
    result = grouped("one.mrxs", "two.mrxs", "two/Slidedat.ini")
    assert [group.name for group in result.groups] == ["two.mrxs"]
    assert [(aside.code, aside.harmless) for aside in result.aside] == [("incomplete", False)]
    assert "folder one" in result.aside[0].sentence


def test_an_olympus_slide_is_one_with_its_folder() -> None:
    found = images("a/Image.vsi", "a/_image_/stack1/frame_t.ets", "a/_Other_/frame_t.ets")
    assert found == {"Image.vsi": ["Image.vsi", "_Image_/stack1/frame_t.ets"], "frame_t.ets": ["frame_t.ets"]}


def test_a_key_file_is_one_with_what_it_names_beside_it() -> None:
    heads = {"a/slide.vms": Head(names=["One.jpg", "two.opt", "elsewhere.jpg"])}
    found = images("a/slide.vms", "a/one.JPG", "a/two.opt", "b/elsewhere.jpg", heads=heads)
    assert found == {"slide.vms": ["one.JPG", "slide.vms", "two.opt"], "elsewhere.jpg": ["elsewhere.jpg"]}


def test_files_of_an_ome_tiff_that_name_each_other_are_one() -> None:
    names = [f"z{index}.ome.tif" for index in range(3)]
    found = images(*names, "alone.ome.tif", heads={name: Head(names=names) for name in names})
    assert found == {"z0.ome.tif": names, "alone.ome.tif": ["alone.ome.tif"]}


def test_a_companion_file_is_one_with_the_planes_it_names() -> None:
    heads = {"set.companion.ome": Head(names=["p1.ome.tif", "p2.ome.tif"]), "p1.ome.tif": Head(), "p2.ome.tif": Head()}
    assert images(*heads, heads=heads) == {"set.ome.tif": ["p1.ome.tif", "p2.ome.tif", "set.companion.ome"]}


def test_slices_of_a_series_are_one_image_called_like_their_folder() -> None:
    heads = {"study/head/1": SERIES_ONE, "study/head/2": SERIES_ONE, "study/head/readme.txt": Head()}
    result = grouped(*heads, heads=heads)
    assert {group.name: sorted(group.files) for group in result.groups} == {"head": ["1", "2"]}
    assert [aside.path for aside in result.aside] == ["study/head/readme.txt"]


def test_several_series_in_one_folder_are_told_apart_by_their_numbers() -> None:
    heads = {"ct/1": SERIES_ONE, "ct/2": SERIES_TWO, "ct/3": SERIES_ONE, "ct/4": SERIES_TWO}
    assert images(*heads, heads=heads) == {"ct series 4": ["1", "3"], "ct series 5": ["2", "4"]}


def test_a_series_over_several_folders_keeps_them_in_its_paths() -> None:
    heads = {"ct/a/1": SERIES_ONE, "ct/b/1": SERIES_ONE}
    assert images(*heads, heads=heads) == {"ct": ["a/1", "b/1"]}


def test_slices_without_a_folder_are_called_like_the_first() -> None:
    heads = {"IM-2.dcm": SERIES_ONE, "IM-1.dcm": SERIES_ONE}
    assert images(*heads, heads=heads) == {"IM-1": ["IM-1.dcm", "IM-2.dcm"]}


def test_a_single_slice_is_a_file() -> None:
    assert images("a.dcm", "b.png", heads={"a.dcm": SERIES_ONE}) == {"a.dcm": ["a.dcm"], "b.png": ["b.png"]}


def test_planes_as_files_are_one_stack() -> None:
    assert images("s/Cells_z0.tif", "s/cells_Z1.TIF", "s/cells_t1.tif", "s/cells_t2.tif", "s/other_z0.tif") == {
        "Cells.tif": ["Cells_z0.tif", "cells_Z1.TIF"],
        "cells_t1.tif": ["cells_t1.tif"],
        "cells_t2.tif": ["cells_t2.tif"],
        "other_z0.tif": ["other_z0.tif"],
    }
    assert images("cells_z0.ome.tif", "cells_z1.ome.tif") == {"cells.ome.tif": ["cells_z0.ome.tif", "cells_z1.ome.tif"]}


def test_the_ancestors_stacks_are_named_by_their_folder() -> None:
    assert images("set/slide/1_1_slide.tif", "set/slide/2_1_slide.tif") == {
        "slide.tif": ["1_1_slide.tif", "2_1_slide.tif"]
    }
    assert images("2026/1_1_slide.tif", "2026/2_1_slide.tif") == {
        "1_1_slide.tif": ["1_1_slide.tif"],
        "2_1_slide.tif": ["2_1_slide.tif"],
    }


def test_an_ome_zarr_is_its_folder_with_everything_in_it() -> None:
    found = images("x/a.ome.zarr/.zattrs", "x/a.ome.zarr/0/.zarray", "x/a.ome.zarr/0/0/0", "x/b.zarr/zarr.json")
    assert found == {"a.ome.zarr": [".zattrs", "0/.zarray", "0/0/0"], "b.zarr": ["zarr.json"]}


def test_a_folder_without_a_name_is_called_as_it_came() -> None:
    assert images(".zattrs", "0/.zarray", came_as="cells.zarr") == {"cells.zarr": [".zattrs", "0/.zarray"]}


@pytest.mark.parametrize(
    "path",
    [".DS_Store", "a/.DS_STORE", "README-Series.txt", "Thumbs.db", "__MACOSX/a.svs", "a/._a.svs",
     "README", "a/Readme.txt", "DICOMDIR",
     "desktop.ini", "all.ndpis"],
)  # fmt: skip
def test_what_nobody_misses_is_passed_over_by_name(path: str) -> None:
    result = grouped(path, "a.svs")
    assert [group.name for group in result.groups] == ["a.svs"]
    assert [(aside.path, aside.harmless) for aside in result.aside] == [(path, True)]
