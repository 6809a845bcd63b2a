"""What is told of a slide beyond its pixels."""

import pytest

from exact.tiles import slide_details


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"openslide.vendor": "aperio", "aperio.ScanScope ID": "CPAPERIOCS"}, "Aperio CPAPERIOCS"),
        ({"openslide.vendor": "aperio", "aperio.ScannerType": "GT450", "aperio.ScanScope ID": "7"}, "Aperio GT450"),
        ({"openslide.vendor": "aperio"}, "Aperio"),
        ({"openslide.vendor": "hamamatsu", "tiff.Make": "Hamamatsu", "tiff.Model": "C13210"}, "Hamamatsu C13210"),
        ({"openslide.vendor": "leica", "leica.device-model": "Leica SCN400"}, "Leica SCN400"),
        (
            {"philips.DICOM_MANUFACTURER": "PHILIPS", "philips.DICOM_MANUFACTURERS_MODEL_NAME": "UFS Scanner"},
            "PHILIPS UFS Scanner",
        ),
        ({"openslide.vendor": "ventana", "ventana.ScannerModel": "VENTANA DP 200"}, "VENTANA DP 200"),
        ({"openslide.vendor": "mirax"}, "3DHISTECH"),
        ({"openslide.vendor": "generic-tiff"}, None),
        ({}, None),
    ],
    ids=str,
)
def test_make_and_model_are_told_once(properties: dict[str, str], expected: str | None) -> None:
    assert slide_details.scanner(properties) == expected
    assert slide_details.details(properties, has_profile=False).scanner == expected


@pytest.mark.parametrize(
    ("x", "y", "expected"),
    [
        ("0.25", "0.5", (0.25, 0.5, None)),
        ("1000", "1000", (None, None, None)),
        ("0.00499", "0.00499", (None, None, None)),
        ("352.77", "352.77", (None, None, None)),
        ("0.25", "0", (None, None, None)),
        ("", "", (None, None, None)),
    ],
)
def test_nonsense_is_unknown(x: str, y: str, expected: tuple[float | None, ...]) -> None:
    properties = {"openslide.mpp-x": x, "openslide.mpp-y": y, "aperio.MPP": x, "openslide.objective-power": "0"}
    described = slide_details.describe((30, 20), properties)
    assert described.pixel_size_um == expected
    assert described.planes[0].pixel_size_um == expected[:2]
    assert described.objective_power is None
    source = slide_details.details(properties, has_profile=True).pixel_size_source
    assert source == (None if expected[0] is None else "aperio.MPP")


def test_pictures_beside_the_slide_are_found_by_name() -> None:
    names = ("macro", "label.old")
    beside = {f"openslide.associated.{name}.{side}": "7" for name in names for side in ("width", "height")}
    assert slide_details.associated({**beside, "openslide.mpp-x": "1"}) == {"label.old": (7, 7), "macro": (7, 7)}
