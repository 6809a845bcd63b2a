"""The store in memory: the same contract, and the library's suites, without a database."""

import pytest
from eventsourcing.tests import application, persistence
from eventsourcing.utils import Environment, get_topic

from exact.eventstore import memory
from tests.contracts.store import StoreContract


@pytest.fixture(autouse=True)
def in_memory(monkeypatch):
    monkeypatch.setenv("PERSISTENCE_MODULE", "exact.eventstore.memory")


class TestStore(StoreContract):
    def make_store(self):
        return memory.ApplicationRecorder()

    def scopes(self, store):
        return [kept.scope_id for kept in store.memory.facts]

    def close(self):
        """Nothing to close."""


class TestProcessRecorderStore(TestStore):
    def make_store(self):
        return memory.ProcessRecorder("process")


class TestEventRecorder(persistence.AggregateRecorderTestCase):
    def create_recorder(self):
        return memory.EventRecorder()


class TestSnapshotRecorder(persistence.AggregateRecorderTestCase):
    def create_recorder(self):
        return memory.SnapshotRecorder()


class TestApplicationRecorder(persistence.ApplicationRecorderTestCase):
    def create_recorder(self):
        return memory.ApplicationRecorder()

    def test_insert_subscribe(self):
        self.optional_test_insert_subscribe()


class TestProcessRecorderAsApplicationRecorder(TestApplicationRecorder):
    def create_recorder(self):
        return memory.ProcessRecorder("process")


class TestTrackingRecorder(persistence.TrackingRecorderTestCase):
    def create_recorder(self):
        return memory.TrackingRecorder("view")


class TestProcessRecorder(persistence.ProcessRecorderTestCase):
    def create_recorder(self):
        return memory.ProcessRecorder("process")


class TestNonInterleaving(persistence.NonInterleavingNotificationIDsBaseCase):
    def create_recorder(self):
        return memory.ApplicationRecorder()


class Tracks(memory.TrackingRecorder):
    """A tracking recorder of somebody else's."""


class TestFactory(persistence.InfrastructureFactoryTestCase):
    def setUp(self):
        self.env = Environment("TestCase", {"PERSISTENCE_MODULE": "exact.eventstore.memory"})
        super().setUp()

    def expected_factory_class(self):
        return memory.Factory

    def expected_aggregate_recorder_class(self):
        return memory.EventRecorder

    def expected_application_recorder_class(self):
        return memory.ApplicationRecorder

    def expected_tracking_recorder_class(self):
        return memory.TrackingRecorder

    def tracking_recorder_subclass(self):
        return Tracks

    def expected_process_recorder_class(self):
        return memory.ProcessRecorder


class TestExampleApplication(application.ExampleApplicationTestCase):
    expected_factory_topic = get_topic(memory.Factory)


@pytest.mark.filterwarnings("default::DeprecationWarning")  # the suite counts them
class TestApplication(application.ApplicationTestCase):
    pass
