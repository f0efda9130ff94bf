"""Are prices of calls, calls at once and the time of a call kept as a manifest describes them?"""

from __future__ import annotations

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import responses
from requests import PreparedRequest

from syncworker.connector import OutcomeUnknownError, RetryLaterError
from syncworker.errors import ConfigurationError
from tests.connector.declarative.shops import LISTING, URL, described, loaded, opened, push
from tests.connector.rude_server import RudeServer

COST = {"requested": "cost.asked", "available": "cost.left", "restore": "cost.each_second"}


@pytest.fixture
def shop() -> Any:
    with responses.RequestsMock() as running:
        yield running


def priced(**cost: object) -> dict[str, Any]:
    return {"listings": [LISTING], "cost": cost}


def test_a_call_waits_until_its_last_price_is_there(shop: responses.RequestsMock) -> None:
    channel = opened(described(rate={"cost": COST}))
    shop.get(f"{URL}/listings", json=priced(asked=50, left=45, each_second=10))
    channel.list_listings(cursor=None)

    began = time.monotonic()
    channel.list_listings(cursor=None)

    assert 0.3 <= time.monotonic() - began < 2


def test_a_price_that_is_far_away_postpones_the_call(shop: responses.RequestsMock) -> None:
    channel = opened(described(rate={"cost": COST}))
    shop.get(f"{URL}/listings", json=priced(asked=500, left=0, each_second=10))
    channel.list_listings(cursor=None)

    with pytest.raises(RetryLaterError) as raised:
        channel.list_listings(cursor=None)

    assert raised.value.retry_after_s == pytest.approx(50, abs=2)
    assert len(shop.calls) == 1


def test_the_price_is_that_of_the_request_and_a_cheap_one_does_not_wait(shop: responses.RequestsMock) -> None:
    channel = opened(described(rate={"cost": COST}))
    shop.get(f"{URL}/listings", json=priced(asked=500, left=10, each_second=10))
    shop.get(f"{URL}/me", json={"cost": {"asked": 1, "left": 9, "each_second": 10}})
    channel.list_listings(cursor=None)

    channel.check()
    channel.check()

    assert len(shop.calls) == 3


@pytest.mark.parametrize(
    "body", [{}, {"cost": None}, {"cost": {"asked": "x", "left": True, "each_second": 0}}]
)
def test_an_answer_that_tells_no_price_changes_nothing(shop: responses.RequestsMock, body: Any) -> None:
    channel = opened(described(rate={"cost": COST}))
    shop.get(f"{URL}/me", json=body)

    channel.check()
    channel.check()

    assert len(shop.calls) == 2


def test_no_more_calls_are_on_their_way_than_allowed(shop: responses.RequestsMock) -> None:
    manifest = described(name="together", rate={"concurrency": 2})
    lock, inside, most = threading.Lock(), 0, 0
    full = threading.Event()

    def answered(_request: PreparedRequest) -> tuple[int, dict[str, str], str]:
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
            if inside == 2:
                full.set()
        # Whoever is first waits for a second one, so that two are surely on their way.
        full.wait(2)
        with lock:
            inside -= 1
        return 200, {}, "{}"

    shop.add_callback("GET", f"{URL}/me", answered)
    with ThreadPoolExecutor(6) as pool:
        checks = [pool.submit(opened(manifest).check) for _ in range(6)]
        for each in checks:
            each.result()

    assert (most, len(shop.calls)) == (2, 6)


def test_a_request_is_given_up_when_the_manifest_says_so() -> None:
    asked = threading.Event()

    def silent(_connection: socket.socket, _request: bytes) -> None:
        asked.wait(10)

    with RudeServer(silent) as server:
        channel = opened(described(timeout_s=0.3), base_url=server.url, allow_private_network=True)
        began = time.monotonic()
        with pytest.raises(OutcomeUnknownError, match="in time"):
            channel.push_quantities([push("P1")])
        took_s = time.monotonic() - began
        asked.set()

    assert took_s < 3


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"timeout_s": 21}, "timeout_s"),
        ({"timeout_s": 0}, "timeout_s"),
        ({"rate": {"concurrency": 0}}, r"rate\.concurrency"),
        ({"rate": {"cost": {"requested": "a", "available": "b"}}}, r"rate\.cost\.restore: is missing"),
        ({"rate": {"cost": {**COST, "requested": "a..b"}}}, r"rate\.cost\.requested"),
    ],
)
def test_a_limit_that_is_none_is_a_mistake(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        loaded(described(**changes))
