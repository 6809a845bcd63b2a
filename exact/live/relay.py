"""From the log to the sockets of this process: one connection that listens, one reading for everybody.

Nothing is lost and nothing comes twice because of four orders: a listener joins before it reads the log; it reads after
the relay has found the position from which it goes on; the relay takes the newest position before it looks who listens;
and every listener drops what it has sent. A fact never passes through Redis.
"""

import asyncio
import logging
from collections import defaultdict
from contextlib import suppress
from uuid import UUID
from weakref import WeakKeyDictionary

import msgspec
import psycopg

from exact.eventstore.subscription import listening_parameters
from exact.exchange.progress import CHANNEL as IMPORTS
from exact.exchange.progress import News
from exact.ingest.progress import CHANNEL as DELIVERIES
from exact.ingest.progress import News as DeliveryNews
from exact.live import facts
from exact.live.messages import BEHIND_MAX, DeliveryProgress, FromServer, ImportProgress, LiveFact

logger = logging.getLogger("exact.live")

POLL_S = 1.0
PAGE = 1000
PRESENCE_MAX = 200
NEWS = msgspec.json.Decoder(News)
DELIVERY_NEWS = msgspec.json.Decoder(DeliveryNews)
TOLD = set(ImportProgress.__struct_fields__) - {"id"}
AWAY_S = 0.5
BEGIN_WITHIN_S = 10.0


class Listener:
    """One socket's place in an image: what waits to be sent, and the last position that was."""

    def __init__(self, scope_id: UUID) -> None:
        self.scope_id = scope_id
        self.sent = 0
        self.waiting: asyncio.Queue[list[LiveFact] | FromServer] = asyncio.Queue()
        self.overrun = False

    def offer(self, news: list[LiveFact]) -> None:
        """Facts that were recorded; a listener that cannot keep up is told to load again instead of filling memory."""
        if self.waiting.qsize() > BEHIND_MAX:
            self.overrun = True
        else:
            self.waiting.put_nowait(news)

    def tell(self, message: FromServer) -> None:
        """Where others look and point; whoever cannot keep up with facts does without."""
        if self.waiting.qsize() <= PRESENCE_MAX:
            self.waiting.put_nowait(message)

    def unsent(self, news: list[LiveFact]) -> list[LiveFact]:
        """Those not sent yet; they count as sent from now on."""
        fresh = [fact for fact in news if fact.position > self.sent]
        if fresh:
            self.sent = fresh[-1].position
        return fresh


class Relay:
    """Reads the log once for all listeners of this process."""

    def __init__(self) -> None:
        self._listeners: defaultdict[UUID, set[Listener]] = defaultdict(set)
        self._connection: facts.Connection | None = None
        self._busy = asyncio.Lock()
        self._position: int | None = None
        self._begun = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def join(self, listener: Listener) -> None:
        """From now on this listener hears of its image."""
        self._listeners[listener.scope_id].add(listener)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def leave(self, listener: Listener) -> None:
        """No more; the last one turns out the light."""
        listeners = self._listeners[listener.scope_id]
        listeners.discard(listener)
        if not listeners:
            del self._listeners[listener.scope_id]
        if not self._listeners and self._task is not None:
            task, self._task, self._position = self._task, None, None
            self._begun.clear()
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def listeners(self, scope_id: UUID) -> set[Listener]:
        """Who listens to an image."""
        return self._listeners.get(scope_id, set())

    async def read(self, scope_id: UUID, position: int, limit: int) -> list[LiveFact]:
        """Facts of an image after a position, from the log itself.

        Not before the relay has a position to go on from: what was recorded between this reading and that position
        would be told by neither. Raises OperationalError where it cannot begin.
        """
        await self._beginning()
        connection = await self._connected()
        async with self._busy:
            return await facts.after(connection, scope_id, position, limit)

    async def _beginning(self) -> None:
        try:  # not wait_for: Python 3.11's may swallow the cancellation of a page that is cut off at this moment
            async with asyncio.timeout(BEGIN_WITHIN_S):
                await self._begun.wait()
        except TimeoutError:
            raise psycopg.OperationalError("the database does not answer") from None

    async def newest_of(self, scope_id: UUID) -> int:
        """The newest position of an image."""
        connection = await self._connected()
        async with self._busy:
            return await facts.newest_of(connection, scope_id)

    async def _run(self) -> None:
        """Listen and pass on; a database that goes away is waited for, from the position where it went."""
        try:
            while True:
                try:
                    await self._follow()
                except (psycopg.OperationalError, psycopg.InterfaceError) as error:
                    logger.warning("the database is away: %s", error)
                    await asyncio.sleep(AWAY_S)
        finally:
            await self._disconnect()

    async def _follow(self) -> None:
        hints = await connected()
        async with hints:
            await hints.execute("listen es")
            await hints.execute(f"listen {IMPORTS}")
            await hints.execute(f"listen {DELIVERIES}")
            if self._position is None:
                self._position = await facts.newest(await self._connected())
            self._begun.set()
            while True:
                await self._pass_on()
                async for hint in hints.notifies(timeout=POLL_S, stop_after=1):
                    if hint.channel == IMPORTS:
                        self._tell_of_import(hint.payload)
                    elif hint.channel == DELIVERIES:
                        self._tell_of_delivery(hint.payload)

    async def _pass_on(self) -> None:
        """Everything new, to whoever listens."""
        connection = await self._connected()
        while True:
            async with self._busy:
                upto = await facts.newest(connection)
                scopes = list(self._listeners)  # after `upto`: who joins later reads the log up to there itself
                news = await facts.between(connection, self._position or 0, upto, scopes, PAGE)
            self._offer(news)
            if len(news) < PAGE:
                self._position = max(self._position or 0, upto)
                return
            self._position = news[-1][1].position

    def _offer(self, news: list[tuple[UUID, LiveFact]]) -> None:
        by_scope: defaultdict[UUID, list[LiveFact]] = defaultdict(list)
        for scope_id, fact in news:
            by_scope[scope_id].append(fact)
        for scope_id, its_facts in by_scope.items():
            for listener in self.listeners(scope_id):
                listener.offer(its_facts)

    def _tell_of_import(self, payload: str) -> None:
        """How far an import is, to whoever is at its set; it is told again soon, so nothing is kept."""
        news = NEWS.decode(payload)
        message = ImportProgress(id=UUID(news.id), **{name: getattr(news, name) for name in TOLD})
        for listener in self.listeners(UUID(news.image_set_id)):
            listener.tell(message)

    def _tell_of_delivery(self, payload: str) -> None:
        """The same of files that were sent."""
        news = DELIVERY_NEWS.decode(payload)
        message = DeliveryProgress(id=UUID(news.id), state=news.state, progress=news.progress)
        for listener in self.listeners(UUID(news.image_set_id)):
            listener.tell(message)

    async def _connected(self) -> facts.Connection:
        async with self._busy:
            if self._connection is None or self._connection.closed or self._connection.broken:
                self._connection = await connected()
            return self._connection

    async def _disconnect(self) -> None:
        if self._connection is not None:
            await self._connection.close()
            self._connection = None


async def connected() -> facts.Connection:
    """A connection of the relay's own, which an operator can tell from others in pg_stat_activity."""
    parameters = {**listening_parameters(), "application_name": "exact-live"}
    return await psycopg.AsyncConnection.connect(**parameters, autocommit=True)


RELAYS: WeakKeyDictionary[asyncio.AbstractEventLoop, Relay] = WeakKeyDictionary()


def relay() -> Relay:
    """The relay of the running event loop."""
    loop = asyncio.get_running_loop()
    if loop not in RELAYS:
        RELAYS[loop] = Relay()
    return RELAYS[loop]
