"""Deliveries as the protocol leaves them, without the protocol."""

from pathlib import Path
from uuid import UUID

from exact.accounts.policy import Person
from exact.domain.identifiers import new_id
from exact.ingest.deliveries import Announced, announce, arrived, path_of, start
from exact.ingest.models import DeliveredFile, Delivery
from exact.projections.models import ImageSetRow
from tests.builders import Workplace


def a_file(place: Workplace, path: str, content: bytes, delivery_id: UUID, by: Person | None = None) -> DeliveredFile:
    """A file that has come whole."""
    number = ImageSetRow.objects.get(id=place.image_set_id).number
    wanted = Announced(path=path, size_bytes=len(content), image_set=number, delivery_id=delivery_id)
    file = announce(wanted, by or place.owner)
    path_of(file).parent.mkdir(parents=True, exist_ok=True)
    path_of(file).write_bytes(content)
    arrived(file, "")
    return file


def a_delivery(place: Workplace, files: dict[str, bytes], by: Person | None = None) -> Delivery:
    """Started: its files have come."""
    delivery_id = new_id()
    for path, content in files.items():
        a_file(place, path, content, delivery_id, by)
    delivery = Delivery.objects.get(id=delivery_id)
    start(delivery)
    delivery.refresh_from_db()
    return delivery


def folder_of(path: Path) -> dict[str, bytes]:
    """All files below a folder, by their paths from beside it."""
    return {str(file.relative_to(path.parent)): file.read_bytes() for file in path.rglob("*") if file.is_file()}
