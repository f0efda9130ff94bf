"""Does a queue grow because nobody empties it? Then no more hints go there: one that waits says as much as a hundred.

Redis alone needs it: RabbitMQ drops what is too old by itself, and in memory the one worker takes everything.
"""

from __future__ import annotations

from typing import Any

import redis
import structlog
from celery import Celery
from redis.backoff import NoBackoff
from redis.retry import Retry

from syncworker.connector.pace import redis_address
from syncworker.tasks.stopping import rate_storage

#: So many hints may wait in a queue. A worker takes them in a moment, for most of them find nothing to do.
MOST_WAITING = 100
#: Seconds until a Redis that does not answer counts as away.
_PATIENCE_S = 2.0

_log: structlog.stdlib.BoundLogger = structlog.get_logger("syncworker")


class UncrowdedCelery(Celery):
    """Sends nothing to a queue in which too much waits already; whoever sends hears of nothing."""

    #: Where to ask how much waits; ``None``: nowhere.
    crowd: Crowd | None = None

    def send_task(
        self, name: str, args: Any = None, *more: Any, **options: Any
    ) -> Any:  # Any: as Celery's own
        """As Celery's; ``None`` if it was not sent."""
        if self.crowd is not None and self.crowd.is_at(self._queue_of(name, args)):
            return None
        return super().send_task(name, args, *more, **options)

    def _queue_of(self, name: str, args: Any) -> str:  # Any: as above
        (route,) = self.conf.task_routes
        return str(route(name, args, None, {})["queue"].name)


class Crowd:
    """How much waits in the queues of one Redis."""

    def __init__(self, broker_url: str) -> None:
        self._client = redis.Redis.from_url(
            redis_address(rate_storage(broker_url)),
            socket_timeout=_PATIENCE_S,
            socket_connect_timeout=_PATIENCE_S,
            retry=Retry(NoBackoff(), 0),
        )
        self._told: set[str] = set()

    def is_at(self, queue: str) -> bool:
        """Whether too much waits there; no, while Redis cannot be asked. Told once for as long as it lasts."""
        try:
            waiting = int(self._client.llen(queue))
        except redis.RedisError:
            return False
        if waiting < MOST_WAITING:
            self._told.discard(queue)
            return False
        if queue not in self._told:
            self._told.add(queue)
            _log.warning("queue_not_emptied", queue=queue, waiting=waiting, advice="does a worker take it?")
        return True
