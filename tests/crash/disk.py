"""A small disk of its own for one application, that can be filled to the last byte and emptied again."""

import contextlib
import errno
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PIECE_BYTES = 2**20


class Disk:
    """A folder on a file system of so many bytes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ballast = folder / "ballast"

    def fill(self) -> None:
        """Until nothing more can be written; again and again, since others may have made room meanwhile."""
        with self.ballast.open("ab", buffering=0) as file:
            for piece_bytes in (PIECE_BYTES, 4096, 1):
                with contextlib.suppress(OSError):
                    while file.write(b"\0" * piece_bytes) == piece_bytes:
                        pass

    def is_full(self) -> bool:
        """Whether a page more cannot be written."""
        probe = self.folder / "probe"
        try:
            with probe.open("wb", buffering=0) as file:
                return file.write(b"\0" * 4096) < 4096
        except OSError as error:
            return error.errno == errno.ENOSPC
        finally:
            probe.unlink(missing_ok=True)

    def make_room(self) -> None:
        """The operator deletes something."""
        self.ballast.unlink()


@contextmanager
def small_disk(folder: Path, size_mb: int) -> Iterator[Disk]:
    """Mounted in memory, gone afterwards. Only root may: where that is not permitted, the test fails and says so."""
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", f"size={size_mb}m,mode=755", "exact-crash", str(folder)]
    mounted = subprocess.run(words, capture_output=True, text=True, check=False)
    assert mounted.returncode == 0, (
        f"A FULL DISK WAS NOT TRIED: this test must run where it may mount, as root ({os.geteuid()=}): {mounted.stderr}"
    )
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
