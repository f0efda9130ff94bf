"""A queue that nobody empties does not grow without end, and a Redis that is away holds nobody up."""

from __future__ import annotations

import contextlib
import time
from uuid import uuid4

import pytest
import redis

from syncworker.settings import Settings, load_settings
from syncworker.tasks import crowd
from syncworker.tasks.app import create_celery
from syncworker.tasks.crowd import Crowd, UncrowdedCelery
from syncworker.tasks.queues import Queues
from tests.servers import free_port


@pytest.fixture
def celery(settings: Settings, redis_url: str) -> UncrowdedCelery:
    apart = load_settings(settings.folder, {"broker_url": redis_url})
    made = create_celery(apart, queues=Queues(uuid4().hex), channels=["toko"])
    assert isinstance(made, UncrowdedCelery)
    return made


def test_no_more_hints_go_where_nobody_takes_them(
    celery: UncrowdedCelery, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crowd, "MOST_WAITING", 3)
    for _ in range(8):
        celery.send_task("syncworker.pull", ["toko"])
    sent = celery.send_task("syncworker.tick")

    queues = [queue.name for queue in celery.amqp.queues.values()]
    with contextlib.closing(redis.Redis.from_url(redis_url)) as client:
        waiting = {name.partition(".")[2]: client.llen(name) for name in queues}
        client.delete(*queues)
    assert waiting == {"tick": 1, "channel.toko": 3}
    assert sent is not None


def test_a_redis_that_is_away_is_no_crowd_and_keeps_nobody_waiting() -> None:
    began = time.monotonic()

    assert not Crowd(f"redis://127.0.0.1:{free_port()}/0").is_at("syncworker.tick")
    assert time.monotonic() - began < 2


def test_only_redis_is_asked(settings: Settings) -> None:
    rabbit = load_settings(settings.folder, {"broker_url": "amqp://127.0.0.1:1//"})

    for one in (settings, rabbit):
        made = create_celery(one)
        assert isinstance(made, UncrowdedCelery)
        assert made.crowd is None
