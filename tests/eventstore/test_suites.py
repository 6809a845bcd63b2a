"""The library's conformance suites on PostgreSQL, none left out. Imported as modules, or pytest collects them twice."""

from typing import Any

import pytest
from django.db import transaction
from eventsourcing.tests import application, persistence, projection
from eventsourcing.utils import Environment, get_topic

from exact.eventstore.persistence import Factory
from exact.eventstore.recorder import (
    ApplicationRecorder,
    EventRecorder,
    ProcessRecorder,
    SnapshotRecorder,
    TrackingRecorder,
)

pytestmark = pytest.mark.django_db(transaction=True, available_apps=["exact.eventstore"])


@pytest.fixture(autouse=True)
def our_persistence(monkeypatch):
    monkeypatch.setenv("PERSISTENCE_MODULE", "exact.eventstore.persistence")


class TestEventRecorder(persistence.AggregateRecorderTestCase):
    def create_recorder(self):
        return EventRecorder()


class TestSnapshotRecorder(persistence.AggregateRecorderTestCase):
    def create_recorder(self):
        return SnapshotRecorder()


class TestApplicationRecorder(persistence.ApplicationRecorderTestCase):
    def create_recorder(self):
        return ApplicationRecorder()

    def test_insert_subscribe(self):
        self.optional_test_insert_subscribe()


class TestTrackingRecorder(persistence.TrackingRecorderTestCase):
    def create_recorder(self):
        return TrackingRecorder("view")


class TestProcessRecorder(persistence.ProcessRecorderTestCase):
    def create_recorder(self):
        return ProcessRecorder("process")


class TestProcessRecorderAsApplicationRecorder(TestApplicationRecorder):
    def create_recorder(self):
        return ProcessRecorder("process")


class TestNonInterleaving(persistence.NonInterleavingNotificationIDsBaseCase):
    def create_recorder(self):
        return ApplicationRecorder()


class Tracks(TrackingRecorder):
    """A tracking recorder of somebody else's."""


class TestFactory(persistence.InfrastructureFactoryTestCase):
    def setUp(self):
        self.env = Environment("TestCase", {"PERSISTENCE_MODULE": "exact.eventstore.persistence"})
        super().setUp()

    def expected_factory_class(self):
        return Factory

    def expected_aggregate_recorder_class(self):
        return EventRecorder

    def expected_application_recorder_class(self):
        return ApplicationRecorder

    def expected_tracking_recorder_class(self):
        return TrackingRecorder

    def tracking_recorder_subclass(self):
        return Tracks

    def expected_process_recorder_class(self):
        return ProcessRecorder


class TestExampleApplication(application.ExampleApplicationTestCase):
    expected_factory_topic = get_topic(Factory)


@pytest.mark.filterwarnings("default::DeprecationWarning")  # the suite counts them
class TestApplication(application.ApplicationTestCase):
    pass


class CountersView(TrackingRecorder, projection.EventCountersView):
    """The library's example view: the counter moves in the tracking's transaction."""

    def _incr(self, name: str, tracking: Any) -> None:
        with transaction.atomic(self.using):
            self.insert_tracking(tracking)
            self.query(
                "insert into es.tracking as t values ('counter', %s, 1) on conflict (projection, upstream)"
                " do update set position = t.position + 1",
                (name,),
            )

    def _get(self, name: str) -> int:
        sql = "select position from es.tracking where projection = 'counter' and upstream = %s"
        rows = self.query(sql, (name,))
        return rows[0][0] if rows else 0

    def get_created_event_counter(self):
        return self._get("created")

    def get_subsequent_event_counter(self):
        return self._get("subsequent")

    def incr_created_event_counter(self, tracking):
        self._incr("created", tracking)

    def incr_subsequent_event_counter(self, tracking):
        self._incr("subsequent", tracking)


class TestView(projection.EventCountersViewTestCase):
    def construct_event_counters_view(self):
        return CountersView("eventcounters")


class TestProjection(projection.AggregateEventCountersProjectionTestCase):
    view_class = CountersView


class TestEventSourcedProjection(projection.EventSourcedProjectionTestCase):
    pass
