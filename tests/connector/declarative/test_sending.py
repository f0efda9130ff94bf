"""Does every push leave once, and is every outcome what the channel definitely said?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import responses
from requests import PreparedRequest

from syncworker.connector import (
    ChannelMisconfiguredError,
    Json,
    Outcome,
    OutcomeUnknownError,
    PushResult,
    RetryLaterError,
)
from tests.connector.declarative.shops import URL, described, opened, push, sample

APPLIED, REFUSED, UNKNOWN = Outcome.APPLIED, Outcome.REFUSED, Outcome.UNKNOWN


@pytest.fixture
def shop() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as running:
        yield running


def sent(manifest: dict[str, Any], *pools: str) -> list[PushResult]:
    return list(
        opened(manifest).push_quantities([push(pool, idempotency_key=f"key-{pool}") for pool in pools])
    )


def outcomes(manifest: dict[str, Any], *pools: str) -> list[Outcome]:
    return [result.outcome for result in sent(manifest, *pools)]


def with_result(result: dict[str, Any], answer: Json, **changes: Any) -> dict[str, Any]:
    return described(push__result=result, samples__3=sample("push", answer), **changes)


FAILURES = with_result(
    {"failures": "failed", "key": "pool", "code": "code", "codes": {"gone": "gone", "low": "refused"}},
    {"failed": [{"pool": "P1", "code": "gone"}]},
)
MAP = with_result({"error_map": "errors", "otherwise": "refused"}, {"errors": {"P1": ["no such product"]}})
WHOLE = with_result({"whole": True}, {})


@pytest.mark.parametrize(
    ("manifest", "answer", "expected"),
    [
        (described(), {"items": [{"pool": "B", "ok": True}, {"pool": "A", "ok": True}]}, [APPLIED, APPLIED]),
        (described(), {"items": [{"pool": "A", "ok": True}]}, [APPLIED, UNKNOWN]),
        (described(), {"items": [{"pool": "A", "ok": True}, {"pool": "A", "ok": True}, {"pool": "B", "ok": False, "code": "x"}]}, [UNKNOWN, UNKNOWN]),
        (described(push__result__codes={"x": "refused"}), {"items": [{"pool": "A", "ok": True}, {"pool": "B", "ok": False, "code": "x"}]}, [APPLIED, REFUSED]),
        (FAILURES, {}, [APPLIED, APPLIED]),
        (FAILURES, {"failed": [{"pool": "B", "code": "low"}]}, [APPLIED, REFUSED]),
        (FAILURES, {"failed": [{"pool": "B", "code": "odd"}]}, [APPLIED, UNKNOWN]),
        (FAILURES, {"failed": [{"code": "low"}]}, [UNKNOWN, UNKNOWN]),
        (MAP, {"errors": {}}, [APPLIED, APPLIED]),
        (MAP, {"errors": {"B": ["too many"]}}, [APPLIED, REFUSED]),
        (MAP, {"errors": {"C": ["who?"]}}, [UNKNOWN, UNKNOWN]),
        (WHOLE, {}, [APPLIED, APPLIED]),
    ],
)  # fmt: skip
def test_each_shape_of_answer_tells_of_each_item(
    shop: responses.RequestsMock, manifest: dict[str, Any], answer: Any, expected: list[Outcome]
) -> None:
    shop.post(f"{URL}/numbers", json=answer)

    assert outcomes(manifest, "A", "B") == expected


@pytest.mark.parametrize("answer", [{}, {"items": None}, {"items": {}}, []])
def test_an_answer_that_is_not_as_described_leaves_all_of_it_unknown(
    shop: responses.RequestsMock, answer: Any
) -> None:
    shop.post(f"{URL}/numbers", json=answer)

    with pytest.raises(OutcomeUnknownError):
        sent(described(), "A", "B")


@pytest.mark.parametrize(
    ("rule", "status", "error"),
    [
        ({"status": 503, "then": "retry"}, 503, OutcomeUnknownError),
        ({"status": 503, "then": "retry", "before_effect": True}, 503, RetryLaterError),
        ({"status": 409, "then": "retry"}, 409, OutcomeUnknownError),
        ({"status": 409, "code": "busy", "then": "retry", "before_effect": True}, 409, RetryLaterError),
        ({"message": "daily", "then": "quota_day", "before_effect": True}, 400, RetryLaterError),
        ({"status": 400, "then": "fatal"}, 400, ChannelMisconfiguredError),
        ({"status": 400, "then": "unknown"}, 400, OutcomeUnknownError),
    ],
)
def test_a_push_may_be_tried_again_only_if_nothing_can_have_been_done(
    shop: responses.RequestsMock, rule: dict[str, Any], status: int, error: type[Exception]
) -> None:
    shop.post(f"{URL}/numbers", json={"code": "busy", "message": "daily limit"}, status=status)

    with pytest.raises(error):
        sent(described(errors={"rules": [rule]}), "A")
    assert len(shop.calls) == 1


def taking(request: PreparedRequest) -> list[str]:
    return [item["pool"] for item in json.loads(request.body or "{}")["items"]]


class Shelf:
    """Takes all or nothing: a batch with a bad pool is refused whole."""

    def __init__(self, bad: set[str], most: int = 100) -> None:
        self.bad, self.most = bad, most
        self.taken: list[str] = []

    def __call__(self, request: PreparedRequest) -> tuple[int, dict[str, str], str]:
        pools = taking(request)
        if len(pools) > self.most:
            return 413, {}, json.dumps({"code": "too_large"})
        if self.bad & set(pools):
            return 404, {}, json.dumps({"code": "unknown"})
        self.taken += pools
        return 200, {}, json.dumps({"items": [{"pool": pool, "ok": True} for pool in pools]})


def test_a_batch_that_is_all_or_nothing_is_halved_until_the_bad_one_is_alone(
    shop: responses.RequestsMock,
) -> None:
    shelf = Shelf({"D"})
    shop.add_callback("POST", f"{URL}/numbers", shelf)
    manifest = described(
        push__batch={"atomic": True}, errors={"rules": [{"code": "unknown", "then": "gone"}]}
    )

    results = sent(manifest, *"ABCDEFG")

    assert [result.push_id for result in results if result.outcome is REFUSED] == ["D"]
    assert [result.parks for result in results] == [False, False, False, True, False, False, False]
    assert sorted(shelf.taken) == sorted("ABCEFG")


@pytest.mark.parametrize("result", [{"whole": True}, {"error_map": "Content"}])
def test_what_was_so_already_is_no_proof_that_a_number_was_set(
    shop: responses.RequestsMock, result: dict[str, Json]
) -> None:
    """The rule is written for orders that were acknowledged already; an error answers a push, so nothing is known."""
    shop.post(f"{URL}/numbers", json={"code": 409, "Content": {}}, status=409)
    manifest = with_result(result, {"Content": {}}, errors={"rules": [{"status": 409, "then": "done"}]})

    with pytest.raises(OutcomeUnknownError, match="was so already"):
        sent(manifest, "A")


def test_a_batch_that_is_too_large_is_halved_only_where_that_is_declared(
    shop: responses.RequestsMock,
) -> None:
    shelf = Shelf(set(), most=2)
    shop.add_callback("POST", f"{URL}/numbers", shelf)

    assert outcomes(described(), *"ABCD") == [REFUSED] * 4
    assert outcomes(described(errors={"rules": [{"status": 413, "then": "split"}]}), *"ABCD") == [APPLIED] * 4
    assert shelf.taken == list("ABCD")


def test_a_half_that_gets_lost_is_unknown_and_the_other_one_is_not(shop: responses.RequestsMock) -> None:
    shop.post(f"{URL}/numbers", json={}, status=413)
    shop.post(f"{URL}/numbers", json={"items": [{"pool": "A", "ok": True}]})
    shop.post(f"{URL}/numbers", json={}, status=502)
    manifest = described(errors={"rules": [{"status": 413, "then": "split"}]})

    assert outcomes(manifest, "A", "B") == [APPLIED, UNKNOWN]


def test_items_go_together_as_the_channel_groups_them(shop: responses.RequestsMock) -> None:
    shelf = Shelf(set())
    for path in ("/numbers", "/parents/7/numbers", "/parents/8/numbers"):
        shop.add_callback("POST", f"{URL}{path}", shelf)
    manifest = described(
        key_parts=["parent", "id"],
        push__routes=[
            {
                "when": "parent != '0'",
                "request": {"path": "/parents/{parent}/numbers"},
                "batch": {"group_by": "parent"},
            }
        ],
    )

    assert outcomes(manifest, "7/1", "0/2", "8/3", "7/4", "odd") == [APPLIED] * 4 + [REFUSED]
    assert sorted(taking(call.request) for call in shop.calls) == [["0/2"], ["7/1", "7/4"], ["8/3"]]


def test_after_a_refusal_to_go_on_nothing_more_is_sent(shop: responses.RequestsMock) -> None:
    shop.post(f"{URL}/numbers", json={"items": [{"pool": "A", "ok": True}]})
    shop.post(f"{URL}/numbers", json={}, status=429)
    manifest = described(push__batch={"max": 1})

    assert outcomes(manifest, "A", "B", "C") == [APPLIED, REFUSED, REFUSED]
    assert len(shop.calls) == 2


def test_a_key_is_the_same_for_the_same_batch_and_for_no_other(shop: responses.RequestsMock) -> None:
    shop.post(f"{URL}/numbers", json={"items": []})
    manifest = described(push__idempotency={"header": "X-Once"})
    for pools in ("A", "AB", "AB", "BA"):
        sent(manifest, *pools)

    keys = [call.request.headers["X-Once"] for call in shop.calls]

    assert keys[0] == "key-A"
    assert keys[1] == keys[2]
    assert len(set(keys)) == 3


CSV = described(
    push__request={
        "method": "POST", "path": "/imports", "encode": "multipart_csv", "delimiter": ";",
        "columns": {"offer-sku": "pool", "quantity": "quantity"},
    },
    push__result=...,
    push__job={
        "id": "import_id", "request": {"path": "/imports/{job}"}, "every_s": 0, "wait_s": 0, "state": "status",
        "done": ["COMPLETE"], "failed": ["FAILED"], "errors": "lines_in_error",
        "report": {"request": {"path": "/imports/{job}/errors"}, "when": "has_error_report"},
    },
    samples__3=sample("push", {"import_id": 5}),
)  # fmt: skip


@pytest.mark.parametrize(
    ("state", "report", "expected"),
    [
        ({"status": "COMPLETE", "lines_in_error": 0, "has_error_report": False}, None, [APPLIED, APPLIED]),
        ({"status": "COMPLETE", "lines_in_error": 1, "has_error_report": True}, "line;why\n3;no such offer\n", [APPLIED, REFUSED]),
        ({"status": "COMPLETE", "lines_in_error": 1, "has_error_report": False}, None, [UNKNOWN, UNKNOWN]),
        ({"status": "COMPLETE", "lines_in_error": 1, "has_error_report": True}, "line;why\n9;odd\n", [UNKNOWN, UNKNOWN]),
        ({"status": "FAILED"}, None, [REFUSED, REFUSED]),
        ({"status": "RUNNING"}, None, [UNKNOWN, UNKNOWN]),
        ({}, None, [UNKNOWN, UNKNOWN]),
    ],
)  # fmt: skip
def test_a_job_tells_of_each_line_or_leaves_it_unknown(
    shop: responses.RequestsMock, state: dict[str, Any], report: str | None, expected: list[Outcome]
) -> None:
    shop.post(f"{URL}/imports", json={"import_id": 5}, status=201)
    shop.get(f"{URL}/imports/5", json=state)
    if report is not None:
        shop.get(f"{URL}/imports/5/errors", body=report)

    assert outcomes(CSV, "A", "B;1") == expected
    body = shop.calls[0].request.body
    assert isinstance(body, bytes)
    assert b'offer-sku;quantity\r\nA;5\r\n"B;1";5\r\n' in body


def test_a_number_is_read_back_or_not_read_and_never_0_for_nothing(shop: responses.RequestsMock) -> None:
    manifest = described(
        read={
            "request": {"path": "/numbers", "query": {"pool[]": "=items[].pool"}},
            "items": "rows", "key": "pool", "quantity": "total(levels[?at == '${place}'].n)",
            "skip": "endless == `true`", "missing": "not_there", "batch": {"max": 4},
        },
        settings__place={"sample": "here"},
    )  # fmt: skip
    manifest["samples"].append(sample("read", {"rows": [{"pool": "A", "levels": [{"at": "here", "n": 3}]}]}))
    row: Json = {"pool": "A", "levels": [{"at": "x", "n": 3}, {"at": "x", "n": 0}, {"at": "y", "n": 9}]}
    shop.get(f"{URL}/numbers", json={"rows": [row, {"pool": "B", "endless": True}]})

    found = {
        one.pool_key: one.quantity for one in opened(manifest, place="x").read_quantities(["A", "B", "C"])
    }

    assert found == {"A": 3, "C": None}
    assert "pool%5B%5D=A&pool%5B%5D=B" in str(shop.calls[0].request.url)


# ---------------------------------------------------------------- units that are locked

LOCKED = described(push__result__codes={"campaign": "invalid", "moved": "stale"}, push__result__least="least")


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"ok": False, "code": "campaign", "least": 4}, (REFUSED, 4, False)),
        # Without a number that helps it waits for a person, as its code says.
        ({"ok": False, "code": "campaign"}, (REFUSED, None, True)),
        ({"ok": False, "code": "campaign", "least": None}, (REFUSED, None, True)),
        ({"ok": False, "code": "campaign", "least": 2}, (REFUSED, None, True)),
        ({"ok": False, "code": "moved", "least": 4}, (REFUSED, None, False)),
        # What cannot be read proves nothing, and a refusal that is none is none.
        ({"ok": False, "code": "campaign", "least": "4"}, (UNKNOWN, None, False)),
        ({"ok": False, "code": "strange", "least": 4}, (UNKNOWN, None, False)),
        ({"ok": True, "number": 3, "least": 4}, (APPLIED, None, False)),
    ],
)
def test_a_refused_lowering_tells_the_smallest_number_that_is_taken(
    shop: responses.RequestsMock, row: dict[str, Json], expected: tuple[Outcome, int | None, bool]
) -> None:
    shop.post(f"{URL}/numbers", json={"items": [{"pool": "A", **row}]})

    (told,) = opened(LOCKED).push_quantities([push("A", 3)])

    assert (told.outcome, told.least, told.parks) == expected


def test_an_accepted_zero_tells_what_stays_on_sale(shop: responses.RequestsMock) -> None:
    shop.post(f"{URL}/numbers", json={"items": [{"pool": "A", "ok": True, "number": 4, "least": 4}]})

    (told,) = opened(LOCKED).push_quantities([push("A", 0)])

    assert (told.outcome, told.echo, told.least) == (APPLIED, 4, 4)
