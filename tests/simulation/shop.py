"""A sandbox shop reached without a socket: the marketplace connector's mapping over the model, on the virtual clock.

Each call takes virtual time, during which buyers go on buying; the ordered transport faults strike as they would on the wire.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime

from syncworker.connector import (
    Answer,
    ChannelMisconfiguredError,
    Json,
    ListingDraft,
    ListingRejectedError,
    MalformedAnswerError,
    Money,
    OutcomeUnknownError,
    RetryLaterError,
)
from syncworker.ledger.clock import ManualClock
from syncworker.sandbox.faults import AFTER_KINDS, FiredFault, Operation
from syncworker.sandbox.model import Marketplace
from syncworker.sandbox.orders import FeedName
from syncworker.sandbox.refusal import RefusedError
from syncworker.sandbox.wire import PushItem
from syncworker_marketplace.connector import MarketplaceChannel
from syncworker_marketplace.settings import MarketplaceSettings

Advance = Callable[[float], None]


class SimulatedChannel(MarketplaceChannel):
    """One shop as the engine sees it."""

    def __init__(
        self,
        market: Marketplace,
        settings: MarketplaceSettings,
        clock: ManualClock,
        advance: Advance,
        calls: list[str],
    ) -> None:
        self._settings = settings
        self._client = SimulatedClient(market, settings, clock, advance, calls)  # type: ignore[assignment]  # same methods


class SimulatedClient:
    """The marketplace client's methods, straight into the model."""

    #: Virtual seconds that a request is under way, and its answer.
    LATENCY_S = 0.02

    def __init__(
        self,
        market: Marketplace,
        settings: MarketplaceSettings,
        clock: ManualClock,
        advance: Advance,
        calls: list[str],
    ) -> None:
        self.market = market
        self.settings = settings
        self.clock = clock
        self.advance = advance
        self.calls = calls

    def redact(self, text: str) -> str:
        return text

    def shop(self) -> Json:
        return self._read("shop", lambda _now: self.market.shop()).body

    def orders(self, feed: str, since: datetime, cursor: str | None) -> Answer:
        size = self.settings.page_size
        name: FeedName = "orders" if feed == "orders" else "cancellations"
        return self._read(
            name,
            lambda now: self.market.list_orders(
                name, now=now, updated_since=since, cursor=cursor, limit=size
            ).as_json(),
        )

    def listings(self, cursor: str | None) -> Json:
        return self._read(
            "listings", lambda now: self.market.list_listings(now=now, cursor=cursor).as_json()
        ).body

    def read_quantities(self, pool_ids: Sequence[str]) -> Json:
        return self._read(
            "read",
            lambda now: {
                "items": [each.as_json() for each in self.market.read_quantities(pool_ids, now=now)]
            },
        ).body

    def push_quantities(self, items: Json, keys: Sequence[str]) -> Json:
        batch = [PushItem.model_validate(item).item() for item in items] if isinstance(items, list) else []
        key = keys[0] if len(keys) == 1 else "\n".join(keys)
        return self._write(
            "quantities",
            lambda now: {
                "items": [r.as_json() for r in self.market.push_quantities(batch, now=now, key=key)]
            },
            later=lambda now, after_s: self.market.land_later(batch, now=now, after_s=after_s, key=key),
        ).body

    def create_listing(self, draft: ListingDraft, price: Money) -> Answer:
        try:
            return self._write(
                "publish",
                lambda now: self.market.create_listing(
                    sku=draft.sku, title=draft.title, price=format(price.amount, "f"), quantity=0, now=now,
                    key=draft.idempotency_key,
                ).as_json(),
                status=201,
            )  # fmt: skip
        except RefusedError as error:
            if error.status == 409:
                return _answer(error.body(), 409)
            raise ListingRejectedError(str(error), sku=draft.sku) from error

    def _read(self, operation: Operation, deed: Callable[[datetime], object]) -> Answer:
        fault = self._depart(operation)
        if fault is not None and fault.kind in {"server_error", "timeout_before", *AFTER_KINDS}:
            raise RetryLaterError(f"{operation}: {fault.kind}")
        body = deed(self.clock.time)
        self.advance(self.LATENCY_S)
        if fault is not None:
            raise MalformedAnswerError(f"{operation}: {fault.kind}")
        return _answer(body, 200)

    def _write(
        self,
        operation: Operation,
        deed: Callable[[datetime], object],
        *,
        status: int = 200,
        later: Callable[[datetime, float], None] | None = None,
    ) -> Answer:
        fault = self._depart(operation)
        if fault is not None and fault.kind in {"server_error", "timeout_before"}:
            raise OutcomeUnknownError(f"{operation}: {fault.kind}")
        if fault is not None and fault.kind == "late" and later is not None:
            later(self.clock.time, fault.seconds)
            raise OutcomeUnknownError(f"{operation}: late")
        body = deed(self.clock.time)
        self.advance(self.LATENCY_S)
        if fault is not None:
            raise OutcomeUnknownError(f"{operation}: {fault.kind}")
        return _answer(body, status)

    def _depart(self, operation: Operation) -> FiredFault | None:
        """The request is under way; the fault that strikes it, if any."""
        self.calls.append(operation)
        self.advance(self.LATENCY_S)
        strike = None
        for fault in self.market.draw_transport(operation, now=self.clock.time):
            if fault.kind in {"delay", "timeout_before", "timeout_after"}:
                self.advance(fault.seconds)
            if fault.kind == "rate_limited":
                raise RetryLaterError(
                    "429", retry_after_s=fault.seconds if fault.spec.retry_after != "none" else None
                )
            if fault.kind == "unauthorized":
                raise ChannelMisconfiguredError("401: the token is not valid")
            if fault.kind != "delay" and strike is None:
                strike = fault
        return strike


def _answer(body: object, status: int) -> Answer:
    plain: Json = json.loads(json.dumps(body))
    return Answer(status=status, body=plain, headers={}, channel_time=None)


def capabilities_of(market: Marketplace, *, poll_s: float) -> MarketplaceSettings:
    """The settings an owner would write who declares exactly what the shop declares."""
    profile = market.profile
    return MarketplaceSettings.model_validate(
        {
            "base_url": "http://127.0.0.1/v1",
            "token": "not-checked-here",
            "allow_private_network": True,
            "quantity_mode": profile.quantity_mode,
            "quantity_kind": profile.quantity_kind,
            "below_zero": profile.below_zero,
            "floor": profile.floor,
            "ceiling": profile.ceiling,
            "readable": profile.readable,
            "visibility_lag_s": profile.visibility_lag_s,
            "apply_lag_s": profile.apply_lag_s,
            "read_lag_s": profile.read_lag_s,
            "horizon_s": profile.request_horizon_s,
            "clock_skew_s": 1.0,
            "poll_s": poll_s,
            "batch_max": profile.batch_max,
            "page_size": profile.page_size,
            "feeds": profile.feeds,
            "restocks": profile.restocks_on_cancel,
        }
    )
