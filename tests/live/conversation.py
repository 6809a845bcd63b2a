"""A page at one image, as a test plays it: the real consumer, relay, log and Redis."""

import asyncio
import base64
import json
from typing import Any

from channels.db import database_sync_to_async
from channels.testing import WebsocketCommunicator

from exact.accounts.models import User
from exact.live.routing import live
from tests.builders import PASSWORD, Workplace, a_workplace


def basic(user: User) -> tuple[bytes, bytes]:
    """An Authorization header."""
    return b"authorization", b"Basic " + base64.b64encode(f"{user.username}:{PASSWORD}".encode())


class Page:
    """One open page."""

    def __init__(self, number: int, user: User | None, of: str = "images") -> None:
        headers = [basic(user)] if user else []
        self.socket = WebsocketCommunicator(live, f"/ws/{of}/{number}/", headers=headers)
        self.positions: list[int] = []
        self.facts: list[dict[str, Any]] = []

    async def open(self, after: int = 0, protocol: int = 1) -> dict[str, Any]:
        """Connect, say hello, answer the first message."""
        await self.socket.connect(timeout=5)
        await self.say({"type": "hello", "protocol": protocol, "after": after})
        return await self.hear()

    async def say(self, message: dict[str, Any]) -> None:
        await self.socket.send_to(text_data=json.dumps(message))

    async def hear(self, timeout: float = 5) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(await self.socket.receive_from(timeout=timeout))
        if message["type"] == "facts":
            self.facts += message["facts"]
            self.positions += [fact["position"] for fact in message["facts"]]
        return message

    async def hear_until(self, kind: str, timeout: float = 5) -> dict[str, Any]:
        """The next message of that type."""
        while True:
            message = await self.hear(timeout)
            if message["type"] == kind:
                return message

    async def facts_upto(self, position: int) -> None:
        """Listen until that position has come."""
        while not self.positions or self.positions[-1] < position:
            await self.hear()

    async def quiet(self, for_s: float = 0.1) -> bool:
        """Whether nothing comes for that long."""
        nothing: bool = await self.socket.receive_nothing(timeout=for_s)
        return nothing

    async def close(self) -> None:
        """The page says good-bye."""
        await self.socket.disconnect(timeout=5)

    async def cut(self) -> None:
        """The connection ends in the middle of whatever the server does."""
        self.socket.future.cancel()
        await asyncio.wait([self.socket.future])


@database_sync_to_async
def prepared() -> tuple[Workplace, User]:
    """A workplace and the user who owns it."""
    place = a_workplace()
    return place, User.objects.get(person_id=place.owner.person_id)
