"""Each channel has a queue of its own; a worker takes those it was told to, and learns of new ones by itself."""

from __future__ import annotations

import threading

import pytest
from celery import Celery
from celery.utils.quorum_queues import detect_quorum_queues

from syncworker.bootstrap import App
from syncworker.errors import InputError
from syncworker.ledger.jobs import JobKind
from syncworker.settings import Settings, add_channel, load_settings
from syncworker.tasks import EmbeddedEngine, jobs
from syncworker.tasks.app import create_celery, queues_of
from syncworker.tasks.queues import EVERYTHING, NewChannels, Queues, Takes, choose
from syncworker.tasks.underway import Underway, share_of
from tests.waiting import await_condition

KNOWN = {"toko", "warung"}


def taken(takes: Takes) -> set[str]:
    return {name for name in ("tick", *KNOWN) if takes.wants(name)}


def test_a_worker_takes_what_it_was_told_to() -> None:
    assert taken(EVERYTHING) == {"tick", "toko", "warung"}
    assert taken(choose(["toko,tick"], [], KNOWN)) == {"toko", "tick"}
    assert taken(choose(["toko", "tick"], [], KNOWN)) == {"toko", "tick"}
    assert taken(choose([], ["toko"], KNOWN)) == {"tick", "warung"}


def test_all_but_some_takes_channels_that_are_added_later_and_only_some_does_not() -> None:
    assert choose([], ["toko"], KNOWN).wants("new")
    assert not choose(["toko"], [], KNOWN).wants("new")


@pytest.mark.parametrize(
    ("only", "without", "told"),
    [
        (["tokko"], [], r"no queue 'tokko'.*tick, toko, warung"),
        ([], ["tokko"], "no queue 'tokko'"),
        (["toko"], ["toko"], "no work at all"),
    ],
)
def test_what_cannot_be_taken_is_refused(only: list[str], without: list[str], told: str) -> None:
    with pytest.raises(InputError, match=told):
        choose(only, without, KNOWN)


def test_a_channels_work_goes_through_its_own_queue_whatever_its_kind(settings: Settings) -> None:
    celery = create_celery(settings, queues=Queues("here"), channels=["toko"])

    names = {celery.amqp.router.route({}, f"syncworker.{kind}", ("toko",))["queue"].name for kind in JobKind}

    assert names == {"here.channel.toko"}
    assert celery.amqp.router.route({}, "syncworker.tick")["queue"].name == "here.tick"
    assert set(celery.amqp.queues.consume_from) == {"here.tick", "here.channel.toko"}


def test_sending_to_a_channel_makes_nobody_take_its_queue(settings: Settings) -> None:
    celery = create_celery(settings, queues=Queues("here"), takes=Takes(frozenset({"tick"})), channels=KNOWN)

    celery.send_task("syncworker.pull", ["toko"])

    assert set(celery.amqp.queues.consume_from) == {"here.tick"}


def test_a_channel_added_beside_a_worker_is_taken_once(settings: Settings) -> None:
    heard: list[str] = []
    answers = iter([False, True])

    def consume(queue: object) -> bool:
        heard.append(str(getattr(queue, "name", "")))
        return next(answers)

    watch = NewChannels(settings, Queues("here"), EVERYTHING, consume)
    watch.look()
    add_channel(settings.channels_file, "barn", "counter", {})
    for _ in range(3):
        watch.look()

    # The first time the worker was not yet ready for it.
    assert heard == ["here.channel.barn"] * 2


def test_a_running_engine_works_on_a_channel_that_is_added(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    worked = threading.Event()
    monkeypatch.setattr(
        jobs, "_WORK", dict.fromkeys(JobKind, lambda _, name: worked.set() if name == "barn" else None)
    )
    monkeypatch.setattr("syncworker.tasks.queues.LOOK_S", 0.05)
    with EmbeddedEngine(app) as engine:
        add_channel(app.settings.channels_file, "barn", "counter", {})

        def rung() -> bool:
            engine.app.context.hint("barn", JobKind.PULL)
            return worked.is_set()

        await_condition(rung, 20, "work at the new channel", poll_s=0.25)


def test_every_channel_and_the_tick_have_a_thread_left() -> None:
    for threads in range(2, 29):
        for channels in range(1, threads):
            assert channels * share_of(threads, channels) <= threads - 1
    assert share_of(2, 40) == 1


@pytest.mark.parametrize("share", [1, 2])
def test_a_channel_holds_no_more_than_its_share_and_what_waited_is_rung_again(share: int) -> None:
    rung: list[tuple[str, JobKind]] = []
    underway = Underway(share=share, ring=lambda *one: rung.append(one))
    kinds = list(JobKind)[: share + 1]

    def enter(depth: int) -> list[float | None]:
        if depth == len(kinds):
            with underway.place("other", JobKind.PULL) as away_s:
                return [away_s]
        with underway.place("slow", kinds[depth]) as away_s:
            return [away_s, *enter(depth + 1)]

    *mine, turned_away, other = enter(0)

    assert mine == [None] * share
    assert turned_away is not None
    assert other is None
    assert rung == [("slow", kinds[-1])]
    assert underway.count() == 0


def test_rabbitmq_gets_quorum_queues_that_do_not_pile_up(settings: Settings) -> None:
    celery = rabbit(settings)
    queue = celery.amqp.queues["syncworker.channel.stall"]

    assert queue.queue_arguments == {
        "x-queue-type": "quorum",
        "x-delivery-limit": 5,
        "x-message-ttl": 30_000,
    }
    assert queue.durable
    assert queue.exchange.type == "topic"
    assert celery.conf.task_default_queue_type == "quorum"
    assert celery.conf.broker_transport_options == {"confirm_publish": True}
    assert celery.conf.task_acks_late


def test_celery_itself_finds_quorum_queues_and_sets_no_limit_for_a_whole_connection(
    settings: Settings,
) -> None:
    celery = rabbit(settings)

    assert detect_quorum_queues(celery, celery.connection_for_write().transport.driver_type)[0]
    assert celery.conf.worker_detect_quorum_queues


def test_redis_gets_plain_queues(settings: Settings) -> None:
    redis = load_settings(settings.folder, {"broker_url": "redis://127.0.0.1:1/0"})

    assert not queues_of(redis).tick.queue_arguments
    assert create_celery(redis).conf.broker_transport_options["visibility_timeout"] == 120


def rabbit(settings: Settings) -> Celery:
    return create_celery(
        load_settings(settings.folder, {"broker_url": "amqp://guest@127.0.0.1:1//"}), channels=["stall"]
    )
