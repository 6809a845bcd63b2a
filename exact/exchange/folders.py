"""Where the files of one import lie: what was sent, what was accepted, what was not and why."""

import re
import shutil
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from exact.exchange.models import UNFINISHED, ImportRun
from exact.storage.uploads import sweep_leftovers

KEPT = timedelta(days=30)
NAME = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class ImportFolder:
    """IMPORTS/<id>/; `checked` is written last, so that its being there says that the others are whole."""

    def __init__(self, import_id: UUID) -> None:
        self.path = Path(settings.IMPORTS) / str(import_id)
        self.received = self.path / "received"
        self.accepted = self.path / "accepted"
        self.rejected = self.path / "rejected.jsonl"
        self.checked = self.path / "checked.json"

    def forget_rows(self) -> None:
        """What is not needed any more when the import has ended; the refused rows stay for a month."""
        for file in (self.received, self.accepted, self.checked):
            file.unlink(missing_ok=True)

    def forget(self) -> None:
        """Everything."""
        shutil.rmtree(self.path, ignore_errors=True)


def sweep_imports() -> int:
    """Drop files that nobody needs: of runs that ended a month ago, of none, of bodies that broke. Answers how many."""
    old = ImportRun.objects.exclude(state__in=UNFINISHED).filter(requested_at__lt=timezone.now() - KEPT)
    folders = [ImportFolder(import_id) for import_id in old.values_list("id", flat=True)]
    folders += [ImportFolder(import_id) for import_id in _orphans()]
    gone = [folder for folder in folders if folder.path.exists()]
    for folder in gone:
        folder.forget()
    return len(gone) + sweep_leftovers(Path(settings.IMPORTS))


def _orphans() -> set[UUID]:
    """Folders that no run speaks of, older than a day: a server was killed between the two."""
    oldest = (timezone.now() - timedelta(days=1)).timestamp()
    root = Path(settings.IMPORTS)
    folders = [path for path in root.glob("*") if NAME.fullmatch(path.name)]
    ids = {UUID(path.name) for path in folders if path.stat().st_mtime < oldest}
    return ids - set(ImportRun.objects.filter(id__in=ids).values_list("id", flat=True))
