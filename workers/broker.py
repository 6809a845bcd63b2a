"""The worker's queue: dramatiq over Redis. Importing this sets Django up, so an actor's file imports it first."""

import django
import dramatiq
from django.apps import apps
from django.conf import settings
from django.db import close_old_connections
from dramatiq.broker import MessageProxy
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import Middleware
from typing_extensions import override

from exact.environment import set_variable

set_variable("DJANGO_SETTINGS_MODULE", "exact.settings")
if not apps.ready:
    django.setup()


class Connections(Middleware):
    """Gives up a connection that broke, before and after each message: Django does so only between requests."""

    @override
    def before_process_message(self, broker: dramatiq.Broker, message: MessageProxy) -> None:
        close_old_connections()

    @override
    def after_process_message(
        self, broker: dramatiq.Broker, message: MessageProxy, *, result: object = None,
        exception: BaseException | None = None,
    ) -> None:  # fmt: skip
        close_old_connections()


broker = RedisBroker(url=settings.REDIS_URL, namespace="exact")  # type: ignore[no-untyped-call]  # dramatiq leaves this one untyped
broker.add_middleware(Connections())
dramatiq.set_broker(broker)
