"""What a fresh process loads to read an image: only the libraries that this image needs."""

import subprocess
import sys
from pathlib import Path

from tests.samples import picture, svs

HEAVY = {"openslide", "tifffile", "pydicom", "wsidicom", "highdicom", "zarr", "fsspec", "cv2", "nibabel", "czifile"}
IMPORTED = """
import sys
from pathlib import Path
from exact.tiles.formats import open_image
from exact.tiles.source import OpenOptions
for name in sys.argv[2:]:
    open_image(Path(name), OpenOptions(Path(sys.argv[1]), "sample")).close()
print(*sys.modules)
"""


def loaded(folder: Path, *images: Path) -> set[str]:
    """Libraries of a process that has opened these images; codecs by their own names, for each is loaded by itself."""
    told = subprocess.run(
        [sys.executable, "-c", IMPORTED, str(folder / "cache"), *map(str, images)],
        check=True,
        capture_output=True,
        text=True,
    )
    return {name if name.startswith("imagecodecs._") else name.partition(".")[0] for name in told.stdout.split()}


def heavy(names: set[str]) -> set[str]:
    """Those that cost time and memory."""
    return {name for name in names if name in HEAVY or name.startswith("imagecodecs._")}


def test_knowing_all_formats_loads_no_library_of_any(tmp_path: Path) -> None:
    assert heavy(loaded(tmp_path)) == set()


def test_a_picture_needs_none_of_them(tmp_path: Path) -> None:
    assert heavy(loaded(tmp_path, picture(tmp_path / "a.png"))) == set()


def test_a_slide_needs_the_readers_of_slides_and_no_other(tmp_path: Path) -> None:
    assert heavy(loaded(tmp_path, svs(tmp_path / "a.svs"))) == {"openslide", "tifffile"}
