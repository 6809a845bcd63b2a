"""Files as answers: with their length, never whole in memory, whoever serves."""

import asyncio
from collections.abc import AsyncIterator
from typing import BinaryIO

from django.http import FileResponse
from django.http.response import HttpResponseBase


class Download(FileResponse):
    """A file to save under a name.

    Django would read a file whole into memory before an ASGI server gets the first byte; this reads it in blocks.
    """

    block_size = 256 * 1024

    def __init__(self, file: BinaryIO, filename: str, content_type: str = "application/octet-stream") -> None:
        super().__init__(file, as_attachment=True, filename=filename, content_type=content_type)
        self.opened = file

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while block := await asyncio.to_thread(self.opened.read, self.block_size):
            yield block


def cached(response: HttpResponseBase, tag: str) -> HttpResponseBase:
    """Private, and asked for again before it is shown again: the right may end."""
    response["ETag"] = tag
    response["Cache-Control"] = "private, no-cache"
    return response
