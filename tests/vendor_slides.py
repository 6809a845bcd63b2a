"""Small slides as the scanners of different vendors write them: as few tags, keys and bytes as OpenSlide asks for."""

import struct
from collections.abc import Iterable, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import tifffile
from PIL import Image

from exact.tiles.source import Pixels, Size
from tests.samples import scene

LEVELS = ((1024, 768), (512, 384))
TILE_PX = 256
RESTARTED = {"restart_marker_blocks": 32, "subsampling": 0}
"""A JPEG that can be entered every 256 pixels, as Hamamatsu's readers need it."""


def jpeg(pixels: Pixels, **saved_with: Any) -> bytes:
    """As a whole file."""
    written = BytesIO()
    Image.fromarray(pixels).save(written, "JPEG", quality=95, **saved_with)
    return written.getvalue()


def write_tiff(
    writer: tifffile.TiffWriter, size: Size, description: str | None, *, tiled: bool = True, **tags: Any
) -> None:
    """A directory whose pixels are JPEG."""
    pieces = {"tile": (TILE_PX, TILE_PX)} if tiled else {"rowsperstrip": size[1]}
    told = {"software": False, "metadata": None, "photometric": "rgb", "compression": "jpeg", **tags}
    writer.write(scene(size), description=description, compressionargs={"level": 95}, **pieces, **told)


def philips(path: Path) -> Path:
    """A Philips TIFF: sizes and spacings of the levels stand in its XML."""

    def attribute(name: str, value: object) -> str:
        return f'<Attribute Name="{name}">{value}</Attribute>'

    def spacing(level: int) -> str:
        return attribute("DICOM_PIXEL_SPACING", " ".join([f"&quot;{0.00025 * 2**level}&quot;"] * 2))

    levels = "".join(
        f'<DataObject ObjectType="PixelDataRepresentation">{spacing(level)}</DataObject>'
        for level in range(len(LEVELS))
    )
    scanned = (
        attribute("PIM_DP_IMAGE_TYPE", "WSI")
        + spacing(0)
        + attribute("PIIM_PIXEL_DATA_REPRESENTATION_SEQUENCE", f"<Array>{levels}</Array>")
    )
    xml = (
        '<?xml version="1.0" encoding="UTF-8" ?><DataObject ObjectType="DPUfsImport">'
        + attribute("DICOM_MANUFACTURER", "PHILIPS")
        + attribute("DICOM_MANUFACTURERS_MODEL_NAME", "UFS Scanner")
        + attribute(
            "PIM_DP_SCANNED_IMAGES", f"<Array><DataObject ObjectType='DPScannedImage'>{scanned}</DataObject></Array>"
        )
        + "</DataObject>"
    )
    with tifffile.TiffWriter(path, bigtiff=True) as writer:
        for number, size in enumerate(LEVELS):
            write_tiff(writer, size, None if number else xml, software="Philips DP v1.0", subfiletype=min(number, 1))
        write_tiff(writer, (200, 100), "Macro", tiled=False)
        write_tiff(writer, (80, 100), "Label", tiled=False)
    return path


def leica(path: Path) -> Path:
    """A Leica SCN: the image lies somewhere on the slide, around it is nothing."""

    def image(pixels: str, view: str, objective: str) -> str:
        return (
            f'<image><device model="Leica SCN400;Leica SCN" version="1.4"/>{pixels}{view}<scanSettings>'
            f"<objectiveSettings><objective>{objective}</objective></objectiveSettings><illuminationSettings>"
            "<illuminationSource>brightfield</illuminationSource></illuminationSettings></scanSettings></image>"
        )

    def dimension(size: Size, level: int, directory: int) -> str:
        return f'<dimension sizeX="{size[0]}" sizeY="{size[1]}" r="{level}" ifd="{directory}"/>'

    macro, levels = dimension((260, 195), 0, 0), "".join(dimension(size, at, at + 1) for at, size in enumerate(LEVELS))
    xml = (
        '<?xml version="1.0"?><scn xmlns="http://www.leica-microsystems.com/scn/2010/10/01">'
        '<collection sizeX="768000" sizeY="576000">'
        + image(
            f'<pixels sizeX="260" sizeY="195">{macro}</pixels>',
            '<view sizeX="768000" sizeY="576000" offsetX="0" offsetY="0"/>',
            "0.6",
        )
        + image(
            f'<pixels sizeX="1024" sizeY="768">{levels}</pixels>',
            '<view sizeX="512000" sizeY="384000" offsetX="128000" offsetY="64000"/>',
            "20",
        )
        + "</collection></scn>"
    )
    with tifffile.TiffWriter(path, bigtiff=True) as writer:
        for number, size in enumerate(((260, 195), *LEVELS)):
            per_cm = 20_000 >> max(0, number - 1)
            write_tiff(writer, size, None if number else xml, resolution=(per_cm, per_cm), resolutionunit="CENTIMETER")
    return path


def ventana(path: Path) -> Path:
    """A Ventana BIF: tiles are numbered like a snake from the lower left, and joined to their neighbours."""
    columns, rows = LEVELS[0][0] // TILE_PX, LEVELS[0][1] // TILE_PX

    def number(column: int, row: int) -> int:
        from_below = rows - 1 - row
        return from_below * columns + (column if from_below % 2 == 0 else columns - 1 - column) + 1

    def joint(direction: str, one: int, two: int) -> str:
        joined = f'Direction="{direction}" Tile1="{one}" Tile2="{two}" OverlapX="0" OverlapY="0"'
        return f'<TileJointInfo FlagJoined="1" Confidence="100" {joined}/>'

    joints = [joint("RIGHT", number(x, y), number(x + 1, y)) for y in range(rows) for x in range(columns - 1)]
    joints += [joint("UP", number(x, y + 1), number(x, y)) for y in range(rows - 1) for x in range(columns)]
    stitched = (
        '<EncodeInfo Ver="2"><SlideStitchInfo><ImageInfo AOIScanned="1" AOIIndex="0" Width="256" Height="256" '
        f'NumRows="{rows}" NumCols="{columns}" Pos-X="0" Pos-Y="0">{"".join(joints)}</ImageInfo></SlideStitchInfo>'
        '<AoiOrigin><AOI0 OriginX="0" OriginY="0"/></AoiOrigin></EncodeInfo>'
    )
    scanned = 'ScannerModel="VENTANA DP 200" Magnification="20" ScanRes="0.465" Z-layers="1"'
    scanner = f"<Metadata><iScan {scanned}/></Metadata>"
    with tifffile.TiffWriter(path, bigtiff=True) as writer:
        write_tiff(writer, (200, 300), "Label Image", tiled=False, extratags=[_xmp(scanner)])
        write_tiff(writer, LEVELS[0], "level=0 mag=20 quality=90", extratags=[_xmp(stitched)])
        write_tiff(writer, LEVELS[1], "level=1 mag=10 quality=90")
    return path


def _xmp(text: str) -> tuple[int, int, int, bytes, bool]:
    return 700, tifffile.DATATYPE.BYTE, len(text), text.encode(), True


def ndpi(path: Path) -> Path:
    """A Hamamatsu NDPI: a TIFF with 64-bit pointers to its directories, each one JPEG strip with restart markers."""
    content, pointer_at = bytearray(b"II*\0" + bytes(8)), 4
    for size, lens in ((LEVELS[0], 20.0), (LEVELS[1], 10.0), ((200, 100), -1.0)):
        pointer_at = _ndpi_directory(content, pointer_at, size, lens)
    path.write_bytes(content)
    return path


def _ndpi_directory(content: bytearray, pointer_at: int, size: Size, lens: float) -> int:
    def placed(value: bytes) -> int:
        content.extend(value)
        return len(content) - len(value)

    stream = jpeg(scene(size), **(RESTARTED if lens > 0 else {}))
    start = placed(stream)
    per_cm = placed(struct.pack("<2I", int(1000 * lens) if lens > 0 else 1, 1))
    make, model, software = b"Hamamatsu\0", b"NanoZoomer S60\0", b"NDP.scan\0"
    tags = [
        *((256, 4, 1, size[0]), (257, 4, 1, size[1]), (258, 3, 1, 8), (259, 3, 1, 7), (262, 3, 1, 6)),
        *((271, 2, len(make), placed(make)), (272, 2, len(model), placed(model)), (273, 4, 1, start), (277, 3, 1, 3)),
        *((278, 4, 1, size[1]), (279, 4, 1, len(stream)), (282, 5, 1, per_cm), (283, 5, 1, per_cm), (296, 3, 1, 3)),
        *((305, 2, len(software), placed(software)), (65420, 4, 1, 1)),
        *((65421, 11, 1, struct.unpack("<I", struct.pack("<f", lens))[0]), (65424, 9, 1, 0)),
    ]
    struct.pack_into("<Q", content, pointer_at, len(content))
    content.extend(struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *tag) for tag in tags))
    return placed(bytes(8))


def vms(folder: Path) -> Path:
    """A Hamamatsu VMS: a list of JPEGs that lie beside it."""
    folder.mkdir()
    (folder / "image.jpg").write_bytes(jpeg(scene(LEVELS[0]), **RESTARTED))
    (folder / "map.jpg").write_bytes(jpeg(scene((128, 96)), restart_marker_blocks=16, subsampling=0))
    (folder / "macro.jpg").write_bytes(jpeg(scene((200, 100))))
    told = {
        "NoLayers": 1,
        "NoJpegColumns": 1,
        "NoJpegRows": 1,
        "ImageFile": "image.jpg",
        "MapFile": "map.jpg",
        "MacroImage": "macro.jpg",
        "PhysicalWidth": 512_000,
        "PhysicalHeight": 384_000,
        "SourceLens": 20,
    }
    (folder / "slide.vms").write_text(_section("Virtual Microscope Specimen", told))
    return folder


def mrxs(folder: Path, images: int = 4, levels: int = 3) -> Path:
    """A 3DHISTECH MRXS: a picture, and a folder with settings, an index and all images in one file."""
    inside = folder / "slide"
    inside.mkdir(parents=True)
    (folder / "slide.mrxs").write_bytes(jpeg(scene((100, 100))))
    identity, stored = "0123456789ABCDEF", bytearray()
    pages = [list(_mrxs_images(stored, images, level)) for level in range(levels)]
    (inside / "Slidedat.ini").write_text(_mrxs_settings(identity, images, levels))
    (inside / "Index.dat").write_bytes(_mrxs_index(identity, pages))
    (inside / "Data0000.dat").write_bytes(stored)
    return folder


def _mrxs_images(stored: bytearray, images: int, level: int) -> Iterable[tuple[int, int, int, int]]:
    """Number, place and length of each image of a level, and the number of its file."""
    pixels = scene((images * TILE_PX >> level,) * 2)
    for y in range(0, images, 2**level):
        for x in range(0, images, 2**level):
            top, left = (at // 2**level * TILE_PX for at in (y, x))
            stream = jpeg(pixels[top : top + TILE_PX, left : left + TILE_PX])
            yield y * images + x, len(stored), len(stream), 0
            stored += stream


def _mrxs_settings(identity: str, images: int, levels: int) -> str:
    sections = {f"HIER_0_VAL_{level}_SECTION": f"LAYER_0_LEVEL_{level}_SECTION" for level in range(levels)}
    general = {
        "SLIDE_ID": identity,
        "IMAGENUMBER_X": images,
        "IMAGENUMBER_Y": images,
        "OBJECTIVE_MAGNIFICATION": 20,
        "CameraImageDivisionsPerSide": 1,
    }
    layers = {
        "HIER_COUNT": 1,
        "NONHIER_COUNT": 0,
        "INDEXFILE": "Index.dat",
        "HIER_0_NAME": "Slide zoom level",
        "HIER_0_COUNT": levels,
        **{f"HIER_0_VAL_{level}": f"Z{level}" for level in range(levels)},
        **sections,
    }
    told = _section("GENERAL", general) + _section("HIERARCHICAL", layers)
    told += _section("DATAFILE", {"FILE_COUNT": 1, "FILE_0": "Data0000.dat"})
    return told + "".join(_section(name, _mrxs_level(level)) for level, name in enumerate(sections.values()))


def _mrxs_level(level: int) -> dict[str, object]:
    size_um = 0.25 * 2**level
    return {
        "OVERLAP_X": 0,
        "OVERLAP_Y": 0,
        "MICROMETER_PER_PIXEL_X": size_um,
        "MICROMETER_PER_PIXEL_Y": size_um,
        "IMAGE_FORMAT": "JPEG",
        "IMAGE_FILL_COLOR_BGR": 0xFFFFFF,
        "IMAGE_CONCAT_FACTOR": min(level, 1),
        "DIGITIZER_WIDTH": TILE_PX,
        "DIGITIZER_HEIGHT": TILE_PX,
    }


def _mrxs_index(identity: str, pages: Sequence[Sequence[tuple[int, int, int, int]]]) -> bytes:
    begin = b"01.02" + identity.encode()
    root = len(begin) + 8
    table, listed = b"", b""
    for page in pages:
        at = root + 4 * len(pages) + len(listed)
        table += struct.pack("<i", at)
        listed += struct.pack("<4i", 0, at + 8, len(page), 0) + b"".join(struct.pack("<4i", *item) for item in page)
    return begin + struct.pack("<2i", root, 0) + table + listed


def _section(name: str, told: dict[str, object]) -> str:
    return f"[{name}]\n" + "".join(f"{key}={value}\n" for key, value in told.items())
