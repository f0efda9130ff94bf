"""Through which queue does a hint go, and which queues does a worker take? One for the tick, one a channel.

A channel that is slow or flooded has a queue of its own, so that others wait behind nothing of it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import structlog
from celery.worker import WorkController
from kombu import Exchange, Queue

from syncworker.errors import ConfigurationError, InputError
from syncworker.settings import Settings, file_stamp, load_settings

TICK = "tick"
#: Rung by a tick once a day; it goes through the same queue.
PRUNE = "prune"
#: A task that nobody took in this time is dropped: the next tick says the same.
EXPIRES_S = 30.0
#: Deliveries of one message that a quorum queue tries before it drops it.
DELIVERIES = 5
#: How often a worker looks whether there is a new channel.
LOOK_S = 2.0

_log: structlog.stdlib.BoundLogger = structlog.get_logger("syncworker")


@dataclass(frozen=True, slots=True)
class Queues:
    """All queues of one installation; their names begin with ``prefix``."""

    prefix: str = "syncworker"
    #: Replicated and counted by RabbitMQ; no other broker knows the kind.
    quorum: bool = False

    @property
    def tick(self) -> Queue:
        """Where beat rings."""
        return self._queue(TICK)

    def of(self, channel: str) -> Queue:
        """Where the work of that channel is hinted."""
        return self._queue(f"channel.{channel}")

    def route(
        self,
        name: str,  # noqa: ARG002 - a router's signature
        args: Sequence[object] | None,
        kwargs: Mapping[str, object] | None,  # noqa: ARG002
        options: Mapping[str, object],  # noqa: ARG002
        task: object = None,  # noqa: ARG002
    ) -> dict[str, Queue]:
        """Celery's router: a task with a channel's name goes to that channel's queue, any other to the tick's."""
        return {"queue": self.of(str(args[0])) if args else self.tick}

    def _queue(self, name: str) -> Queue:
        full = f"{self.prefix}.{name}"
        if not self.quorum:
            return Queue(full, routing_key=full)
        # A topic exchange, since RabbitMQ's delayed delivery knows no other; it changes nothing for a plain key.
        return Queue(
            full,
            Exchange(self.prefix, type="topic"),
            routing_key=full,
            queue_arguments={
                "x-queue-type": "quorum",
                "x-delivery-limit": DELIVERIES,
                # What nobody takes does not pile up.
                "x-message-ttl": int(EXPIRES_S * 1000),
            },
        )


@dataclass(frozen=True, slots=True)
class Takes:
    """Which work a worker takes: everything, only some of it, or all but some of it."""

    only: frozenset[str] | None = None
    without: frozenset[str] = field(default_factory=frozenset)

    def wants(self, name: str) -> bool:
        """Whether it takes this channel's work; ``tick`` for the tick."""
        return name not in self.without and (self.only is None or name in self.only)

    def among(self, names: Iterable[str]) -> list[str]:
        """The ones of these that it takes."""
        return sorted(name for name in set(names) if self.wants(name))


EVERYTHING = Takes()


def choose(only: Sequence[str], without: Sequence[str], known: Collection[str]) -> Takes:
    """What was typed: names of channels or ``tick``, joined by commas or given one by one. InputError for an unknown one."""
    picked, left = _split(only), _split(without)
    strange = sorted((picked | left) - {TICK, *known})
    if strange:
        raise InputError(f"There is no queue {strange[0]!r}. There are: {', '.join([TICK, *sorted(known)])}.")
    takes = Takes(picked or None, left)
    if not any(takes.wants(name) for name in (TICK, *known)):
        raise InputError("With these choices a worker would take no work at all. Leave one of them out.")
    return takes


class NewChannels:
    """Lets a running worker take the work of channels that are added beside it."""

    def __init__(
        self, settings: Settings, queues: Queues, takes: Takes, consume: Callable[[Queue], bool]
    ) -> None:
        self._file, self._folder = settings.channels_file, settings.folder
        self._queues, self._takes, self._consume = queues, takes, consume
        self._known = set(settings.channels)
        self._seen = file_stamp(self._file)

    def watch(self, ended: threading.Event) -> None:
        """Look every two seconds until the end."""
        while not ended.wait(LOOK_S):
            self.look()

    def look(self) -> None:
        """If the file has changed, take what is new; a file with a mistake changes nothing."""
        stamp = file_stamp(self._file)
        if stamp == self._seen:
            return
        try:
            names = set(load_settings(self._folder).channels)
        except ConfigurationError:
            self._seen = stamp
            return
        new = self._takes.among(names - self._known)
        taken = {name for name in new if self._consume(self._queues.of(name))}
        self._known |= taken
        if len(taken) == len(new):
            self._seen = stamp
        if taken:
            _log.info("queues_taken", channels=sorted(taken))


def consume_from(work: WorkController, queue: Queue) -> bool:
    """Have a running worker take this queue too, from its own loop; False while it has none yet. Any thread may ask."""
    consumer = getattr(work, "consumer", None)
    if consumer is None or consumer.task_consumer is None:
        return False

    def take() -> None:
        consumer.app.amqp.queues.select_add(queue)
        consumer.add_task_queue(queue.name)

    consumer.call_soon(take)
    return True


def _split(texts: Sequence[str]) -> frozenset[str]:
    return frozenset(name.strip() for text in texts for name in text.split(",") if name.strip())
