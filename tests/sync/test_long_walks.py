"""Does a backlog that takes longer than any pause come to its end, though the feed is in no order of time?"""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from syncworker.connector import MalformedAnswerError, OrderPage, RetryLaterError
from syncworker.ledger import ManualClock, channels, pulls
from syncworker.ledger.ledger import Ledger, Transaction
from syncworker.ledger.pulls import LONGEST_PULL, LONGEST_REST
from syncworker.sync import pull
from syncworker.sync.pull import pull_orders
from tests.sync.shopfront import Business, Shopfront

PAGES = 9


class Unsorted(Shopfront):
    """Its pages come in no order, so that up to its end nothing but the beginning is told."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__(clock)
        self.asked: list[str | None] = []
        self.trouble: dict[int, Exception] = {}
        self.pages = PAGES

    def list_orders(self, feed: str, *, since: datetime, cursor: str | None) -> OrderPage:
        self.asked.append(cursor)
        trouble = self.trouble.pop(len(self.asked), None)
        if trouble is not None:
            raise trouble
        number = 0 if cursor is None else int(cursor)
        is_last = number == self.pages - 1
        return OrderPage(orders=(), next_cursor=None if is_last else str(number + 1), until=since)


class Walk:
    """One page a task, and a pause of three minutes behind each."""

    def __init__(self, ledger: Ledger) -> None:
        self.business = Business(ledger)
        self.shop = Unsorted(self.business.clock)
        self.business.shop = self.shop

    def tasks(self, count: int, pause: timedelta = timedelta(minutes=3)) -> None:
        for _ in range(count):
            pull_orders(self.business.context, "shop")
            self.business.clock.advance(pause)

    def is_whole(self) -> bool:
        with self.business.ledger.snapshot() as tx:
            return pulls.latest(tx, "shop", whole=True) is not None


@pytest.fixture
def walk(manual_ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> Walk:
    monkeypatch.setattr(pull, "PAGES_PER_TASK", 1)
    return Walk(manual_ledger)


def test_each_page_is_walked_once_however_long_it_takes(walk: Walk) -> None:
    walk.tasks(PAGES)

    assert walk.shop.asked == [None, *(str(number) for number in range(1, PAGES))]
    assert walk.is_whole()


def test_a_channel_that_wants_to_be_left_alone_costs_no_page(walk: Walk) -> None:
    walk.shop.trouble = {5: RetryLaterError("busy")}

    walk.tasks(PAGES + 1)

    assert walk.shop.asked == [None, "1", "2", "3", "4", "4", "5", "6", "7", "8"]
    assert walk.is_whole()


@pytest.mark.parametrize("any_database", ["memory"], indirect=True)
@pytest.mark.parametrize("is_healed", [True, False])
def test_a_channel_that_wants_to_be_left_alone_for_long_costs_no_page(
    walk: Walk, monkeypatch: pytest.MonkeyPatch, *, is_healed: bool
) -> None:
    """Else an unsorted backlog would begin anew after each long pause that the channel asks for, and never end."""
    monkeypatch.setattr(pull, "PAGES_PER_TASK", 3)
    walk.shop.trouble = {5: RetryLaterError("busy", retry_after_s=3_000.0)}
    walk.tasks(2)
    walk.business.clock.advance(timedelta(seconds=3_000))
    if is_healed:  # something else was answered first

        def answered(tx: Transaction) -> None:
            channels.record_success(tx, "shop")

        walk.business.ledger.run(answered)

    walk.tasks(PAGES)

    assert walk.shop.asked[:10] == [None, "1", "2", "3", "4", "4", "5", "6", "7", "8"]
    assert walk.is_whole()


@pytest.mark.parametrize("any_database", ["memory"], indirect=True)
def test_a_pause_that_another_call_was_asked_for_costs_no_page(walk: Walk) -> None:
    walk.tasks(3)

    def busy(tx: Transaction) -> None:
        channels.record_failure(tx, "shop", "busy", retry_after_s=3_000.0)

    walk.business.ledger.run(busy)
    walk.business.clock.advance(timedelta(seconds=3_001))
    walk.tasks(1)

    assert walk.shop.asked == [None, "1", "2", "3"]


def test_a_page_that_cannot_be_read_makes_the_walk_begin_anew(walk: Walk) -> None:
    walk.shop.trouble = {5: MalformedAnswerError("the walk moved", path="orders")}

    walk.tasks(6)

    assert walk.shop.asked == [None, "1", "2", "3", "4", None]


def test_a_walk_that_rested_for_too_long_begins_anew(walk: Walk) -> None:
    walk.tasks(3)
    walk.business.clock.advance(LONGEST_REST)

    walk.tasks(1)

    assert walk.shop.asked == [None, "1", "2", None]


def test_a_walk_without_an_end_is_given_up_one_day(walk: Walk) -> None:
    walk.shop.pages = 1_000
    pause = timedelta(minutes=9)

    walk.tasks(LONGEST_PULL // pause + 2, pause)

    assert walk.shop.asked.count(None) == 2
