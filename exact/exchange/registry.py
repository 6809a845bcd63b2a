"""The formats there are, in the order in which people are offered them."""

from exact.domain.errors import Invalid
from exact.exchange.csv import Csv
from exact.exchange.document import Format
from exact.exchange.geojson import GeoJson

FORMATS: tuple[Format, ...] = (GeoJson(), Csv())


def format_named(name: str) -> Format:
    """The format of that name, or a refusal that names those there are."""
    for candidate in FORMATS:
        if candidate.name == name:
            return candidate
    names = ", ".join(candidate.name for candidate in FORMATS)
    raise Invalid(f"There is no export format “{name}”; there are {names}.", code="unknown_format")
