"""Presence: who is at an image, where they look and point; forgotten after seconds, never mixed with facts.

People of one process see each other directly; Redis carries presence between processes. Without Redis the facts go on
and only the cursors of other processes are missing.
"""

import asyncio
import logging
import secrets
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

import msgspec
import redis.asyncio as redis
from django.conf import settings
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from exact.live.messages import FromServer, Peer, PeerLeft, PeerMoved

logger = logging.getLogger("exact.live")

STALE_S = 45.0
AWAY_S = 1.0
PREFIX = "exact:presence:"

Hear = Callable[[FromServer], None]


class Whisper(msgspec.Struct, frozen=True, kw_only=True):
    """What processes tell each other; `peer` None means that the session left."""

    process: str
    scope_id: UUID
    session: str
    peer: Peer | None = None
    seen: float = 0.0


DECODER = msgspec.json.Decoder(Whisper)


class Presence:
    """The people at the images of this process, and whispers to and from others."""

    def __init__(self) -> None:
        self.process = secrets.token_hex(6)
        self._hearing: defaultdict[UUID, dict[str, Hear]] = defaultdict(dict)
        self._here: defaultdict[UUID, dict[str, Peer]] = defaultdict(dict)
        self._elsewhere: defaultdict[UUID, dict[str, Whisper]] = defaultdict(dict)
        once = Retry(NoBackoff(), 0)  # a socket never waits for a Redis that is away
        self._client: Any = redis.Redis.from_url(settings.REDIS_URL, retry=once, socket_timeout=1)  # Any: not typed
        self._ear: Any = redis.Redis.from_url(settings.REDIS_URL, retry=once)  # Any: not typed
        self._task: asyncio.Task[None] | None = None

    async def arrive(self, scope_id: UUID, peer: Peer, hear: Hear) -> list[Peer]:
        """Somebody opens an image; answers who else is there."""
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._listen())
        self._hearing[scope_id][peer.session] = hear
        await self.move(scope_id, peer)
        return [other for other in await self._people(scope_id) if other.session != peer.session]

    async def move(self, scope_id: UUID, peer: Peer) -> None:
        """Somebody looks or points elsewhere, or is still there."""
        self._here[scope_id][peer.session] = peer
        self._tell_here(scope_id, peer.session, PeerMoved(person=peer))
        whisper = Whisper(process=self.process, scope_id=scope_id, session=peer.session, peer=peer, seen=time.time())
        await self._tell_others(whisper)

    async def depart(self, scope_id: UUID, session: str) -> None:
        """Somebody closes an image."""
        self._hearing[scope_id].pop(session, None)
        self._here[scope_id].pop(session, None)
        self._tell_here(scope_id, session, PeerLeft(session=session))
        await self._tell_others(Whisper(process=self.process, scope_id=scope_id, session=session))
        if not self._hearing[scope_id]:
            for kept in (self._hearing, self._here, self._elsewhere):
                kept.pop(scope_id, None)

    async def _people(self, scope_id: UUID) -> list[Peer]:
        """Everybody at an image: here, and elsewhere while seen within the last 45 s."""
        await self._remember_others(scope_id)
        fresh = time.time() - STALE_S
        others = [w.peer for w in self._elsewhere[scope_id].values() if w.peer and w.seen > fresh]
        return [*self._here[scope_id].values(), *others]

    async def _remember_others(self, scope_id: UUID) -> None:
        try:
            kept = await self._client.hvals(PREFIX + str(scope_id))
        except (RedisError, OSError) as error:
            logger.warning("presence is local only: %s", error)
            return
        for text in kept:
            whisper = DECODER.decode(text)
            if whisper.process != self.process:
                self._elsewhere[scope_id][whisper.session] = whisper

    def _tell_here(self, scope_id: UUID, session: str, message: FromServer) -> None:
        for other, hear in self._hearing[scope_id].items():
            if other != session:
                hear(message)

    async def _tell_others(self, whisper: Whisper) -> None:
        key, text = PREFIX + str(whisper.scope_id), msgspec.json.encode(whisper)
        try:
            async with self._client.pipeline(transaction=False) as pipe:
                if whisper.peer:
                    pipe.hset(key, whisper.session, text)
                    pipe.expire(key, int(STALE_S) * 2)
                else:
                    pipe.hdel(key, whisper.session)
                pipe.publish(key, text)
                await pipe.execute()
        except (RedisError, OSError) as error:
            logger.warning("presence is local only: %s", error)

    async def _listen(self) -> None:
        """Hear the whispers of other processes; Redis may go and come back."""
        while True:
            try:
                async with self._ear.pubsub() as channel:
                    await channel.psubscribe(PREFIX + "*")
                    async for message in channel.listen():
                        if message["type"] == "pmessage":
                            self._heard(DECODER.decode(message["data"]))
            except (RedisError, OSError) as error:
                logger.warning("presence is local only: %s", error)
                await asyncio.sleep(AWAY_S)

    def _heard(self, whisper: Whisper) -> None:
        if whisper.process == self.process or not self._hearing.get(whisper.scope_id):
            return
        if whisper.peer:
            self._elsewhere[whisper.scope_id][whisper.session] = whisper
            self._tell_here(whisper.scope_id, whisper.session, PeerMoved(person=whisper.peer))
        else:
            self._elsewhere[whisper.scope_id].pop(whisper.session, None)
            self._tell_here(whisper.scope_id, whisper.session, PeerLeft(session=whisper.session))


PRESENCES: WeakKeyDictionary[asyncio.AbstractEventLoop, Presence] = WeakKeyDictionary()


def presence() -> Presence:
    """The presence of the running event loop."""
    loop = asyncio.get_running_loop()
    if loop not in PRESENCES:
        PRESENCES[loop] = Presence()
    return PRESENCES[loop]
