"""The contract of every store, kept by PostgreSQL."""

import pytest
from django.db import connection

from exact.eventstore.recorder import ApplicationRecorder
from tests.contracts.store import StoreContract

pytestmark = pytest.mark.django_db(transaction=True, available_apps=["exact.eventstore"])


class TestApplicationRecorder(StoreContract):
    def make_store(self):
        return ApplicationRecorder()

    def scopes(self, store):
        return [scope for (scope,) in store.query("select scope_id from es.event order by position")]

    def close(self):
        connection.close()
