"""A sandbox shop reached without a socket: the marketplace connector's mapping over the model, on the virtual clock.

Each call takes virtual time, during which buyers go on buying; the ordered transport faults strike as they would on the wire.
"""

from __future__ import annotations

import json as json_text
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from types import MappingProxyType

from pydantic import BaseModel

from syncworker.connector import (
    Answer,
    Channel,
    ChannelMisconfiguredError,
    Content,
    Json,
    Judge,
    KeptToken,
    MalformedAnswerError,
    OutcomeUnknownError,
    RequestRefusedError,
    RetryLaterError,
)
from syncworker.connector.declarative import DeclaredChannel
from syncworker.connector.http import Query
from syncworker.connector.pace import UNPACED, Pace
from syncworker.connector.registry import validate
from syncworker.ledger.clock import ManualClock
from syncworker.sandbox.faults import AFTER_KINDS, FiredFault, Operation
from syncworker.sandbox.model import Marketplace
from syncworker.sandbox.orders import FeedName
from syncworker.sandbox.refusal import RefusedError
from syncworker.sandbox.wire import PushItem
from syncworker_marketplace import shipped

Advance = Callable[[float], None]


def simulated_channel(
    market: Marketplace, settings: BaseModel, clock: ManualClock, advance: Advance, calls: list[str]
) -> Channel:
    """One shop as the engine sees it."""
    connector = shipped("marketplace")
    wire = SimulatedWire(market, clock, advance, calls)
    return DeclaredChannel(
        connector.manifest,
        market.profile.name,
        settings,
        KeptToken(),
        wire=lambda _base_url: wire,
        now=lambda: clock.time,
    )


class SimulatedWire:
    """The requests of the marketplace manifest, straight into the model."""

    #: Virtual seconds that a request is under way, and its answer.
    LATENCY_S = 0.02

    def __init__(self, market: Marketplace, clock: ManualClock, advance: Advance, calls: list[str]) -> None:
        self.market = market
        self.clock = clock
        self.advance = advance
        self.calls = calls

    def redact(self, text: str) -> str:
        return text

    def request_text(self, method: str, path: str, **_: object) -> Answer:
        raise AssertionError(f"{method} {path}: the marketplace has no texts")

    def request_json(
        self,
        method: str,
        path: str,
        *,
        effect: bool,
        query: Query = MappingProxyType({}),
        json: Json = None,
        content: Content | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
        accept: Collection[int] = (),
        judge: Judge | None = None,
        pace: Pace = UNPACED,
    ) -> Answer:
        asked = {name: None if value is None else str(value) for name, value in query.items()}
        body = json if isinstance(json, dict) else {}
        key = headers.get("Idempotency-Key", "")
        try:
            if path == "/shop":
                return self._read("shop", lambda _now: self.market.shop())
            if path in {"/orders", "/cancellations"}:
                return self._orders("orders" if path == "/orders" else "cancellations", asked)
            if (method, path) == ("GET", "/listings"):
                return self._listings(asked["cursor"])
            if path == "/quantities/read":
                return self._numbers(body["pool_ids"])
            if path == "/quantities":
                return self._push(body["items"], key)
            return self._create(body, key)
        except RefusedError as error:
            return _refused(error, judge)

    def _orders(self, name: FeedName, asked: Mapping[str, str | None]) -> Answer:
        since = datetime.fromisoformat(asked["updated_since"] or "")
        limit = asked["limit"]
        return self._read(
            name,
            lambda now: self.market.list_orders(
                name,
                now=now,
                updated_since=since,
                cursor=asked["cursor"],
                limit=None if limit is None else int(limit),
            ).as_json(),
        )

    def _listings(self, cursor: str | None) -> Answer:
        return self._read("listings", lambda now: self.market.list_listings(now=now, cursor=cursor).as_json())

    def _numbers(self, pool_ids: Json) -> Answer:
        wanted = [str(one) for one in pool_ids] if isinstance(pool_ids, list) else []
        return self._read(
            "read",
            lambda now: {"items": [each.as_json() for each in self.market.read_quantities(wanted, now=now)]},
        )

    def _push(self, items: Json, key: str) -> Answer:
        batch = [PushItem.model_validate(item).item() for item in items] if isinstance(items, list) else []
        return self._write(
            "quantities",
            lambda now: {
                "items": [r.as_json() for r in self.market.push_quantities(batch, now=now, key=key)]
            },
            later=lambda now, after_s: self.market.land_later(batch, now=now, after_s=after_s, key=key),
        )

    def _create(self, body: Mapping[str, Json], key: str) -> Answer:
        price = body["price"]
        assert isinstance(price, dict)
        return self._write(
            "publish",
            lambda now: self.market.create_listing(
                sku=str(body["sku"]),
                title=str(body["title"]),
                price=str(price["amount"]),
                quantity=0,
                now=now,
                key=key,
            ).as_json(),
            status=201,
        )

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
    plain: Json = json_text.loads(json_text.dumps(body))
    return Answer(status=status, body=plain, headers={}, channel_time=None)


def _refused(error: RefusedError, judge: Judge | None) -> Answer:
    answer = _answer(error.body(), error.status)
    ruling = None if judge is None else judge(answer.status, answer.body, {})
    if ruling is None or ruling.verdict is None:
        return answer
    raise RequestRefusedError(str(error), status=error.status, code=ruling.code)


def settings_of(market: Marketplace, *, poll_s: float) -> BaseModel:
    """The settings an owner would write who declares exactly what the shop declares."""
    profile = market.profile
    return validate(
        shipped("marketplace"),
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
        },
    )
