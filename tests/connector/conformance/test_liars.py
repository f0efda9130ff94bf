"""Five connectors that lie about their channel, each rejected by the check that is named for it; the honest one passes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

import pytest
from pydantic import BaseModel

from syncworker.connector import (
    Capabilities,
    Channel,
    ChannelCheck,
    Connector,
    Known,
    ListingDraft,
    ListingPage,
    OrderPage,
    Outcome,
    PushResult,
    QuantityPush,
    Reading,
    RemoteListing,
    TokenStore,
)
from syncworker.connector.conformance import Bench, SandboxShop, Verdict, certify
from syncworker.connector.registry import load
from syncworker.sandbox.pools import ListingSeed
from syncworker.sandbox.process import Sandbox, start_sandbox
from syncworker.sandbox.profile import ShopProfile
from syncworker.sandbox.setup import ShopSetup
from tests.connectors.marketplace.conformance_bench import GOODS, declared

SLOW = ShopProfile(name="slow", visibility_lag_s=2.0, request_horizon_s=2.0)
PLAIN = ShopProfile(name="plain", request_horizon_s=2.0)
LIFTING = ShopProfile(name="lifting", floor=1, floor_mode="lift", request_horizon_s=2.0)
COUNTING = ShopProfile(name="counting", quantity_kind="on_hand", request_horizon_s=2.0)


class Twisted:
    """A channel that does everything, and then says something else."""

    def __init__(self, channel: Channel) -> None:
        self._true = channel

    def capabilities(self) -> Capabilities:
        return self._true.capabilities()

    def check(self) -> ChannelCheck:
        return self._true.check()

    def list_orders(self, feed: str, *, since: datetime, cursor: str | None) -> OrderPage:
        return self._true.list_orders(feed, since=since, cursor=cursor)

    def list_listings(self, *, cursor: str | None) -> ListingPage:
        return self._true.list_listings(cursor=cursor)

    def push_quantities(self, pushes: Sequence[QuantityPush]) -> Sequence[PushResult]:
        return self._true.push_quantities(pushes)

    def read_quantities(self, pool_keys: Sequence[str]) -> Sequence[Reading]:
        return self._true.read_quantities(pool_keys)

    def publish(self, draft: ListingDraft) -> RemoteListing:
        return self._true.publish(draft)


class NeverRestocks(Twisted):
    def list_orders(self, feed: str, *, since: datetime, cursor: str | None) -> OrderPage:
        page = super().list_orders(feed, since=since, cursor=cursor)
        orders = tuple(
            replace(order, lines=tuple(replace(line, restocked=Known.NO) for line in order.lines))
            for order in page.orders
        )
        return replace(page, orders=orders)


class AllWentWell(Twisted):
    def push_quantities(self, pushes: Sequence[QuantityPush]) -> Sequence[PushResult]:
        super().push_quantities(pushes)
        return [PushResult(push_id=push.push_id, outcome=Outcome.APPLIED) for push in pushes]


class Liar:
    """The marketplace connector with a twist."""

    def __init__(self, true: Connector, twist: Callable[[Channel], Channel]) -> None:
        self.name, self.contract, self.settings = true.name, true.contract, true.settings
        self._true, self._twist = true, twist

    def open(self, account: str, settings: BaseModel, tokens: TokenStore) -> Channel:
        return self._twist(self._true.open(account, settings, tokens))


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    seeds = tuple(ListingSeed(sku=sku, title=sku, price="1000", quantity=1) for sku in GOODS)
    setups = [
        ShopSetup(profile=profile, token=f"token-{profile.name}", listings=seeds)
        for profile in (SLOW, PLAIN, LIFTING, COUNTING)
    ]
    with start_sandbox(setups) as running:
        yield running


def bench_at(
    sandbox: Sandbox, profile: ShopProfile, twist: Callable[[Channel], Channel] | None = None, **lies: object
) -> Bench:
    address = sandbox.shops[profile.name]
    true = load("marketplace")
    return Bench(
        connector=true if twist is None else Liar(true, twist),
        settings={**declared(profile, address.base_url, address.token), **lies},
        shop=SandboxShop(address.control, GOODS),
        slack_s=0.5,
    )


@pytest.mark.parametrize(
    ("check_id", "profile", "twist", "lies", "words"),
    [
        ("visibility-lag", SLOW, None, {"visibility_lag_s": 0.1}, "does not tell order"),
        ("restock-on-cancel", PLAIN, NeverRestocks, {}, "restocked = no"),
        ("floor", LIFTING, None, {"floor": 0}, "stands there instead of 0"),
        ("partial-failure", PLAIN, AllWentWell, {}, "is said to be applied"),
        ("quantity-kind", COUNTING, None, {"quantity_kind": "available"}, "kind = available is declared"),
    ],
    ids=["lag", "restock", "floor", "partial failure", "quantity kind"],
)
def test_a_liar_is_rejected_by_name(
    sandbox: Sandbox,
    check_id: str,
    profile: ShopProfile,
    twist: Callable[[Channel], Channel] | None,
    lies: dict[str, object],
    words: str,
) -> None:
    (lie,) = certify("liar", bench_at(sandbox, profile, twist, **lies), only=[check_id]).findings
    (truth,) = certify("honest", bench_at(sandbox, profile), only=[check_id]).findings

    assert (lie.verdict, truth.verdict) == (Verdict.FAILED, Verdict.PASSED), (lie.words, truth.words)
    assert words in lie.words
