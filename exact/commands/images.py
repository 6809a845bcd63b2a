"""Wishes about images."""

from typing import ClassVar
from uuid import UUID

from exact.accounts.permissions import Permission
from exact.accounts.policy import require
from exact.commands.bus import Change, Command, Context, handles, load_or_refuse
from exact.domain import images
from exact.domain.errors import Conflict, NotFound
from exact.domain.facts import Fact
from exact.domain.identifiers import new_id
from exact.domain.image_sets import ImageSet
from exact.domain.images import Content, Image
from exact.domain.streams import checked_name, first
from exact.eventstore.log import next_number
from exact.projections.images import ImageRow


class RegisterImage(Command, frozen=True, kw_only=True):
    """Make a received file an image of a set; the server itself asks for it after it has read the file."""

    NEEDS: ClassVar[Permission] = Permission.UPLOAD
    PUBLIC: ClassVar[bool] = False
    image_set_id: UUID
    name: str
    content: Content


class RenameImage(Command, frozen=True, kw_only=True):
    """Show the image under another name."""

    NEEDS: ClassVar[Permission] = Permission.MANAGE_IMAGES
    image_id: UUID
    name: str


class WithdrawImage(Command, frozen=True, kw_only=True):
    """Offer the image no more; its facts and frozen versions stay."""

    NEEDS: ClassVar[Permission] = Permission.MANAGE_IMAGES
    image_id: UUID
    reason: str = ""


class RestoreImage(Command, frozen=True, kw_only=True):
    """Offer a withdrawn image again, with everything that was drawn on it."""

    NEEDS: ClassVar[Permission] = Permission.MANAGE_IMAGES
    image_id: UUID


@handles(RegisterImage)
def register_image(command: RegisterImage, context: Context) -> Change:
    """The first fact of an image; the same file is not taken twice into one set."""
    image_set: ImageSet = load_or_refuse(command.image_set_id, ImageSet, "image set", context)
    require(context.person, command.NEEDS, image_set.team_id)
    image_set.refuse_withdrawn()
    refuse_twin(image_set.id, command.content.sha256)
    fact = first(
        images.ImageRegistered,
        new_id(),
        context.stamp,
        number=next_number("image"),
        image_set_id=image_set.id,
        name=checked_name(command.name),
        content=command.content,
    )
    return Change(before=None, facts=[fact], scope_id=fact.originator_id)


@handles(RenameImage)
def rename_image(command: RenameImage, context: Context) -> Change:
    """Another name."""
    image, _ = image_of(command.image_id, context, command.NEEDS)
    image.refuse_stale(context.expected_version)
    return _change(image, image.rename(command.name, context.stamp))


@handles(WithdrawImage)
def withdraw_image(command: WithdrawImage, context: Context) -> Change:
    """No more offered."""
    image, _ = image_of(command.image_id, context, command.NEEDS)
    image.refuse_stale(context.expected_version)
    return _change(image, image.withdraw(command.reason, context.stamp))


@handles(RestoreImage)
def restore_image(command: RestoreImage, context: Context) -> Change:
    """Offered again, when the set has not got the same file another time."""
    image, _ = image_of(command.image_id, context, command.NEEDS)
    image.refuse_stale(context.expected_version)
    facts = image.restore(context.stamp)
    if facts:
        refuse_twin(image.image_set_id, image.content.sha256)
    return _change(image, facts)


def refuse_twin(image_set_id: UUID, sha256: str) -> None:
    """The same file is not in a set twice."""
    twin = ImageRow.objects.filter(image_set_id=image_set_id, sha256=sha256, withdrawn=False).first()
    if twin:
        raise Conflict(f"The set has this very file already, as “{twin.name}”.", code="duplicate", image=twin.number)


def image_of(image_id: UUID, context: Context, permission: Permission) -> tuple[Image, ImageSet]:
    """The image and its set, when the person may do this in the team."""
    image: Image = load_or_refuse(image_id, Image, "image", context)
    image_set: ImageSet = load_or_refuse(image.image_set_id, ImageSet, "image", context)
    require(context.person, permission, image_set.team_id)
    if image_set.withdrawn:
        raise NotFound("The image set was withdrawn.", code="withdrawn")
    return image, image_set


def _change(image: Image, facts: list[Fact]) -> Change:
    return Change(before=image, facts=facts, scope_id=image.id)
