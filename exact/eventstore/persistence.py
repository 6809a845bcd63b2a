"""Chosen by PERSISTENCE_MODULE: hands out recorders on Django's connection."""

from typing import Any

from eventsourcing import persistence as library
from eventsourcing.utils import resolve_topic

from exact.eventstore.recorder import (
    ApplicationRecorder,
    EventRecorder,
    ProcessRecorder,
    SnapshotRecorder,
    TrackingRecorder,
)


class Factory(library.InfrastructureFactory[TrackingRecorder]):
    """Has nothing to open, create or close: Django owns the connection, migrations own the schema."""

    DATABASE = "EVENTS_DATABASE"  # Django's alias

    @property
    def using(self) -> str:
        """The alias of the database that holds the log."""
        return self.env.get(self.DATABASE, "default") or "default"

    def aggregate_recorder(self, purpose: str = "events") -> library.AggregateRecorder:
        return (SnapshotRecorder if purpose == "snapshots" else EventRecorder)(self.using)

    def application_recorder(self) -> ApplicationRecorder:
        recorder: ApplicationRecorder = self._chosen(self.APPLICATION_RECORDER_TOPIC, ApplicationRecorder)(self.using)
        return recorder

    def tracking_recorder(self, tracking_recorder_class: type[TrackingRecorder] | None = None) -> TrackingRecorder:
        chosen = tracking_recorder_class or self._chosen(self.TRACKING_RECORDER_TOPIC, TrackingRecorder)
        recorder: TrackingRecorder = chosen(self.env.name, self.using)
        return recorder

    def process_recorder(self) -> ProcessRecorder:
        recorder: ProcessRecorder = self._chosen(self.PROCESS_RECORDER_TOPIC, ProcessRecorder)(
            self.env.name, self.using
        )
        return recorder

    def _chosen(self, topic: str, default: type[Any]) -> Any:  # Any: the class the environment names
        name = self.env.get(topic)
        return resolve_topic(name) if name else default
