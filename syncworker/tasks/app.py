"""How is Celery set up so that nothing rests on it? Settings with their reasons; measured, not guessed.

Makes an app when asked and keeps none: nothing happens at import.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

import structlog
from celery import Celery
from kombu.transport.redis import QoS

from syncworker.settings import MEMORY_BROKER, Settings
from syncworker.tasks.crowd import Crowd, UncrowdedCelery
from syncworker.tasks.queues import EVERYTHING, TICK, Queues, Takes

Pool = Literal["threads", "prefork"]

#: Above three times the longest task. Only how long a dead worker's message waits; the rows wait for no message.
VISIBILITY_S = 120

_log: structlog.stdlib.BoundLogger = structlog.get_logger("syncworker")


def task_name(kind: str) -> str:
    """The task's name on the wire."""
    return f"syncworker.{kind}"


def create_celery(
    settings: Settings,
    *,
    pool: Pool = "threads",
    queues: Queues | None = None,
    takes: Takes = EVERYTHING,
    channels: Collection[str] = (),
) -> Celery:
    """An app without tasks; a worker of it takes the queues of the tick and of these channels that ``takes`` wants."""
    queues = queues or queues_of(settings)
    if not settings.is_embedded and not settings.is_rabbitmq:
        mend_close_after_connection_loss()
    # kombu wants a host's name even in memory.
    broker = f"{MEMORY_BROKER}localhost" if settings.is_embedded else settings.broker_url
    celery = UncrowdedCelery("syncworker", broker=broker, set_as_current=False)
    if not settings.is_embedded and not settings.is_rabbitmq:
        celery.crowd = Crowd(settings.broker_url)
    celery.conf.update(
        **_messages(queues, takes, channels),
        **_worker(settings, pool),
        **_broker(settings),
        beat_schedule=_schedule(settings),
        # A tick every few seconds needs a loop that is no slower.
        beat_max_loop_interval=min(5.0, settings.tick_s),
    )
    return celery


def queues_of(settings: Settings) -> Queues:
    """The queues as this broker has them."""
    return Queues(quorum=settings.is_rabbitmq)


def mend_close_after_connection_loss() -> None:
    """Keep a worker alive when Redis restarts while a task is in flight. Harmless to repeat.

    kombu 5.7.0 closes the lost channel over a client that is already gone: the AttributeError ends the worker. What
    could not be given back is redelivered after the visibility timeout. Drop this when kombu no longer needs it.
    """
    original = QoS.restore_unacked_once
    if getattr(original, "mended_by_syncworker", False):
        return

    def restore_unacked_once(self: QoS, stderr: object = None) -> None:
        try:
            original(self, stderr)
        except Exception as error:  # noqa: BLE001 - whatever fails here, the worker has to reconnect
            _log.warning("unacked_left_to_visibility_timeout", error=repr(error))

    restore_unacked_once.mended_by_syncworker = True  # type: ignore[attr-defined]  # a mark for the next call
    QoS.restore_unacked_once = restore_unacked_once  # type: ignore[method-assign,assignment]  # the mend itself


def _messages(queues: Queues, takes: Takes, channels: Collection[str]) -> dict[str, object]:
    """JSON alone, with names as arguments; acknowledged when done, results nowhere."""
    return {
        "accept_content": ["json"],
        "task_serializer": "json",
        "result_serializer": "json",
        "event_serializer": "json",
        "task_queues": [
            *([queues.tick] if takes.wants(TICK) else []),
            *(queues.of(name) for name in takes.among(channels)),
        ],
        "task_routes": (queues.route,),
        "task_default_queue": queues.tick.name,
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        # With reject alone a task that kills its process would come back for ever.
        "task_retry_on_worker_lost": True,
        "task_ignore_result": True,
        "task_store_errors_even_if_ignored": False,
        "task_send_sent_event": False,
    }


def _worker(settings: Settings, pool: Pool) -> dict[str, object]:
    is_prefork = pool == "prefork"
    return {
        "worker_pool": pool,
        "worker_concurrency": settings.concurrency,
        # The visibility clock starts at receipt, so waiting in a prefetch buffer counts.
        "worker_prefetch_multiplier": 1,
        # Threads cannot be cancelled: the task runs to its end.
        "worker_cancel_long_running_tasks_on_connection_loss": is_prefork,
        "worker_soft_shutdown_timeout": 20.0 if is_prefork else 0.0,
        # No effect on threads, which is why every request has a deadline of its own.
        "task_time_limit": 60,
        "task_soft_time_limit": 50,
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
        "worker_send_task_events": False,
        # Nobody asks our workers anything over the broker; it would cost queues and round trips.
        "worker_enable_remote_control": False,
        "beat_enable_remote_control": False,
        "worker_eta_task_limit": 500,
    }


def _broker(settings: Settings) -> dict[str, object]:
    common: dict[str, object] = {
        "broker_connection_retry_on_startup": True,
        # None: for ever. With the default a worker gives up while the broker is away.
        "broker_connection_max_retries": None,
        # The default blocks a publisher without bound when all connections are taken.
        "broker_pool_acquire_timeout": 10,
    }
    if settings.is_embedded:
        return {**common, "broker_transport_options": {"polling_interval": 0.05}}
    if settings.is_rabbitmq:
        return {**common, **_rabbitmq()}
    options: dict[str, object] = {
        "visibility_timeout": VISIBILITY_S,
        # Without both, redelivery takes a hundred seconds however small the timeout.
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        "socket_connect_timeout": 5,
        "socket_timeout": 30,
    }
    if not settings.broker_url.startswith("redis+socket"):
        options["socket_keepalive"] = True
    return {**common, "broker_transport_options": options}


def _rabbitmq() -> dict[str, object]:
    """Quorum queues: kept by more than one node, and each message counted how often it was tried."""
    return {
        "task_default_queue_type": "quorum",
        "task_create_missing_queue_type": "quorum",
        # They know no limit for a whole connection, so the worker sets one for each consumer.
        "worker_detect_quorum_queues": True,
        # Told only once most nodes have it.
        "broker_transport_options": {"confirm_publish": True},
        "broker_connection_timeout": 5,
        # A connection that is dead but not closed is noticed in a minute.
        "broker_heartbeat": 30,
    }


def _schedule(settings: Settings) -> dict[str, object]:
    """Beat only rings; what is due stands in the rows. Two beats, or a missed tick, are then harmless."""
    options = {"expires": max(10.0, 5 * settings.tick_s)}
    return {"tick": {"task": task_name(TICK), "schedule": settings.tick_s, "options": options}}
