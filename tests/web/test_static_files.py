"""/static/ from disk: cached by name or by ETag, compressed, never outside its folder."""

import gzip
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from exact.web.static_files import StaticRoute

SCRIPT = b"export const answer = 42;\n" * 100
SECRET = b"outside"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """As Vite leaves it."""
    (tmp_path / "static/dist/assets").mkdir(parents=True)
    (tmp_path / "static/dist/assets/viewer-B1x8_kzQ.js").write_bytes(SCRIPT)
    (tmp_path / "static/dist/manifest.json").write_bytes(b"{}")
    (tmp_path / "secret.key").write_bytes(SECRET)
    (tmp_path / "static/link").symlink_to(tmp_path / "secret.key")
    return tmp_path / "static"


async def inner(scope: Any, receive: Any, send: Any) -> None:
    """The application behind."""
    await send({"type": "http.response.start", "status": 299, "headers": []})
    await send({"type": "http.response.body", "body": b"inner"})


async def ask(
    folder: Path, path: str, *headers: tuple[bytes, bytes], method: str = "GET"
) -> tuple[int, dict[bytes, bytes], bytes]:
    """Status, headers, body."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope: Any = {"type": "http", "path": path, "method": method, "headers": headers}
    await StaticRoute(inner, folder)(scope, None, send)  # type: ignore[arg-type]  # nothing is received
    return sent[0]["status"], dict(sent[0]["headers"]), sent[1]["body"]


async def test_a_name_with_a_hash_is_kept_for_ever(folder: Path) -> None:
    status, headers, body = await ask(folder, "/static/dist/assets/viewer-B1x8_kzQ.js")
    assert (status, body) == (200, SCRIPT)
    assert headers[b"cache-control"] == b"public, max-age=31536000, immutable"
    assert headers[b"content-type"] == b"text/javascript; charset=utf-8"
    assert headers[b"x-content-type-options"] == b"nosniff"


async def test_other_names_are_asked_for_again_and_not_sent_twice(folder: Path) -> None:
    _, headers, _ = await ask(folder, "/static/dist/manifest.json")
    assert headers[b"cache-control"] == b"public, no-cache"
    status, _, body = await ask(folder, "/static/dist/manifest.json", (b"if-none-match", headers[b"etag"]))
    assert (status, body) == (304, b"")
    (folder / "dist/manifest.json").write_bytes(b'{"changed": true}')
    assert (await ask(folder, "/static/dist/manifest.json", (b"if-none-match", headers[b"etag"])))[0] == 200


async def test_text_is_compressed_for_those_who_take_it(folder: Path) -> None:
    _, headers, body = await ask(folder, "/static/dist/assets/viewer-B1x8_kzQ.js", (b"accept-encoding", b"gzip, br"))
    assert headers[b"content-encoding"] == b"gzip"
    assert headers[b"content-length"] == str(len(body)).encode()
    assert gzip.decompress(body) == SCRIPT


async def test_head_sends_no_body(folder: Path) -> None:
    status, headers, body = await ask(folder, "/static/dist/assets/viewer-B1x8_kzQ.js", method="HEAD")
    assert (status, body) == (200, b"")
    assert headers[b"content-length"] == str(len(SCRIPT)).encode()


BAD: Sequence[str] = (
    "",
    "dist",
    "dist/",
    "nothing.js",
    "../secret.key",
    "dist/../../secret.key",
    "link",
    "/etc/passwd",
    "a\0b",
)


@pytest.mark.parametrize("name", BAD)
async def test_what_is_no_file_of_ours_is_not_found(folder: Path, name: str) -> None:
    status, _, body = await ask(folder, f"/static/{name}")
    assert (status, body) == (404, b"")


async def test_nothing_can_be_written(folder: Path) -> None:
    assert (await ask(folder, "/static/dist/manifest.json", method="POST"))[0] == 405


async def test_everything_else_goes_on(folder: Path) -> None:
    assert (await ask(folder, "/statics/x"))[0] == 299
