"""Is every row of a feed seen, whatever the kind of pages and however the rows move meanwhile?"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import responses
from requests import PreparedRequest

from syncworker.connector import Json, MalformedAnswerError, RetryLaterError
from syncworker.connector.declarative import DeclaredChannel
from tests.connector.declarative.shops import ORDER, URL, described, opened

SINCE = datetime(2026, 11, 24, 5, tzinfo=UTC)
Answered = tuple[int, dict[str, str], str]


def order(number: int, second: int | None = None) -> dict[str, Json]:
    at = SINCE + timedelta(seconds=number if second is None else second)
    return {**ORDER, "id": number, "updated": at.isoformat()}


class Feed:
    """A feed that pages as asked; ``between`` is called before each answer, with its number."""

    def __init__(self, rows: list[dict[str, Json]], size: int) -> None:
        self.rows, self.size, self.calls = rows, size, 0
        self.between: dict[int, Any] = {}
        self.queries: list[dict[str, str]] = []

    def __call__(self, request: PreparedRequest) -> Answered:
        self.calls += 1
        if self.calls in self.between:
            self.between[self.calls]()
        query = {name: values[0] for name, values in parse_qs(urlsplit(str(request.url)).query).items()}
        self.queries.append(query)
        since = datetime.fromisoformat(query["since"]) if "since" in query else SINCE
        found = [row for row in self.rows if datetime.fromisoformat(str(row["updated"])) >= since]
        start = int(query["offset"]) if "offset" in query else (int(query.get("page", 1)) - 1) * self.size
        total = -(-len(found) // self.size)
        headers = {"X-Pages": str(total)}
        body = {"orders": found[start : start + self.size], "total": len(found)}
        return 200, headers, json.dumps(body)


def walked(channel: DeclaredChannel, since: datetime = SINCE) -> list[str]:
    found: list[str] = []
    cursor: str | None = None
    for _ in range(50):
        page = channel.list_orders("orders", since=since, cursor=cursor)
        found += [one.external_id for one in page.orders]
        cursor = page.next_cursor
        if cursor is None:
            return found
    raise AssertionError("the walk has no end")


def paged(paginate: dict[str, Any], query: dict[str, str], **more: Any) -> dict[str, Any]:
    return described(
        feeds__0={"name": "orders", "request": {"path": "/orders", "query": query}, "items": "orders", "paginate": paginate, **more}
    )  # fmt: skip


PAGE = paged({"style": "page", "pages_header": "X-Pages"}, {"page": "=page"})
OFFSET = paged({"style": "offset", "size": 3, "total": "total"}, {"offset": "=offset"})
KEYSET = paged({"style": "keyset", "size": 3}, {"since": "=since", "page": "=page"})
EACH = pytest.mark.parametrize("manifest", [PAGE, OFFSET, KEYSET], ids=["page", "offset", "keyset"])


@pytest.fixture
def shop() -> Any:
    with responses.RequestsMock() as running:
        yield running


@EACH
@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 6, 7, 10])
def test_all_rows_are_seen(shop: responses.RequestsMock, manifest: dict[str, Any], count: int) -> None:
    shop.add_callback("GET", f"{URL}/orders", Feed([order(n) for n in range(count)], 3))

    assert set(walked(opened(manifest))) == {str(n) for n in range(count)}


@EACH
@pytest.mark.parametrize("call", [2, 3, 4])
@pytest.mark.parametrize("moved", [0, 1, 2])
def test_a_row_that_moves_to_the_end_during_the_walk_hides_no_other_one(
    shop: responses.RequestsMock, manifest: dict[str, Any], call: int, moved: int
) -> None:
    feed = Feed([order(n) for n in range(10)], 3)

    def change() -> None:
        row = feed.rows.pop(moved)
        feed.rows.append({**row, "updated": (SINCE + timedelta(seconds=60)).isoformat()})

    feed.between[call] = change
    shop.add_callback("GET", f"{URL}/orders", feed)

    assert set(walked(opened(manifest))) == {str(n) for n in range(10)}


def test_more_orders_in_one_second_than_a_page_holds_are_all_seen(shop: responses.RequestsMock) -> None:
    shop.add_callback("GET", f"{URL}/orders", Feed([order(n, second=5) for n in range(8)] + [order(9)], 3))

    assert set(walked(opened(KEYSET))) == {"0", "1", "2", "3", "4", "5", "6", "7", "9"}


def test_a_page_from_which_rows_were_left_out_is_not_the_last_if_the_channel_says_so(
    shop: responses.RequestsMock,
) -> None:
    """A store leaves out what the key may not see, or what it cannot load: the page is short, and there are more."""
    paginate = {"style": "keyset", "size": 3, "pages_header": "X-Pages"}
    feed = Feed([order(n, second=5 * n) for n in range(10)], 3)

    def answered(request: PreparedRequest) -> Answered:
        status, headers, body = feed(request)
        rows = [row for row in json.loads(body)["orders"] if row["id"] not in {2, 5}]
        return status, headers, json.dumps({"orders": rows})

    shop.add_callback("GET", f"{URL}/orders", answered)

    found = walked(opened(paged(paginate, {"since": "=since", "page": "=page"})))

    assert set(found) == {str(n) for n in range(10)} - {"2", "5"}


def test_a_feed_that_is_not_in_the_order_of_its_times_is_not_walked_by_them(
    shop: responses.RequestsMock,
) -> None:
    shop.add_callback("GET", f"{URL}/orders", Feed([order(3), order(1), order(2)], 3))

    with pytest.raises(MalformedAnswerError, match="order of its times"):
        walked(opened(KEYSET))


def test_a_cursor_goes_on_until_there_is_none_and_never_in_a_circle(shop: responses.RequestsMock) -> None:
    manifest = paged({"style": "cursor", "next": "next"}, {"at": "=cursor"})
    shop.get(f"{URL}/orders", json={"orders": [order(1)], "next": "a"})
    shop.get(f"{URL}/orders", json={"orders": [order(2)], "next": None})
    shop.get(f"{URL}/orders", json={"orders": [order(1)], "next": "a"})

    assert walked(opened(manifest)) == ["1", "2"]
    with pytest.raises(MalformedAnswerError, match="repeats itself"):
        walked(opened(manifest))


def test_a_lost_cursor_is_not_the_end(shop: responses.RequestsMock) -> None:
    shop.get(f"{URL}/orders", json={"orders": [order(1)]})

    with pytest.raises(MalformedAnswerError, match="next is missing"):
        walked(opened(paged({"style": "cursor", "next": "next"}, {"at": "=cursor"})))


def test_a_link_is_followed_on_the_same_host_alone(shop: responses.RequestsMock) -> None:
    manifest = paged({"style": "link_header"}, {"since": "=since"})
    following = f'<{URL}/orders?page=2&x=a%20b>; rel="next"'
    shop.get(f"{URL}/orders", json={"orders": [order(1)]}, headers={"Link": following})
    shop.get(f"{URL}/orders", json={"orders": [order(2)]})
    shop.get(f"{URL}/orders", json={"orders": []}, headers={"Link": '<https://evil.example/x>; rel="next"'})

    assert walked(opened(manifest)) == ["1", "2"]
    assert parse_qs(urlsplit(str(shop.calls[1].request.url)).query) == {"page": ["2"], "x": ["a b"]}
    with pytest.raises(MalformedAnswerError, match="outside of base_url"):
        walked(opened(manifest))


def test_a_long_time_is_walked_window_by_window_without_a_gap(shop: responses.RequestsMock) -> None:
    feed = Feed([], 3)
    shop.add_callback("GET", f"{URL}/orders", feed)
    manifest = paged(
        {"style": "none"},
        {"since": "=since", "to": "=until"},
        time={"max_window_s": 86_400, "overlap_s": 60},
    )
    now = datetime.now(UTC)

    walked(opened(manifest), since=now - timedelta(days=3))

    spans = [(datetime.fromisoformat(q["since"]), datetime.fromisoformat(q["to"])) for q in feed.queries]
    assert len(spans) == 4
    assert spans[0][0] <= now - timedelta(days=3, seconds=60)
    assert all(later[0] <= earlier[1] for earlier, later in pairwise(spans))
    assert all(end - start <= timedelta(days=1) for start, end in spans)
    assert spans[-1][1] >= now


def test_details_come_from_a_second_call_and_none_may_be_missing(shop: responses.RequestsMock) -> None:
    manifest = paged(
        {"style": "none"},
        {},
        expand={"request": {"path": "/details", "query": {"ids": "=join(',', ids)"}}, "max": 2, "items": "orders", "key": "id"},
    )  # fmt: skip
    manifest["samples"] += [{"of": "orders.expand", "answer": json.dumps({"orders": [ORDER]})}]
    shop.get(f"{URL}/orders", json={"orders": [{"id": n} for n in (1, 2, 3)]})
    shop.get(f"{URL}/details", json={"orders": [order(2), order(1)]})
    shop.get(f"{URL}/details", json={"orders": []})

    with pytest.raises(MalformedAnswerError, match="details of order 3 are missing"):
        walked(opened(manifest))


def test_an_error_inside_a_200_is_an_error(shop: responses.RequestsMock) -> None:
    manifest = described(
        errors={"ok": "error == ''", "code": "error", "rules": [{"code": "auth", "then": "fatal"}]},
        samples__0={"of": "check", "answer": '{"error": ""}'},
    )
    for number in (1, 2, 3):
        one = json.loads(manifest["samples"][number]["answer"])
        manifest["samples"][number]["answer"] = json.dumps({**one, "error": ""})
    shop.get(f"{URL}/orders", json={"error": "busy", "orders": []}, headers={"Retry-After": "99"})

    with pytest.raises(RetryLaterError, match="busy"):
        walked(opened(manifest))


CURSOR = paged({"style": "cursor", "next": "next"}, {"at": "=cursor"})


@pytest.mark.parametrize("manifest", [PAGE, OFFSET], ids=["page", "offset"])
def test_a_walk_in_no_order_of_time_tells_how_far_it_is_only_at_its_end(
    shop: responses.RequestsMock, manifest: dict[str, Any]
) -> None:
    """A walk that fails in its midst is begun again where it began: rows of later pages may be older than those told."""
    feed = Feed([order(9), order(1), order(2), order(8), order(3), order(4), order(5)], 3)
    shop.add_callback("GET", f"{URL}/orders", feed)
    channel = opened(manifest)

    pages = [channel.list_orders("orders", since=SINCE, cursor=None)]
    while pages[-1].next_cursor is not None:
        pages.append(channel.list_orders("orders", since=SINCE, cursor=pages[-1].next_cursor))

    assert [page.until for page in pages[:-1]] == [SINCE] * (len(pages) - 1)
    assert pages[-1].until == SINCE + timedelta(seconds=9)


def test_a_walk_by_cursor_tells_how_far_it_is_only_at_its_end(shop: responses.RequestsMock) -> None:
    shop.get(f"{URL}/orders", json={"orders": [order(9)], "next": "a"})
    shop.get(f"{URL}/orders", json={"orders": [], "next": None})
    channel = opened(CURSOR)

    first = channel.list_orders("orders", since=SINCE, cursor=None)
    last = channel.list_orders("orders", since=SINCE, cursor=first.next_cursor)

    assert (first.until, last.until) == (SINCE, SINCE + timedelta(seconds=9))
