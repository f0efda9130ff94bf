"""The doorbell: rung after a commit, not twice in a breath, and never a reason to fail."""

from typing import cast

from celery import Celery

from syncworker.ledger.jobs import JobKind
from syncworker.tasks.hints import COALESCE_S, LEAVE_ALONE_S, Doorbell


class Wire:
    """Stands where Celery sends; ``is_down`` as long as there is no broker."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, list[str]]] = []
        self.is_down = False

    def send_task(self, name: str, args: list[str], **options: object) -> None:
        if self.is_down:
            raise ConnectionRefusedError("nobody there")
        self.sent.append((name, args))


class Bell:
    """A doorbell on such a wire, with a clock that is told."""

    def __init__(self) -> None:
        self.wire, self.now = Wire(), 100.0
        self.doorbell = Doorbell(cast(Celery, self.wire), monotonic=lambda: self.now)

    def ring(self, channel: str = "toko", kind: JobKind = JobKind.PUSH) -> int:
        """Ring; how many hints have left by now."""
        self.doorbell.ring(channel, kind)
        return len(self.wire.sent)


def test_a_hint_names_the_channel_and_nothing_else() -> None:
    bell = Bell()

    bell.ring("toko", JobKind.PULL)

    assert bell.wire.sent == [("syncworker.pull", ["toko"])]


def test_the_same_hint_twice_in_a_breath_is_sent_once() -> None:
    bell = Bell()
    bell.ring()

    assert bell.ring() == 1
    assert bell.ring("warung") == 2
    assert bell.ring(kind=JobKind.READ) == 3


def test_after_a_breath_it_is_sent_again() -> None:
    bell = Bell()
    bell.ring()
    bell.now += COALESCE_S

    assert bell.ring() == 2


def test_what_is_rung_after_somebody_began_to_look_is_news() -> None:
    bell = Bell()
    bell.ring()
    bell.doorbell.answered("toko", JobKind.PUSH)

    assert bell.ring() == 2


def test_a_broker_that_is_down_fails_nothing_and_is_left_alone_for_a_while() -> None:
    bell = Bell()
    bell.wire.is_down = True

    assert bell.ring() == 0
    bell.wire.is_down = False
    bell.now += LEAVE_ALONE_S - 0.1
    assert bell.ring() == 0
    bell.now += 0.2
    assert bell.ring() == 1
