"""What a process that serves pixels holds and has done: counted by itself, told to this host's processes by a file.

With several tile processes, whoever answers the page *Cache* is not the one whose caches matter: so each writes its
figures down every few seconds, and reads there whether it is to forget what it holds.
"""

import contextlib
import os
import socket
import threading
import time
from pathlib import Path

import msgspec

from exact.tiles.service import TileService
from exact.tiles.thumbnails import write_whole

EVERY_S = 2.0
AT_LEAST_EVERY_S = 10.0
GONE_AFTER_S = 30.0
"""A process that has said nothing for so long has ended: its pid means nothing in another container."""
CLEARED = "cleared"


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Of one process. Counts are since it began."""

    host: str
    pid: int
    began_at: float
    told_at: float
    files_open: int
    files_bytes: int
    """With those of its children."""
    files_hits: int
    files_opened: int
    files_evicted: int
    tiles_held: int
    tiles_bytes: int
    tiles_hits: int
    tiles_made: int
    tiles_evicted: int
    shared_hits: int
    shared_misses: int
    children: int
    children_busy: int
    children_started: int
    children_failed: int
    calls: int
    calls_waiting: int
    calls_refused: int


BEGAN_AT = time.time()


def figures_of(service: TileService) -> Figures:
    """As they are now."""
    slides, tiles, pool, shared = service.slides, service.tiles, service.pool, service.shared
    counts = None if pool is None else pool.counts
    files_of_children, bytes_of_children = (0, 0) if pool is None else pool.held
    return Figures(
        host=socket.gethostname(),
        pid=os.getpid(),
        began_at=BEGAN_AT,
        told_at=time.time(),
        files_open=len(slides) + files_of_children,
        files_bytes=slides.held_bytes + bytes_of_children,
        files_hits=slides.hits,
        files_opened=slides.opened,
        files_evicted=slides.evicted,
        tiles_held=len(tiles),
        tiles_bytes=tiles.held_bytes,
        tiles_hits=tiles.hits,
        tiles_made=tiles.made,
        tiles_evicted=tiles.evicted,
        shared_hits=0 if shared is None else shared.hits,
        shared_misses=0 if shared is None else shared.misses,
        children=0 if pool is None else len(pool.children),
        children_busy=0 if pool is None else pool.waiting.running,
        children_started=0 if counts is None else counts.started,
        children_failed=0 if counts is None else counts.failed,
        calls=0 if counts is None else counts.calls,
        calls_waiting=0 if pool is None else len(pool.waiting),
        calls_refused=0 if counts is None else counts.refused,
    )


class Publisher:
    """The thread that tells the figures of one process, and obeys when all are to forget what they hold."""

    def __init__(self, service: TileService, folder: Path, every_s: float = EVERY_S) -> None:
        self._service = service
        self._folder = folder
        self._every_s = every_s
        self._ended = threading.Event()
        self._told: Figures | None = None
        self._cleared_at = cleared_at(folder)
        threading.Thread(target=self._run, name="tile-figures", daemon=True).start()

    def close(self) -> None:
        """The process has nothing to tell any more."""
        self._ended.set()
        with contextlib.suppress(OSError):
            file_of(self._folder, socket.gethostname(), os.getpid()).unlink(missing_ok=True)

    def _run(self) -> None:
        while not self._ended.wait(self._every_s):
            with contextlib.suppress(OSError):  # a full disk must not end what is only told
                self.look()

    def look(self) -> None:
        """Forgets if it is asked to, and tells its figures if they have changed."""
        cleared = cleared_at(self._folder)
        if cleared != self._cleared_at:
            self._cleared_at = cleared
            self._service.forget()
        figures = figures_of(self._service)
        if self._told is None or self._is_news(self._told, figures):
            write_whole(file_of(self._folder, figures.host, figures.pid), msgspec.json.encode(figures))
            self._told = figures

    @staticmethod
    def _is_news(told: Figures, now: Figures) -> bool:
        same = msgspec.structs.replace(told, told_at=now.told_at) == now
        return not same or now.told_at - told.told_at > AT_LEAST_EVERY_S


def file_of(folder: Path, host: str, pid: int) -> Path:
    """Where a process tells its figures."""
    return folder / f"{host}-{pid}.json"


def told_by_all(folder: Path) -> list[Figures]:
    """The figures of every process that lives; what others have left behind is cleared away."""
    found = []
    for file in sorted(folder.glob("*.json")):
        with contextlib.suppress(OSError, msgspec.DecodeError):
            figures = msgspec.json.decode(file.read_bytes(), type=Figures)
            if time.time() - figures.told_at < GONE_AFTER_S:
                found.append(figures)
            else:
                file.unlink(missing_ok=True)
    return found


def ask_all_to_forget(folder: Path) -> None:
    """Every process of the host closes its files and drops its tiles within a few seconds."""
    write_whole(folder / CLEARED, str(time.time_ns()).encode())


def cleared_at(folder: Path) -> str:
    """What stands in the file that asks to forget."""
    try:
        return (folder / CLEARED).read_text()
    except OSError:
        return ""
