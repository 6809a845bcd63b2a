"""One file per image format, tried in the order of FORMATS."""

from pathlib import Path

from exact.tiles.errors import Contained, EmptyFile, MissingFile, TileError, UnknownFormat
from exact.tiles.formats import (
    czi,
    dicom_series,
    dicom_slide,
    file_stack,
    mkt,
    nifti,
    ome_zarr,
    picture,
    tiff_stack,
    video,
    vsi,
    whole_slide,
)
from exact.tiles.outline import Outline
from exact.tiles.source import Format, OpenOptions, TileSource
from exact.tiles.told_slide import open_told

HEAD_BYTES = 4096


def open_image(path: Path, options: OpenOptions) -> TileSource:
    """Opens an image by its content; its name does not matter."""
    head = _head(path)
    first_problem: TileError | None = None
    for candidate in FORMATS:
        if candidate.recognises(path, head):
            try:
                return candidate.open(path, options)
            except TileError as error:
                first_problem = first_problem or error
    raise first_problem or UnknownFormat(
        "The file's content is no image that can be read here: whole-slide images (SVS, tiled TIFF, DICOM, CZI, ...), "
        "volumes (NIfTI, DICOM), videos, and PNG, JPEG and TIFF pictures are."
    )


def open_here(path: Path, options: OpenOptions, outline: Outline | None = None) -> TileSource:
    """Opens an image in a process that must live whatever the file holds; raises Contained for what may not be.

    This is the one rule of what runs where: a slide of which a child has told an `outline` with levels of JPEG tiles is
    read by our own index, other files by their format's own `open_here` if it has one, all else by a child of the pool.
    """
    head = _head(path)
    told = None if outline is None else open_told(path, outline)
    if told is not None:
        return told
    for candidate in FORMATS:
        if candidate.open_here is not None:
            source = candidate.open_here(path, head, options)
            if source is not None:
                return source
    raise Contained("This image is read by a process of its own.")


def _head(path: Path) -> bytes:
    """The beginning of the file; nothing of a folder."""
    if path.is_dir():
        return b""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except FileNotFoundError as error:
        raise MissingFile("The file of this image is missing on the server; ask the administrator.") from error
    if not head:
        raise EmptyFile("The file is empty: perhaps the copy was interrupted.")
    return head


FORMATS: tuple[Format, ...] = (
    nifti.FORMAT,
    dicom_slide.FORMAT,
    dicom_series.FORMAT,
    ome_zarr.FORMAT,
    tiff_stack.FORMAT,
    whole_slide.FORMAT,
    mkt.FORMAT,
    czi.FORMAT,
    picture.FORMAT,
    vsi.FORMAT,
    video.FORMAT,
    file_stack.format_of(open_image),
)
"""Cheapest recognition first; a file that a format recognises but cannot open is offered to the later ones."""
