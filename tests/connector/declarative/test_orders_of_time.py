"""Is a feed that is in an order of time used as one, checked as one, and walked without a gap from either end?"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import responses
from requests import PreparedRequest

from syncworker.connector import MalformedAnswerError
from syncworker.connector.declarative import DeclaredChannel
from syncworker.errors import ConfigurationError
from tests.connector.declarative.shops import URL, loaded, opened
from tests.connector.declarative.test_walks import SINCE, Answered, Feed, order, paged, walked

LATEST = [
    paged({"style": "page", "size": 3}, {"page": "=page"}, stop_when_older=True),
    paged({"style": "offset", "size": 3}, {"offset": "=offset"}, stop_when_older=True),
    paged({"style": "cursor", "next": "next"}, {"cursor": "=cursor"}, stop_when_older=True),
]
OLDEST = [
    paged({"style": "page", "size": 3}, {"page": "=page"}, sorted=True),
    paged({"style": "offset", "size": 3, "total": "total"}, {"offset": "=offset"}, sorted=True),
    paged({"style": "cursor", "next": "next"}, {"cursor": "=cursor"}, sorted=True),
]
NAMES = ["page", "offset", "cursor"]
EACH_LATEST = pytest.mark.parametrize("manifest", LATEST, ids=NAMES)
EACH_OLDEST = pytest.mark.parametrize("manifest", OLDEST, ids=NAMES)


class Backwards(Feed):
    """Latest change first; no bound is known here, and a cursor is a position."""

    latest_first = True

    def __call__(self, request: PreparedRequest) -> Answered:
        self.calls += 1
        if self.calls in self.between:
            self.between[self.calls]()
        query = {name: values[0] for name, values in parse_qs(urlsplit(str(request.url)).query).items()}
        self.queries.append(query)
        rows = sorted(self.rows, key=lambda row: str(row["updated"]), reverse=self.latest_first)
        number = (int(query.get("page", 1)) - 1) * self.size
        start = int(query.get("offset") or query.get("cursor") or number)
        end = start + self.size
        body = {
            "orders": rows[start:end],
            "next": str(end) if end < len(rows) else None,
            "total": len(rows),
        }
        return 200, {}, json.dumps(body)

    def touch(self, number: int, second: int) -> None:
        """An order changes."""
        self.rows = [row for row in self.rows if row["id"] != number] + [order(number, second)]


class Forwards(Backwards):
    latest_first = False


@pytest.fixture
def shop() -> Any:
    with responses.RequestsMock() as running:
        yield running


def untils(channel: DeclaredChannel, since: datetime) -> list[datetime | None]:
    """Up to when each page says that everything is told, or else its newest order."""
    found, cursor = [], None
    while True:
        page = channel.list_orders("orders", since=since, cursor=cursor)
        found.append(page.until or max((one.updated_at for one in page.orders), default=None))
        cursor = page.next_cursor
        if cursor is None:
            return found


@EACH_LATEST
def test_a_walk_from_the_latest_change_ends_at_what_is_older(
    shop: responses.RequestsMock, manifest: dict[str, Any]
) -> None:
    feed = Backwards([order(n) for n in range(30)], 3)
    shop.add_callback("GET", f"{URL}/orders", feed)

    found = walked(opened(manifest), SINCE + timedelta(seconds=22))

    assert {str(n) for n in range(22, 30)} <= set(found)
    assert feed.calls <= 6


@EACH_LATEST
@pytest.mark.parametrize("call", [2, 3, 4, 5])
@pytest.mark.parametrize("number", [0, 1, 4, 7, 9])
def test_what_moves_to_the_front_meanwhile_is_told_all_the_same(
    shop: responses.RequestsMock, manifest: dict[str, Any], call: int, number: int
) -> None:
    feed = Backwards([order(n) for n in range(10)], 3)
    feed.between[call] = lambda: feed.touch(number, 60)
    shop.add_callback("GET", f"{URL}/orders", feed)

    found = walked(opened(manifest))

    # What changes after the last look at the front is the next walk's.
    assert {str(n) for n in range(10)} <= set(found)


@EACH_LATEST
def test_in_the_midst_of_such_a_walk_nothing_counts_as_told(
    shop: responses.RequestsMock, manifest: dict[str, Any]
) -> None:
    shop.add_callback("GET", f"{URL}/orders", Backwards([order(n) for n in range(10)], 3))

    told = untils(opened(manifest), SINCE)

    assert set(told[:-1]) == {SINCE}
    assert told[-1] == SINCE + timedelta(seconds=9)


@EACH_LATEST
def test_one_page_needs_no_second_look(shop: responses.RequestsMock, manifest: dict[str, Any]) -> None:
    feed = Backwards([order(n) for n in range(10)], 3)
    shop.add_callback("GET", f"{URL}/orders", feed)

    told = untils(opened(manifest), SINCE + timedelta(seconds=8))

    assert (feed.calls, told) == (1, [SINCE + timedelta(seconds=9)])


@EACH_LATEST
def test_a_feed_that_does_not_begin_with_its_latest_change_is_not_believed(
    shop: responses.RequestsMock, manifest: dict[str, Any]
) -> None:
    shop.add_callback("GET", f"{URL}/orders", Forwards([order(n) for n in range(10)], 3))

    with pytest.raises(MalformedAnswerError, match="latest change"):
        walked(opened(manifest))


@EACH_OLDEST
def test_a_sorted_walk_tells_up_to_where_it_is(
    shop: responses.RequestsMock, manifest: dict[str, Any]
) -> None:
    shop.add_callback("GET", f"{URL}/orders", Forwards([order(n) for n in range(9)], 3))

    told = [one for one in untils(opened(manifest), SINCE) if one is not None]

    assert told == sorted(told)
    assert told[0] == SINCE + timedelta(seconds=2)
    assert told[-1] == SINCE + timedelta(seconds=8)


@EACH_OLDEST
@pytest.mark.parametrize("call", [2, 3, 4, 5])
@pytest.mark.parametrize("number", [0, 1, 4])
def test_rows_that_move_during_a_sorted_walk_are_seen_and_hold_back_what_counts_as_told(
    shop: responses.RequestsMock, manifest: dict[str, Any], call: int, number: int
) -> None:
    feed = Forwards([order(n) for n in range(10)], 3)
    feed.between[call] = lambda: feed.touch(number, 60)
    shop.add_callback("GET", f"{URL}/orders", feed)
    channel, seen, told = opened(manifest), set[str](), SINCE
    cursor: str | None = None
    while True:
        page = channel.list_orders("orders", since=SINCE, cursor=cursor)
        seen |= {one.external_id for one in page.orders}
        told = max([told, page.until or max((one.updated_at for one in page.orders), default=told)])
        # A cursor is the channel's own proof; by numbers, what slipped away must not count as told.
        if manifest["feeds"][0]["paginate"]["style"] != "cursor":
            passed = {
                str(row["id"]) for row in feed.rows if datetime.fromisoformat(str(row["updated"])) <= told
            }
            assert passed <= seen | {str(number)}
        cursor = page.next_cursor
        if cursor is None:
            break

    if manifest["feeds"][0]["paginate"]["style"] != "cursor":
        assert seen == {str(n) for n in range(10)}


@EACH_OLDEST
def test_a_feed_that_is_not_sorted_is_not_believed(
    shop: responses.RequestsMock, manifest: dict[str, Any]
) -> None:
    shop.add_callback("GET", f"{URL}/orders", Backwards([order(n) for n in range(10)], 3))

    with pytest.raises(MalformedAnswerError, match="order of its times"):
        walked(opened(manifest))


def test_pages_that_are_sorted_each_for_itself_are_no_sorted_feed(shop: responses.RequestsMock) -> None:
    pages = iter([[order(5), order(6)], [order(1), order(2)]])

    def answered(_request: PreparedRequest) -> Answered:
        return 200, {}, json.dumps({"orders": next(pages), "next": "more"})

    shop.add_callback("GET", f"{URL}/orders", answered)

    with pytest.raises(MalformedAnswerError, match="order of its times"):
        walked(opened(OLDEST[2]))


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"sorted": True, "stop_when_older": True}, "not both"),
        ({"stop_when_older": True, "paginate": {"style": "keyset", "size": 3}}, "latest change"),
        ({"stop_when_older": True, "time": {"max_window_s": 60}}, "no meaning"),
    ],
)
def test_what_makes_no_sense_together_is_a_mistake(more: dict[str, Any], words: str) -> None:
    manifest = paged({"style": "page", "size": 3}, {"page": "=page"})
    manifest["feeds"][0] |= more

    with pytest.raises(ConfigurationError, match=words):
        loaded(manifest)
