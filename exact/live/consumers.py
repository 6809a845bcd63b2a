"""One socket at one image or image set: hello, what was missed, what happens, who is there, heartbeat."""

import asyncio
import logging
import secrets
import time
from contextlib import suppress
from typing import Any, ClassVar

import msgspec
import psycopg
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.db import close_old_connections
from typing_extensions import override

from exact.accounts.colours import colour_of
from exact.accounts.policy import Person
from exact.eventstore.errors import UNAVAILABLE
from exact.live.access import Scene, admitted, still_admitted
from exact.live.messages import (
    BEHIND_MAX,
    DECODER,
    FRAME_MAX_BYTES,
    HEARTBEAT_S,
    HELLO_WITHIN_S,
    PRESENCE_PER_S,
    PROTOCOL,
    Close,
    Facts,
    FromServer,
    Heartbeat,
    Hello,
    LiveFact,
    Peer,
    Refused,
    Reset,
    Welcome,
    Whereabouts,
    text,
)
from exact.live.presence import presence
from exact.live.relay import Listener, relay
from exact.projections.image_sets import find_image_set
from exact.projections.images import find_image

logger = logging.getLogger("exact.live")


class SceneConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # channels has no types
    """The live page of one image or set; `find` looks it up by number, `noun` is its word."""

    noun: ClassVar[str]

    @staticmethod
    def find(number: int) -> Scene | None:
        """The scene with that public number."""
        raise NotImplementedError

    channel_layer_alias = "none"  # facts come from the log, presence from Redis directly: no channel layer is needed

    person: Person
    scene: Scene
    listener: Listener | None = None
    peer: Peer

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:  # Any: ASGI
        """One connection; however it ends, also cut off or failed, it leaves nothing behind."""
        self._tasks: list[asyncio.Task[None]] = []
        self._last_presence = 0.0
        try:
            return await super().__call__(scope, receive, send)
        except UNAVAILABLE as error:
            logger.warning("the database is away: %s", error)
            await self.close(Close.TRY_AGAIN_LATER)
        finally:
            await self._leave()

    async def connect(self) -> None:
        """Take the connection, or say why not."""
        await self.accept()
        number = int(self.scope["url_route"]["kwargs"]["number"])
        person, scene = await database_sync_to_async(self._admitted)(number)
        if person is None:
            await self._refuse(Close.NOT_SIGNED_IN, "not_signed_in", "Sign in first.")
        elif scene is None:
            sentence = f"There is no such {self.noun}, or it belongs to another team."
            await self._refuse(Close.UNKNOWN_IMAGE, "not_found", sentence)
        else:
            self.person, self.scene = person, scene
            self._start(self._close_unless_greeted())

    async def _leave(self) -> None:
        """Nobody waits for anything any more."""
        for task in self._tasks:
            task.cancel()
        if self.listener is not None:
            listener, self.listener = self.listener, None
            await relay().leave(listener)
            await presence().depart(self.scene.id, self.peer.session)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """One message of the client."""
        if not hasattr(self, "scene"):
            return
        try:
            message = DECODER.decode(_bounded(text_data))
        except msgspec.MsgspecError as error:
            await self._refuse(
                Close.BAD_MESSAGE, "bad_message", f"This message is not of protocol {PROTOCOL}: {error}."
            )
            return
        if isinstance(message, Hello):
            await self._greet(message)
        elif self.listener is None:
            await self._refuse(Close.BAD_MESSAGE, "hello_first", "Say hello first.")
        elif isinstance(message, Whereabouts):
            await self._move(message)
        else:
            await self._beat()

    async def _greet(self, hello: Hello) -> None:
        """Join first, then read what was missed: nothing can fall between."""
        if hello.protocol != PROTOCOL:
            sentence = f"This server speaks protocol {PROTOCOL}; reload the page."
            await self._refuse(Close.PROTOCOL, "protocol", sentence)
            return
        first = self.listener is None
        if first:
            self.listener = Listener(self.scene.id)
            self.peer = Peer(
                session=secrets.token_urlsafe(9),
                person_id=self.person.person_id,
                name=self.person.name,
                colour=colour_of(self.person.person_id),
            )
            relay().join(self.listener)
        assert self.listener is not None
        self.listener.sent = hello.after
        people = await presence().arrive(self.scene.id, self.peer, self.listener.tell)
        position = await relay().newest_of(self.scene.id)
        await self._send(Welcome(session=self.peer.session, position=position, people=people))
        if hello.after > position:  # a page of another log, say of a restored backup
            await self._reset()
        await self._catch_up()
        if first:
            self._start(self._deliver())
            self._start(self._beat_for_ever())

    async def _catch_up(self) -> None:
        """Send what the log has after the last that was sent; too much of it is loaded by REST instead."""
        assert self.listener is not None
        missed = await relay().read(self.scene.id, self.listener.sent, BEHIND_MAX + 1)
        if len(missed) > BEHIND_MAX:
            await self._reset()
        else:
            await self._send_facts(missed)

    async def _reset(self) -> None:
        assert self.listener is not None
        self.listener.sent = await relay().newest_of(self.scene.id)
        self.listener.overrun = False
        await self._send(Reset(position=self.listener.sent))

    async def _send_facts(self, news: list[LiveFact]) -> None:
        assert self.listener is not None
        if fresh := self.listener.unsent(news):
            await self._send(Facts(position=fresh[-1].position, facts=fresh))

    async def _deliver(self) -> None:
        """Pass on what the relay and the other people bring, as long as the socket lives."""
        assert self.listener is not None
        while True:
            news = await self.listener.waiting.get()
            if isinstance(news, FromServer):
                await self._send(news)
            elif self.listener.overrun:
                await self._reset()
            else:
                await self._send_facts(news)

    async def _beat_for_ever(self) -> None:
        """The safety net: access is asked again, presence is renewed, and a fact that a hint did not bring is found."""
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            if not await database_sync_to_async(self._still_admitted)():
                sentence = f"You may not see this {self.noun} any more."
                await self._refuse(Close.ACCESS_WITHDRAWN, "access_withdrawn", sentence)
                return
            await presence().move(self.scene.id, self.peer)
            with suppress(psycopg.OperationalError):  # away: the relay waits for it, and so does the next beat
                await self._catch_up()
                await self._beat()

    def _admitted(self, number: int) -> tuple[Person | None, Scene | None]:
        return admitted(self.scope, self.find(number))

    def _still_admitted(self) -> bool:
        close_old_connections()
        scene = self.find(self.scene.number)
        return scene is not None and still_admitted(self.person.person_id, scene)

    async def _beat(self) -> None:
        assert self.listener is not None
        await self._send(Heartbeat(position=await relay().newest_of(self.scene.id)))

    async def _move(self, where: Whereabouts) -> None:
        """Pass on at most fifteen a second; the last one before a pause may be dropped, the next beat brings it."""
        fields: dict[str, Any] = {name: getattr(where, name) for name in where.__struct_fields__}
        self.peer = msgspec.structs.replace(self.peer, **fields)
        now = time.monotonic()
        if now - self._last_presence >= 1 / (PRESENCE_PER_S + 1):
            self._last_presence = now
            await presence().move(self.scene.id, self.peer)

    async def _close_unless_greeted(self) -> None:
        await asyncio.sleep(HELLO_WITHIN_S)
        if self.listener is None:
            await self._refuse(Close.BAD_MESSAGE, "hello_first", "Say hello within ten seconds.")

    async def _refuse(self, close: Close, code: str, sentence: str) -> None:
        await self._send(Refused(code=code, detail=sentence))
        await self.close(close)

    async def _send(self, message: FromServer) -> None:
        await self.send(text_data=text(message))

    def _start(self, work: Any) -> None:  # Any: a coroutine
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)
        task.add_done_callback(_report)
        self._tasks.append(task)


class ImageConsumer(SceneConsumer):
    """The live page of one image."""

    noun = "image"

    @staticmethod
    @override
    def find(number: int) -> Scene | None:
        return find_image(number)


class ImageSetConsumer(SceneConsumer):
    """The live page of one image set: its own facts, who is there, and how far imports into it are."""

    noun = "image set"

    @staticmethod
    @override
    def find(number: int) -> Scene | None:
        return find_image_set(number)


def _bounded(data: str | None) -> str:
    if data is None or len(data) > FRAME_MAX_BYTES:
        raise msgspec.ValidationError(f"a message is text of at most {FRAME_MAX_BYTES} characters")
    return data


def _report(task: asyncio.Task[None]) -> None:
    """A task that failed says so in the log; one that was cancelled has done its work."""
    if not task.cancelled() and (error := task.exception()):
        logger.error("a live connection failed", exc_info=error)
