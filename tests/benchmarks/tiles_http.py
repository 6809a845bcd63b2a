"""`tiles http`: CPU of a tile over HTTP, daphne and uvicorn against nginx serving files of the same bytes.

CPU is that of the server's processes with all their children, per answer. nginx comes from Debian; without it the rows
that need it say so and do not hold.
"""

import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from exact.operations.demo_slide import write_demo_slide
from exact.tiles.errors import Contained
from exact.tiles.slide_cache import Original
from exact.tiles.source import TileSource
from tests.application import free_port
from tests.benchmarks import Row, at_most, found
from tests.benchmarks.tiles import as_a_scanner_stores_it

NAMES = ("tiles http",)
SIDE_PX = 8192
LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
CHUNK_BYTES = 2**18
CLIENTS = (1, 8, 32)
NATIVE_TILES, DEEP_ZOOM_TILES, HOPS = 900, 120, 200
BYTES_OF_200_MIB = 200
NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
FILES = "nginx serving files of the same bytes"


@dataclass(frozen=True)
class Server:
    """One program that answers on a port."""

    name: str
    port: int
    pid: int
    headers: dict[str, str] = field(default_factory=dict)

    def cpu_s(self) -> float:
        """Of all its processes, now."""
        return sum(map(thread_cpu_s, family(self.pid)))

    def cpu_ms_of(self, paths: list[str], clients: int) -> float:
        """Per answer, while so many clients ask for these one after the other."""
        before = self.cpu_s()
        self.ask(paths, clients)
        return (self.cpu_s() - before) * 1000 / len(paths)

    def ask(self, paths: list[str], clients: int = 1) -> list[bytes]:
        """The answers, in the order of the clients."""
        with ThreadPoolExecutor(clients) as threads:
            parts = threads.map(self._ask, [paths[number::clients] for number in range(clients)])
            return [body for part in parts for body in part]

    def _ask(self, paths: list[str]) -> list[bytes]:
        """Over one connection, with as little work for the client as can be: it has the same cores."""
        said = "".join(f"{name}: {value}\r\n" for name, value in {"Host": "localhost", **self.headers}.items())
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as connection:
            return [self._one(connection, path, said) for path in paths]

    def _one(self, connection: socket.socket, path: str, headers: str) -> bytes:
        connection.sendall(f"GET {path} HTTP/1.1\r\n{headers}\r\n".encode())
        told = connection.recv(CHUNK_BYTES)
        while b"\r\n\r\n" not in told:
            told += connection.recv(CHUNK_BYTES)
        head, _, body = told.partition(b"\r\n\r\n")
        length = LENGTH.search(head)
        if not head.startswith(b"HTTP/1.1 200") or length is None:
            sys.exit(f"{self.name} answered {head[:200]!r} to {path}")
        while len(body) < int(length[1]):
            body += connection.recv(CHUNK_BYTES)
        return body


def family(pid: int) -> list[int]:
    """The process and everything below it."""
    parents = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and (stat := read(folder / "stat")):
            parents[int(folder.name)] = int(stat.rpartition(")")[2].split()[1])
    found_pids = [pid]
    for each in found_pids:
        found_pids += [child for child, parent in parents.items() if parent == each]
    return found_pids


def thread_cpu_s(pid: int) -> float:
    """Of all threads that live, by the kernel's nanoseconds."""
    folder = Path(f"/proc/{pid}/task")
    threads = list(folder.iterdir()) if folder.is_dir() else []
    return sum(int((read(thread / "schedstat") or "0").split()[0]) for thread in threads) / 1e9


def read(file: Path) -> str:
    """Nothing of a process that is gone."""
    try:
        return file.read_text()
    except OSError:
        return ""


def resident_mib(pid: int) -> float:
    """Memory of one process."""
    return int(read(Path(f"/proc/{pid}/statm")).split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def rows() -> list[Row]:
    """Native tiles and the ancestor's, cold and warm, with 1, 8 and 32 clients; what a child costs; memory."""
    with ExitStack() as running, tempfile.TemporaryDirectory() as folder:
        slide, number, headers = kept_slide(Path(folder))
        ours = [running.enter_context(serving(name, headers)) for name in ("daphne", "uvicorn")]
        native = native_paths(ours[1], number)
        bodies = ours[1].ask(native)
        files = running.enter_context(static(Path(folder) / "static", bodies)) if Path(NGINX).exists() else None
        told = [*grids(ours, files, slide, number, native), *memory(ours[1])]
        return [*told, *hop(slide, Path(folder))]


def kept_slide(folder: Path) -> tuple[Path, int, dict[str, str]]:
    """A scanner's slide as an image of a team, and the credential of its owner."""
    from exact.accounts.models import AccessToken, User
    from exact.storage import originals
    from tests.builders import a_workplace

    dyadic = folder / "dyadic.tif"
    write_demo_slide(dyadic, SIDE_PX, SIDE_PX)
    path = as_a_scanner_stores_it(dyadic, folder / "scanner.tif")
    content = sha256(path.read_bytes()).hexdigest()
    originals.keep(path, content)
    place = a_workplace()
    image = place.image("scanner.svs", sha256=content, width=SIDE_PX, height=SIDE_PX)
    _, token = AccessToken.make(User.objects.get(person_id=place.owner.person_id), "bench")
    return originals.path_of(content), image.number or 0, {"Authorization": f"Bearer {token}"}


@contextmanager
def serving(name: str, headers: dict[str, str]) -> Iterator[Server]:
    """daphne as embedded, or uvicorn as in compose, each one process, on the servers of this run."""
    from exact.operations.supervisor import programs

    port = free_port()
    words = next(program.words for program in programs("127.0.0.1", port) if program.name == "web")
    if name == "uvicorn":
        words = [sys.executable, "-m", "uvicorn", "exact.tiles.asgi:application", "--port", str(port)]
        words += [
            "--loop",
            "uvloop",
            "--http",
            "exact.tiles.one_write:OneWrite",
            "--log-level",
            "warning",
            "--no-access-log",
        ]
        words += ["--no-server-header", "--no-proxy-headers"]
    with answering(name, words, port, headers) as server:
        yield server


@contextmanager
def static(folder: Path, bodies: list[bytes]) -> Iterator[Server]:
    """nginx with one file for each answer, in one process."""
    folder.mkdir()
    for number, body in enumerate(bodies):
        (folder / f"{number}.jpeg").write_bytes(body)
    port = free_port()
    configuration = folder / "nginx.conf"
    configuration.write_text(
        f"daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;\n"
        f"events {{ worker_connections 256; }}\n"
        f"http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000;\n"
        f"types {{ image/jpeg jpeg; }} server {{ listen 127.0.0.1:{port}; root {folder};\n"
        f"add_header Cache-Control 'private, max-age=31536000, immutable'; }} }}\n"
    )
    with answering("nginx", [NGINX, "-c", str(configuration), "-e", f"{folder}/error.log"], port, {}) as server:
        yield server


@contextmanager
def answering(name: str, words: list[str], port: int, headers: dict[str, str]) -> Iterator[Server]:
    """The program, from its first answer on."""
    process = subprocess.Popen(words)
    try:
        for _ in range(600):
            try:
                socket.create_connection(("127.0.0.1", port), timeout=5).close()
                break
            except OSError:
                time.sleep(0.1)
        yield Server(name, port, process.pid, headers)
    finally:
        process.terminate()
        process.wait()


def native_paths(server: Server, number: int) -> list[str]:
    """Whole tiles of level 0, which are handed on as they lie in the file."""
    server.ask([f"/tiles/{number}/info.json"])
    columns = SIDE_PX // 256
    return [f"/tiles/{number}/0/0/0/{n % columns}_{n // columns}.jpeg" for n in range(NATIVE_TILES)]


def deep_zoom_paths(number: int, part: int) -> list[str]:
    """Tiles of 254 + 1 at full size; each part has others."""
    columns, level = -(-SIDE_PX // 254), (SIDE_PX - 1).bit_length()
    places = range(part * DEEP_ZOOM_TILES, (part + 1) * DEEP_ZOOM_TILES)
    return [f"/images/image/{number}/1/0/tile_files/{level}/{n % columns}_{n // columns}.jpeg" for n in places]


def grids(ours: list[Server], files: Server | None, slide: Path, number: int, native: list[str]) -> Iterator[Row]:
    """Each kind of answer by each server, after nginx has served the same number of the same files."""
    names = [f"/{n}.jpeg" for n in range(len(native))]
    for part, clients in enumerate(CLIENTS):
        nginx_ms = files.cpu_ms_of(3 * names, clients) if files else None
        if nginx_ms:
            yield found(f"tiles http nginx, {clients} clients", nginx_ms, unit="ms CPU", against="nothing: a bare time")
        for server in ours:
            for grid, state, cpu_ms in measured(server, slide, native, deep_zoom_paths(number, part), clients):
                yield compared(f"tiles http {grid}, {server.name}, {state}, {clients} clients", cpu_ms, nginx_ms)


def measured(
    server: Server, slide: Path, native: list[str], deep_zoom: list[str], clients: int
) -> Iterator[tuple[str, str, float]]:
    """Cold: not in the page cache, or never made before. Warm: asked again."""
    server.ask(native[:1])
    forget(slide)
    yield "native", "cold", server.cpu_ms_of(native, clients)
    yield "native", "warm", server.cpu_ms_of(3 * native, clients)
    yield "254+1", "cold", server.cpu_ms_of(deep_zoom, clients)
    yield "254+1", "warm", server.cpu_ms_of(10 * deep_zoom, clients)


def forget(slide: Path) -> None:
    """Out of the page cache."""
    descriptor = os.open(slide, os.O_RDONLY)
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(descriptor)


def compared(name: str, cpu_ms: float, nginx_ms: float | None) -> Row:
    """The one with an aim is the native tile under uvicorn, warm."""
    aimed = "native, uvicorn, warm" in name
    if nginx_ms is None:
        row = found(
            name, cpu_ms, unit="ms CPU", against="nothing: nginx is not installed (apt-get install nginx-light)"
        )
        return Row(**{**row, "holds": not aimed})
    if aimed:
        return at_most(name, cpu_ms / nginx_ms, 3, unit="times CPU", against=FILES)
    return found(name, cpu_ms / nginx_ms, unit="times CPU", against=FILES)


def memory(server: Server) -> Iterator[Row]:
    """After all those walks: of the process that serves, and of the largest of its children."""
    from django.conf import settings

    most = BYTES_OF_200_MIB + settings.TILE_CACHE_BYTES / 2**20
    own, *children = (resident_mib(pid) for pid in family(server.pid))
    against = "200 MiB and EXACT_TILE_CACHE_BYTES"
    yield at_most("tiles http, memory of the uvicorn process", own, most, unit="MiB", against=against)
    yield found("tiles http, memory of a child of the pool", max(children, default=0), unit="MiB", against="nothing")


def never_here(file: Original) -> TileSource:
    """Everything goes to the child."""
    raise Contained(file.sha256)


def hop(slide: Path, folder: Path) -> Iterator[Row]:
    """The same tile made with all of the formats, made by a child, and made as the web process makes it, by turns."""
    from exact.tiles.formats import open_here, open_image
    from exact.tiles.pool.messages import Setup
    from exact.tiles.pool.pool import Pool, Terms
    from exact.tiles.pool.strikes import Strikes
    from exact.tiles.service import TileAddress, TileService
    from exact.tiles.slide_cache import SlideCache
    from exact.tiles.source import OpenOptions
    from exact.tiles.tile_cache import TileCache

    def alone(opener: Callable[[Original], TileSource]) -> TileService:
        return TileService(SlideCache(opener, max_handles=4, max_bytes=2**29), TileCache(0))

    setup = Setup(str(folder / "cache"), 10**9, 4, 2**29, heap_bytes=3 * 2**30, cpu_s=120)
    pool = Pool(setup, Strikes(folder / "strikes"), Terms(1))
    process = alone(lambda file: open_image(file.path, OpenOptions(folder, file.sha256)))
    child = TileService(SlideCache(never_here, max_handles=1, max_bytes=1), TileCache(0), pool)
    file, level = Original("hop", slide), (SIDE_PX - 1).bit_length()
    outline = child.outline(file)
    told = alone(lambda file: open_here(file.path, OpenOptions(folder, file.sha256), outline))
    ways = {"by a child of the pool": child, "in the process by all formats": process, "by the web process": told}
    times: dict[str, list[float]] = {way: [] for way in ways}
    for n in range(HOPS):
        address = TileAddress(0, 0, level, n % 32, n // 32, "jpeg")
        names = list(ways)
        for way in names[n % 3 :] + names[: n % 3]:
            began = time.perf_counter()
            ways[way].tile(file, address)
            times[way].append(time.perf_counter() - began)
    pool.close()
    base = times.pop("in the process by all formats")
    for way, taken in times.items():
        ratio = statistics.median(each / alone_s for each, alone_s in zip(taken, base, strict=True))
        yield found(
            f"tiles http, a 254+1 tile {way}", ratio, unit="times", against="made in the process by all formats"
        )
