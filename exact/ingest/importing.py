"""Images that lie somewhere come into a set: copied, or by reference; what is there already is not read again."""

import secrets
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from django.conf import settings

from exact.accounts.permissions import Permission
from exact.accounts.policy import Person, require
from exact.commands.bus import dispatch
from exact.domain.errors import Busy, Refusal
from exact.ingest.archives import is_zip
from exact.ingest.arrivals import Arrived, Cut, Group
from exact.ingest.cutting import cut_files
from exact.ingest.folders import PREFIX
from exact.ingest.grouping import cut
from exact.ingest.performing import make_thumbnail
from exact.ingest.preparing import prepare
from exact.ingest.registering import refuse_twin, register, sha256_of_group, together
from exact.ingest.sources import Watch, hashed, is_remote, remember, seen
from exact.projections.image_sets import ImageSetRow
from exact.projections.images import ImageRow
from exact.storage.references import cached_at, trim_cache
from exact.tiles.errors import TileError


@dataclass
class Report:
    """What came of it, by the names of images and files."""

    came: list[str] = field(default_factory=list)
    there: list[str] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    passed_over: list[str] = field(default_factory=list)


class Importing:
    """Into one set, by one person."""

    def __init__(
        self,
        image_set: ImageSetRow,
        person: Person,
        *,
        reference: bool,
        watch: Callable[[str, int], None] = lambda _path, _bytes: None,
        withdrawn_too: bool = False,
    ) -> None:
        """`watch` hears of every piece that is read; `withdrawn_too` leaves alone what was withdrawn from the set."""
        require(person, Permission.UPLOAD, image_set.team_id)
        self.withdrawn_too = withdrawn_too
        self.image_set, self.person, self.reference, self.watch = image_set, person, reference, watch
        self.folder = Path(settings.UPLOADS) / f"{PREFIX}{secrets.token_hex(8)}"
        self.report = Report()

    def take_all(self, files: Iterable[Arrived], wanted: Callable[[Group], bool] = lambda _: True) -> Report:
        """Every wanted image of these files; what goes wrong with one is told, and the next one is taken."""
        try:
            found = self.cut(list(files))
            for aside in found.aside:
                if aside.harmless:
                    self.report.passed_over.append(aside.path)
                else:
                    self.report.refused.append((aside.path, aside.sentence))
            for group in filter(wanted, found.groups):
                self.take(group)
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)
        return self.report

    def cut(self, files: list[Arrived]) -> Cut:
        """Files elsewhere are grouped by their names only: their headers would have to be fetched."""
        remote = [file for file in files if file.source and is_remote(file.source.url)]
        local = [file for file in files if not (file.source and is_remote(file.source.url))]
        here = cut_files([replace(file, source=None) if is_zip(file.file) else file for file in local], self.folder)
        there = cut(remote, {})
        return Cut([*here.groups, *there.groups], [*here.aside, *there.aside])

    def take(self, group: Group) -> None:
        """One image: it comes, is there, or is refused."""
        staging = Path(settings.UPLOADS) / f"{PREFIX}{secrets.token_hex(8)}"
        copies = {path: staging / str(count) for count, path in enumerate(group.files)}
        try:
            group = Group(group.name, {path: self.read(file, copies[path]) for path, file in group.files.items()})
            if self.is_there(sha256_of_group(group)):
                self.report.there.append(group.name)
                return
            self.register(Group(group.name, {path: self.at_hand(group.files[path], copies[path]) for path in copies}))
            self.report.came.append(group.name)
        except Busy:
            raise
        except (Refusal, TileError) as error:
            self.note(group, error)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
            trim_cache()

    def read(self, file: Arrived, copy: Path) -> Arrived:
        """With its hash; what is not known and has to be copied is copied by the same reading."""
        if file.sha256 or file.source is None:  # out of an archive
            return file
        return hashed(file, partial(self.watch, file.path), None if self.stays(file) or seen(file.source) else copy)

    def stays(self, file: Arrived) -> bool:
        """Whether it is opened where it lies."""
        return file.source is None or (self.reference and not is_remote(file.source.url))

    def is_there(self, sha256: str) -> bool:
        """Whether the set has it."""
        rows = ImageRow.objects.filter(image_set=self.image_set, sha256=sha256)
        return (rows if self.withdrawn_too else rows.filter(withdrawn=False)).exists()

    def at_hand(self, file: Arrived, copy: Path) -> Arrived:
        """Where it can be opened and kept: as it lies, copied, or fetched into the cache."""
        if self.stays(file):
            return file
        if not copy.exists():
            hashed(file, nothing, copy)
        if not self.reference:
            return replace(file, file=copy, source=None)
        cached = cached_at(file.sha256)
        cached.parent.mkdir(parents=True, exist_ok=True)
        copy.rename(cached)
        return replace(file, file=cached)

    def register(self, group: Group) -> None:
        """By the one door."""
        with together(group) as image:
            refuse_twin(image.sha256, self.image_set.id)
            prepare(image.path, image.sha256, image.size_bytes, lambda _: None)
            register(image, self.image_set.id, partial(dispatch, by=self.person))
            sha256 = image.sha256
        make_thumbnail(sha256)

    def note(self, group: Group, error: Refusal | TileError) -> None:
        """A refusal is told, and remembered for as long as the files stay as they are."""
        self.report.refused.append((group.name, error.sentence))
        for file in group.files.values():
            if file.source and file.sha256:
                remember(file.source, file.sha256, error.sentence)


nothing: Watch = lambda _: None  # noqa: E731 - a value of that kind
