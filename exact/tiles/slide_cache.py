"""Open images of this process: handles by file and views by (file, plane, grid), leased, bounded, opened once."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from exact.tiles.deepzoom import OVERLAP, TILE_SIZE, DeepZoom
from exact.tiles.errors import Contained, TileError
from exact.tiles.looks import PLAIN, Look
from exact.tiles.single_flight import SingleFlight
from exact.tiles.source import TileSource

FAILED_OPEN_S = 30.0
"""A file that could not be opened is not tried again for so long."""
MAX_FAILURES = 1024
VIEWS_PER_HANDLE = 8
LOOKS_PER_HANDLE = 8


@dataclass(frozen=True)
class Original:
    """Names the content and says where it lies."""

    sha256: str
    path: Path


@dataclass(frozen=True)
class Grid:
    """How a plane is cut into tiles."""

    tile_size: int = TILE_SIZE
    overlap: int = OVERLAP


@dataclass
class Handle:
    """An open image, and how many are reading it now."""

    source: TileSource
    cost: int
    leases: int = 0
    evicted: bool = False
    views: OrderedDict[tuple[int, Grid], DeepZoom] = field(default_factory=OrderedDict)
    looks: dict[Look, TileSource] = field(default_factory=dict)

    @property
    def closable(self) -> bool:
        """Given up, and nobody reads it any more."""
        return self.evicted and self.leases == 0


@dataclass(frozen=True)
class View:
    """An open image seen as one pyramid of tiles."""

    source: TileSource
    plane: int
    pyramid: DeepZoom
    looks: dict[Look, TileSource] = field(default_factory=dict, compare=False)
    """The image looked at otherwise, remembered so that its decoded tiles are found again."""

    def under(self, look: Look) -> "View":
        """The same pyramid of the image looked at otherwise."""
        if look == PLAIN:
            return self
        source = self.looks.get(look) or self.source.under(look)
        if len(self.looks) >= LOOKS_PER_HANDLE:
            self.looks.clear()
        self.looks[look] = source
        return replace(self, source=source)

    def shown_frame(self, frame: int) -> int:
        """Frames after the last one show the last one: the ancestor's clients count from one."""
        return min(frame, self.source.nframes_for_plane(self.plane) - 1)


def shown_plane(source: TileSource, plane: int) -> int:
    """Images with one plane ignore which one is asked for: the ancestor's clients send anything there."""
    return plane if len(source.description.planes) > 1 else 0


class SlideCache:
    """Least recently used handles are given up first; one in use is closed when its last reader is done."""

    def __init__(
        self,
        open_file: Callable[[Original], TileSource],
        *,
        max_handles: int,
        max_bytes: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._open_file = open_file
        self._max_handles = max_handles
        self._max_bytes = max_bytes
        self._clock = clock
        self._lock = threading.Lock()
        self._handles: OrderedDict[str, Handle] = OrderedDict()
        self._failures: OrderedDict[str, tuple[float, TileError]] = OrderedDict()
        self._flights: SingleFlight[str, Handle] = SingleFlight()
        self.hits = self.opened = self.evicted = 0

    def __len__(self) -> int:
        return len(self._handles)

    @property
    def held_bytes(self) -> int:
        """Cost of all handles that are not given up."""
        with self._lock:
            return sum(handle.cost for handle in self._handles.values())

    @contextmanager
    def lease(self, file: Original) -> Iterator[TileSource]:
        """The open image, kept open while the block runs. An error that spoils the handle gives it up."""
        with self._leased(file) as handle:
            yield handle.source

    @contextmanager
    def view(self, file: Original, plane: int, grid: Grid) -> Iterator[View]:
        """A plane of the open image cut into tiles, kept open while the block runs."""
        with self._leased(file) as handle:
            shown = shown_plane(handle.source, plane)
            yield View(handle.source, shown, self._pyramid(handle, shown, grid), handle.looks)

    def close(self) -> None:
        """Gives up everything."""
        for sha256, handle in list(self._handles.items()):
            self._evict(sha256, handle)

    @contextmanager
    def _leased(self, file: Original) -> Iterator[Handle]:
        handle = self._lease(file)
        try:
            yield handle
        except TileError as error:
            if error.spoils_handle:
                self._evict(file.sha256, handle)
            raise
        finally:
            self._give_back(handle)

    def _lease(self, file: Original) -> Handle:
        while True:
            handle = self._held(file.sha256) or self._flights.do(file.sha256, lambda: self._open(file))
            with self._lock:
                if not handle.evicted:
                    handle.leases += 1
                    return handle

    def _held(self, sha256: str) -> Handle | None:
        with self._lock:
            handle = self._handles.get(sha256)
            if handle is not None:
                self._handles.move_to_end(sha256)
                self.hits += 1
            return handle

    def _open(self, file: Original) -> Handle:
        held = self._held(file.sha256)
        if held is not None:
            return held
        self._raise_known_failure(file.sha256)
        try:
            source = self._open_file(file)
        except Contained:  # no failure: it may be opened as soon as a child has told of it
            raise
        except TileError as error:
            self._remember_failure(file.sha256, error)
            raise
        return self._keep(file.sha256, Handle(source, source.cost))

    def _keep(self, sha256: str, handle: Handle) -> Handle:
        with self._lock:
            self._handles[sha256] = handle
            self.opened += 1
            given_up = self._over_the_limits()
        for closable in given_up:
            closable.source.close()
        return handle

    def _over_the_limits(self) -> list[Handle]:
        """Takes out the oldest until the rest fits; the newest always stays. Returns those to close now."""
        given_up = []
        total = sum(handle.cost for handle in self._handles.values())
        while len(self._handles) > 1 and (len(self._handles) > self._max_handles or total > self._max_bytes):
            _, oldest = self._handles.popitem(last=False)
            oldest.evicted = True
            self.evicted += 1
            total -= oldest.cost
            given_up.append(oldest)
        return [handle for handle in given_up if handle.closable]

    def _evict(self, sha256: str, handle: Handle) -> None:
        with self._lock:
            if self._handles.get(sha256) is handle:
                del self._handles[sha256]
            handle.evicted = True
            close = handle.closable
        if close:
            handle.source.close()

    def _give_back(self, handle: Handle) -> None:
        with self._lock:
            handle.leases -= 1
            close = handle.closable
        if close:
            handle.source.close()

    def _pyramid(self, handle: Handle, plane: int, grid: Grid) -> DeepZoom:
        with self._lock:
            pyramid = handle.views.pop((plane, grid), None) or pyramid_of(handle.source, plane, grid)
            handle.views[plane, grid] = pyramid
            if len(handle.views) > VIEWS_PER_HANDLE:
                handle.views.popitem(last=False)
            return pyramid

    def _raise_known_failure(self, sha256: str) -> None:
        with self._lock:
            until, error = self._failures.get(sha256, (0.0, None))
        if error is not None and self._clock() < until:
            raise type(error)(error.sentence)

    def _remember_failure(self, sha256: str, error: TileError) -> None:
        with self._lock:
            self._failures[sha256] = (self._clock() + FAILED_OPEN_S, error)
            if len(self._failures) > MAX_FAILURES:
                self._failures.popitem(last=False)


def pyramid_of(source: TileSource, plane: int, grid: Grid) -> DeepZoom:
    """The tiles of a plane."""
    sizes, downsamples = source.level_dimensions_for_plane(plane), source.level_downsamples_for_plane(plane)
    return DeepZoom(sizes, downsamples, grid.tile_size, grid.overlap)
