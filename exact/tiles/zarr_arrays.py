"""Arrays of a Zarr store: their metadata checked by our own reading first, then opened by zarr."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from exact.tiles.blocks import check_block
from exact.tiles.errors import DamagedFile, UnsupportedContent
from exact.tiles.framed import parsing

if TYPE_CHECKING:  # zarr takes half a second and 20 MiB to import: only processes that read one pay
    import zarr

MAX_JSON_BYTES = 16 * 2**20
SAFE_CODECS = frozenset(
    (
        *("blosc", "bz2", "gzip", "lz4", "lzma", "zlib", "zstd", "crc32c", "crc32", "adler32", "fletcher32"),
        *(
            "bytes",
            "endian",
            "transpose",
            "sharding_indexed",
            "delta",
            "shuffle",
            "bitround",
            "fixedscaleoffset",
            "quantize",
        ),
        *("packbits", "astype"),
    )
)
"""Others are refused: pickles would run what an uploaded file says."""
NUMBER_NAMES = {
    "bool",
    "float16",
    "float32",
    "float64",
    *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)),
}

Json = Mapping[str, Any]  # Any: JSON


def attributes(folder: Path) -> Json:
    """Of a group or an array, in version 2 or 3 of Zarr; empty where there is none."""
    if (folder / "zarr.json").is_file():
        told = read_json(folder / "zarr.json").get("attributes", {})
        return told if isinstance(told, dict) else {}
    return read_json(folder / ".zattrs") if (folder / ".zattrs").is_file() else {}


def is_node(folder: Path) -> bool:
    """Whether the folder is a group or an array of Zarr."""
    return any((folder / name).is_file() for name in ("zarr.json", ".zgroup", ".zattrs"))


def read_json(path: Path) -> Json:
    """An object of bounded size."""
    if path.stat().st_size > MAX_JSON_BYTES:
        raise DamagedFile(f"{path.name} of the Zarr store is too large.")
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError, OSError) as error:
        raise DamagedFile(f"{path.name} of the Zarr store is no JSON.") from error
    if not isinstance(told, dict):
        raise DamagedFile(f"{path.name} of the Zarr store is no JSON object.")
    return told


def inside(folder: Path, name: object) -> Path:
    """A node of the store by its path; none outside of it."""
    if not isinstance(name, str) or not name or any(part in ("", "..") for part in name.split("/")) or "\\" in name:
        raise DamagedFile("The metadata of the Zarr store name an array that lies outside of it.")
    return folder / name


def opened(folder: Path) -> "zarr.Array[Any]":
    """An array of numbers in chunks that fit into memory."""
    check_metadata(folder)
    import zarr

    with parsing("Zarr store"):
        array = zarr.open_array(folder, mode="r", zarr_format=3 if (folder / "zarr.json").is_file() else 2)
        if array.dtype.kind not in "iufb":
            raise UnsupportedContent(f"Values of type {array.dtype} cannot be shown: save the image as numbers.")
        if min(array.shape, default=0) < 1:
            raise DamagedFile("An array of the Zarr store is empty.")
        check_block(int(np.prod(array.chunks, dtype=object)), array.dtype.itemsize)
        return array


def check_metadata(folder: Path) -> None:
    """Numbers only, and codecs that only unpack."""
    if (folder / "zarr.json").is_file():
        told = read_json(folder / "zarr.json")
        numbers = told.get("data_type") in NUMBER_NAMES
        codecs = list(names_of(told.get("codecs")))
    elif (folder / ".zarray").is_file():
        told = read_json(folder / ".zarray")
        dtype = told.get("dtype")
        numbers = isinstance(dtype, str) and len(dtype) < 5 and dtype[1:2] in ("i", "u", "f", "b")
        codecs = [_name(codec) for codec in [told.get("compressor"), *(told.get("filters") or [])] if codec is not None]
    else:
        raise DamagedFile(f"The Zarr store has no array {folder.name}: a part of it is missing.")
    if not numbers:
        raise UnsupportedContent("The Zarr store holds values that are no numbers.")
    unknown = [codec for codec in codecs if codec.removeprefix("numcodecs.") not in SAFE_CODECS]
    if unknown:
        raise UnsupportedContent(f"The Zarr store is compressed by a method that is not read ({unknown[0][:40]}).")


def names_of(codecs: object) -> Iterable[str]:
    """Of all codecs, also those inside of shards."""
    for codec in codecs if isinstance(codecs, list) else ():
        yield _name(codec)
        settings = codec.get("configuration") if isinstance(codec, dict) else None
        for nested in settings.values() if isinstance(settings, dict) else ():
            yield from names_of(nested if _are_codecs(nested) else None)


def _are_codecs(told: object) -> bool:
    return isinstance(told, list) and bool(told) and all(isinstance(one, dict) for one in told)


def _name(codec: object) -> str:
    name = codec.get("name", codec.get("id")) if isinstance(codec, dict) else codec
    return name if isinstance(name, str) else "?"
