"""Images as people see them: name, size, pixel size, and the hash that names the file."""

from uuid import UUID

import msgspec
from django.db import models

from exact.domain import images
from exact.projections.base import Inline, Row
from exact.projections.image_sets import ImageSetRow


class ImageRow(models.Model):
    """One image; sizes in pixels, pixel sizes in µm, None where unknown."""

    id = models.UUIDField(primary_key=True)
    number = models.IntegerField(unique=True)
    version = models.IntegerField()
    image_set = models.ForeignKey(ImageSetRow, models.CASCADE, related_name="images", db_constraint=False)
    name = models.TextField()
    filename = models.TextField()
    sha256 = models.TextField()
    size_bytes = models.BigIntegerField()
    format = models.TextField()
    width = models.IntegerField()
    height = models.IntegerField()
    frames = models.IntegerField()
    default_frame = models.IntegerField()
    channels = models.IntegerField()
    pixel_size_x_um = models.FloatField(null=True)
    pixel_size_y_um = models.FloatField(null=True)
    pixel_size_z_um = models.FloatField(null=True)
    objective_power = models.FloatField(null=True)
    planes = models.JSONField()
    frame_names = models.JSONField()
    registered_by = models.UUIDField()
    registered_at = models.DateTimeField()
    withdrawn = models.BooleanField()

    class Meta:
        db_table = "images"
        ordering = ["number"]


def row_of(image: images.Image) -> Row:
    """The row of an image."""
    content = image.content
    x_um, y_um, z_um = content.pixel_size_um
    plain = ("filename", "sha256", "size_bytes", "format", "width", "height", "frames", "default_frame", "channels",
             "objective_power")  # fmt: skip
    return {
        "id": image.id,
        "number": image.number,
        "version": image.version,
        "image_set_id": image.image_set_id,
        "name": image.name,
        **{name: getattr(content, name) for name in plain},
        "pixel_size_x_um": x_um,
        "pixel_size_y_um": y_um,
        "pixel_size_z_um": z_um,
        "planes": msgspec.to_builtins(content.planes),
        "frame_names": list(content.frame_names),
        "registered_by": image.registered_by,
        "registered_at": image.registered_at,
        "withdrawn": image.withdrawn,
    }


IMAGES = Inline(name="images", noun=images, state=images.Image, model=ImageRow, row_of=row_of)


class ImageFile(msgspec.Struct, frozen=True, kw_only=True):
    """What the tile path needs to know of an image."""

    id: UUID
    number: int
    team_id: UUID
    sha256: str
    filename: str
    withdrawn: bool


def find_image(number: int) -> ImageFile | None:
    """The image with that public number; None where there is none. One query."""
    names = ("id", "number", "image_set__team_id", "sha256", "filename", "withdrawn", "image_set__withdrawn")
    row = ImageRow.objects.filter(number=number).values_list(*names).first()
    if row is None:
        return None
    return ImageFile(
        id=row[0], number=row[1], team_id=row[2], sha256=row[3], filename=row[4], withdrawn=row[5] or row[6]
    )
