"""The stall, the shop floor, a partner's outlet: a channel whose sales a person types in.

Its number is ours alone: nothing is pulled and nothing leaves, so a quantity is applied the moment it is given.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from syncworker.connector import (
    CONTRACT_VERSION,
    BelowZero,
    Capabilities,
    Channel,
    ChannelCheck,
    ListingDraft,
    ListingPage,
    OrderPage,
    Outcome,
    PushResult,
    QuantityKind,
    QuantityMode,
    QuantityPush,
    Reading,
    RemoteListing,
    TokenStore,
)


class CounterSettings(BaseModel):
    """One counter, as it stands in ``channels.toml``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str = Field(
        default="",
        max_length=200,
        description="What people call the place, for instance Stall at the Sunday market",
    )


class CounterChannel:
    """One counter. Sales reach the ledger through ``sale add``, never through a feed."""

    def __init__(self, account: str, settings: CounterSettings) -> None:
        self._title = settings.title or account

    def capabilities(self) -> Capabilities:
        """A number of our own: no feeds, no lags."""
        return Capabilities(
            mode=QuantityMode.COMPARE_AND_SET,
            kind=QuantityKind.AVAILABLE,
            below_zero=BelowZero.REFUSES,
            floor=0,
            zero_is_quantity=True,
            readable=False,
            takes_orders=True,
            own_number=True,
            visibility_lag_s=0.0,
            apply_lag_s=0.0,
            read_lag_s=0.0,
            horizon_s=0.0,
            clock_skew_s=0.0,
            idempotency_s=0.0,
            batch_max=1000,
            feeds=(),
        )

    def check(self) -> ChannelCheck:
        """There is nobody to ask."""
        return ChannelCheck(name=self._title, facts={"sales": "typed in with `syncworker sale add`"})

    def list_orders(self, feed: str, *, since: datetime, cursor: str | None) -> OrderPage:  # noqa: ARG002  # none
        """Never asked for: its sales are typed in."""
        return OrderPage(orders=())

    def list_listings(self, *, cursor: str | None) -> ListingPage:  # noqa: ARG002  # there are none
        """Nothing is listed at a counter."""
        return ListingPage(listings=())

    def push_quantities(self, pushes: Sequence[QuantityPush]) -> Sequence[PushResult]:
        """Applied at once: the number given is the number there is. A difference has no echo, for no number is kept."""
        return [
            PushResult(
                push_id=push.push_id,
                outcome=Outcome.APPLIED,
                echo=None if push.kind is QuantityMode.ADJUST else push.value,
            )
            for push in pushes
        ]

    def read_quantities(self, pool_keys: Sequence[str]) -> Sequence[Reading]:  # noqa: ARG002  # no number is kept here
        """Its number is ours: there is nothing to read."""
        return ()

    def publish(self, draft: ListingDraft) -> RemoteListing:
        """What lies on the counter needs no listing of its own: its SKU is its name."""
        return RemoteListing(
            listing_id=draft.sku, pool_key=draft.sku, sku=draft.sku, title=draft.title, price=draft.price
        )


class CounterConnector:
    """The connector ``counter``."""

    name = "counter"
    contract = CONTRACT_VERSION
    settings: type[BaseModel] = CounterSettings

    def open(self, account: str, settings: BaseModel, tokens: TokenStore) -> Channel:  # noqa: ARG002  # needs none
        """The counter; needs no network."""
        if not isinstance(settings, CounterSettings):
            raise TypeError(f"expected CounterSettings, not {type(settings).__name__}")
        return CounterChannel(account, settings)


connector = CounterConnector()

__all__ = ["CounterChannel", "CounterConnector", "CounterSettings", "connector"]
