"""The log in memory, with the promises of the one on PostgreSQL, for tests that need no database."""

from collections import defaultdict
from collections.abc import Sequence
from threading import Event, RLock
from typing import Any
from uuid import UUID

import msgspec
from eventsourcing import persistence as library
from eventsourcing.persistence import Notification, StoredEvent, Tracking
from eventsourcing.utils import resolve_topic

from exact.eventstore.errors import CommandAlreadyDone, StaleHead
from exact.eventstore.recorder import Done, Recording
from exact.eventstore.topics import to_columns

Key = UUID | str


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """One fact with its place."""

    position: int
    scope_id: Key
    stored: StoredEvent


class Memory:
    """What the tables of the log hold; one lock around everything stands for transactions."""

    def __init__(self) -> None:
        self.lock = RLock()
        self.facts: list[Kept] = []
        self.streams: dict[Key, list[StoredEvent]] = defaultdict(list)
        self.scopes: dict[Key, Key] = {}
        self.commands: dict[UUID, Done] = {}
        self.correlations: dict[UUID, list[UUID]] = defaultdict(list)
        self.snapshots: dict[Key, list[StoredEvent]] = defaultdict(list)
        self.tracking: dict[tuple[str, str], int] = {}
        self.listeners: set[Event] = set()

    def append(self, events: Sequence[StoredEvent], recording: Recording, scopes: Sequence[UUID | None]) -> range:
        """All of them or none. Raises CommandAlreadyDone and StaleHead."""
        with self.lock:
            first = len(self.facts) + 1
            self.refuse_repeat(recording.command_id)
            self._refuse_stale(events)
            self._keep(events, scopes)
            self.remember(recording, first, len(events))
        for listener in self.listeners.copy():
            listener.set()
        return range(first, first + len(events))

    def refuse_repeat(self, command_id: UUID) -> None:
        """The same command is recorded once."""
        if done := self.commands.get(command_id):
            raise CommandAlreadyDone(range(done[2], done[2] + done[3]))

    def remember(self, recording: Recording, first: int, count: int) -> None:
        """What was asked, what was answered, where its facts stand."""
        result = msgspec.json.decode(recording.result)
        self.commands[recording.command_id] = (recording.request, result, first, count)
        if recording.correlation_id:
            self.correlations[recording.correlation_id].append(recording.command_id)

    def _refuse_stale(self, events: Sequence[StoredEvent]) -> None:
        heads: dict[Key, int | None] = {}
        for event in events:
            stream, version = event.originator_id, event.originator_version
            known = self.streams.get(stream)
            before = heads.get(stream, known[-1].originator_version if known else None)
            if version not in ((0, 1) if before is None else (before + 1,)):
                raise StaleHead(f"stale version {version} of {stream}")
            heads[stream] = version

    def _keep(self, events: Sequence[StoredEvent], scopes: Sequence[UUID | None]) -> None:
        for event, scope in zip(events, scopes, strict=True):
            place = self.scopes.setdefault(event.originator_id, scope or event.originator_id)
            self.streams[event.originator_id].append(event)
            self.facts.append(Kept(position=len(self.facts) + 1, scope_id=place, stored=event))


class EventRecorder(library.AggregateRecorder):
    """Appends facts and reads one stream."""

    def __init__(self, memory: Memory | None = None) -> None:
        self.memory = memory or Memory()

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        self._append(stored_events, **kwargs)
        return None

    def _append(
        self,
        events: Sequence[StoredEvent],
        *,
        recording: Recording | None = None,
        scopes: Sequence[UUID | None] | None = None,
        tracking: None = None,
    ) -> Sequence[int]:
        if tracking:
            raise library.ProgrammingError("Only a process recorder can record tracking")
        if not events:
            return []
        return self.memory.append(events, recording or Recording.anonymous(), scopes or [None] * len(events))

    def select_events(
        self,
        originator_id: Key,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        return selected(self.memory.streams.get(originator_id, []), gt, lte, desc, limit)


class SnapshotRecorder(EventRecorder):
    """Snapshots may skip versions and are no facts: no head, no position."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> None:
        with self.memory.lock:
            fresh = [(event.originator_id, event.originator_version) for event in stored_events]
            known = [(key, kept.originator_version) for key, _ in fresh for kept in self.memory.snapshots[key]]
            if len(set(fresh)) < len(fresh) or set(fresh) & set(known):
                raise library.IntegrityError("This snapshot is there already")
            for event in stored_events:
                self.memory.snapshots[event.originator_id].append(event)

    def select_events(
        self,
        originator_id: Key,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        return selected(self.memory.snapshots.get(originator_id, []), gt, lte, desc, limit)


def selected(
    events: Sequence[StoredEvent], gt: int | None, lte: int | None, desc: bool, limit: int | None
) -> list[StoredEvent]:
    """Those with gt < version <= lte in version order, at most `limit`."""
    wanted = [
        event
        for event in events
        if (gt is None or event.originator_version > gt) and (lte is None or event.originator_version <= lte)
    ]
    return sorted(wanted, key=lambda event: event.originator_version, reverse=desc)[:limit]


class ApplicationRecorder(EventRecorder, library.ApplicationRecorder):
    """Gives every fact its position and reads the log in that order."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int]:
        return list(self._append(stored_events, **kwargs))

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        first = 0 if start is None else max(start - inclusive_of_start, 0)
        names = {to_columns(topic)[0] for topic in topics}
        with self.memory.lock:
            found = self.memory.facts[first:stop]
        chosen = [kept for kept in found if not names or to_columns(kept.stored.topic)[0] in names]
        return [notification(kept) for kept in chosen[:limit]]

    def max_notification_id(self) -> int | None:
        return len(self.memory.facts) or None

    def note(self, recording: Recording) -> int:
        """Remember a command that changed nothing; answers the head. Raises CommandAlreadyDone."""
        with self.memory.lock:
            self.memory.refuse_repeat(recording.command_id)
            self.memory.remember(recording, len(self.memory.facts), 0)
            return len(self.memory.facts)

    def done(self, command_id: UUID) -> Done | None:
        """What is remembered of a command; None where it was never recorded."""
        return self.memory.commands.get(command_id)

    def together(self, correlation_id: UUID) -> list[UUID]:
        """The commands that share a correlation id, in the order in which they were recorded."""
        return list(self.memory.correlations.get(correlation_id, []))

    def subscribe(
        self, gt: int | None = None, topics: Sequence[str] = ()
    ) -> "library.Subscription[ApplicationRecorder]":
        return MemorySubscription(self, gt, topics)


def notification(kept: Kept) -> Notification:
    """A fact as the library's readers want it."""
    stored = kept.stored
    return Notification(stored.originator_id, stored.originator_version, stored.topic, stored.state, id=kept.position)


class MemorySubscription(library.ListenNotifySubscription[ApplicationRecorder]):
    """The library's own, woken by every append."""

    def __init__(self, recorder: ApplicationRecorder, gt: int | None, topics: Sequence[str]) -> None:
        super().__init__(recorder, gt, topics)
        recorder.memory.listeners.add(self._has_been_notified)

    def stop(self) -> None:
        super().stop()
        self._recorder.memory.listeners.discard(self._has_been_notified)


class TrackingRecorder(library.TrackingRecorder):
    """Remembers how far a projection has come."""

    def __init__(self, projection: str = "", memory: Memory | None = None) -> None:
        self.memory = memory or Memory()
        self.projection = projection

    def insert_tracking(self, tracking: Tracking) -> None:
        key = (self.projection, tracking.application_name)
        with self.memory.lock:
            self._refuse_backwards(tracking)
            self.memory.tracking[key] = tracking.notification_id

    def _refuse_backwards(self, tracking: Tracking) -> None:
        if tracking.notification_id <= (self.max_tracking_id(tracking.application_name) or 0):
            raise library.IntegrityError(f"Tracking {tracking} refused")

    def max_tracking_id(self, application_name: str) -> int | None:
        return self.memory.tracking.get((self.projection, application_name))


class ProcessRecorder(TrackingRecorder, ApplicationRecorder, library.ProcessRecorder):
    """Facts and tracking together or not at all."""

    def insert_events(
        self, stored_events: Sequence[StoredEvent], *, tracking: Tracking | None = None, **kwargs: Any
    ) -> Sequence[int]:
        with self.memory.lock:
            if tracking:
                self._refuse_backwards(tracking)
            positions = super().insert_events(stored_events, **kwargs)
            if tracking:
                self.insert_tracking(tracking)
            return positions


class Factory(library.InfrastructureFactory[TrackingRecorder]):
    """Chosen by PERSISTENCE_MODULE=exact.eventstore.memory; all its recorders share one memory."""

    def __init__(self, env: Any) -> None:  # Any: the library's Environment or a plain dict
        super().__init__(env)
        self.memory = Memory()

    def aggregate_recorder(self, purpose: str = "events") -> library.AggregateRecorder:
        return (SnapshotRecorder if purpose == "snapshots" else EventRecorder)(self.memory)

    def application_recorder(self) -> ApplicationRecorder:
        return ApplicationRecorder(self.memory)

    def tracking_recorder(self, tracking_recorder_class: type[TrackingRecorder] | None = None) -> TrackingRecorder:
        named = self.env.get(self.TRACKING_RECORDER_TOPIC)
        chosen: type[TrackingRecorder] = tracking_recorder_class or (
            resolve_topic(named) if named else TrackingRecorder
        )
        return chosen(self.env.name, self.memory)

    def process_recorder(self) -> ProcessRecorder:
        return ProcessRecorder(self.env.name, self.memory)
