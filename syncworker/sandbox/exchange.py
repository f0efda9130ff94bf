"""What does one API call go through? Limit, faults before, the deed under the lock, faults after; no endpoints."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Protocol

from fastapi import Response

from syncworker.sandbox.answers import (
    broken_server,
    cut,
    json_answer,
    spoiled,
    text_answer,
)
from syncworker.sandbox.faults import AFTER_KINDS, FiredFault, Operation
from syncworker.sandbox.house import House, Shopfront
from syncworker.sandbox.manners import Manners
from syncworker.sandbox.model import Marketplace
from syncworker.sandbox.refusal import RefusedError


class Shown(Protocol):
    """Anything that can show itself as a JSON document."""

    def as_json(self) -> object: ...


#: The deed of a call: done under the shop's lock at the time given; never waits.
Deed = Callable[[Marketplace, datetime], Shown]


@dataclass(frozen=True, slots=True)
class Items:
    """Values of one kind as `{"items": [...]}`."""

    values: tuple[Shown, ...]

    def as_json(self) -> dict[str, object]:
        """The answer's JSON object."""
        return {"items": [value.as_json() for value in self.values]}


@dataclass(frozen=True, slots=True)
class Plain:
    """A JSON object as it is."""

    value: dict[str, object]

    def as_json(self) -> dict[str, object]:
        """The answer's JSON object."""
        return self.value


@dataclass(frozen=True, slots=True)
class Written:
    """A document of any shape with headers of its own; a text is answered as it is, as `media_type`."""

    value: object
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str = "text/csv"

    def as_json(self) -> object:
        """The document."""
        return self.value


class Exchange:
    """One call of one shop's API. Made per request."""

    def __init__(
        self, house: House, front: Shopfront, operation: Operation, manners: Manners | None = None
    ) -> None:
        self._manners = manners or Manners()
        self._house = house
        self._front = front
        self._operation = operation

    def answer(
        self, deed: Deed, *, status: int = 200, later: Callable[[datetime, float], None] | None = None
    ) -> Response:
        """Carry the call out as the ordered faults allow and return what the client gets to see.

        `later` puts a request aside that the fault `late` strikes: it gets the time and the seconds.
        """
        wait_s, fired = self._arrive()
        if wait_s is not None:
            return self._manners.too_many_calls(wait_s, "seconds", self._channel_now())
        for fault in fired:
            if fault.kind == "delay":
                self._house.wait(fault.seconds)
        strike = next((fault for fault in fired if fault.kind != "delay"), None)
        try:
            if strike is None:
                return self._whole(self._do(deed), status)
            return self._struck(strike, deed, status, later)
        except RefusedError as error:
            return self._manners.refusal(error, self._channel_now())

    def _arrive(self) -> tuple[float | None, tuple[FiredFault, ...]]:
        with self._front.lock:
            now = self._house.clock()
            wait_s = self._front.market.admit_call(now)
            if wait_s is not None:
                return wait_s, ()
            return None, self._front.market.draw_transport(self._operation, now=now)

    def _do(self, deed: Deed) -> Shown:
        with self._front.lock:
            return deed(self._front.market, self._house.clock())

    def _struck(
        self,
        strike: FiredFault,
        deed: Deed,
        status: int,
        later: Callable[[datetime, float], None] | None,
    ) -> Response:
        before = self._before(strike)
        if before is not None:
            return before
        if strike.kind == "late" and later is not None:
            with self._front.lock:
                later(self._house.clock(), strike.seconds)
            self._house.wait(strike.spec.hold_s)
            return cut()
        shown = self._do(deed)
        if strike.kind in AFTER_KINDS:
            return self._after(strike, shown, status)
        return spoiled(shown.as_json(), strike, self._channel_now(), status)

    def _before(self, strike: FiredFault) -> Response | None:
        """The answer of a fault that strikes before the deed; None if this one does not."""
        if strike.kind == "rate_limited":
            return self._manners.too_many_calls(strike.seconds, strike.spec.retry_after, self._channel_now())
        if strike.kind == "server_error":
            return broken_server(strike.spec.status, self._channel_now())
        if strike.kind == "unauthorized":
            raise RefusedError(401, "unauthorized", "the token is not valid (any more)")
        if strike.kind == "timeout_before":
            self._house.wait(strike.seconds)
            return cut()
        return None

    def _after(self, strike: FiredFault, shown: Shown, status: int) -> Response:
        if strike.kind == "error_after":
            return broken_server(strike.spec.status, self._channel_now())
        if strike.kind == "cut_after":
            return cut(self._whole(shown, status))
        self._house.wait(strike.seconds)
        return cut()

    def _whole(self, shown: Shown, status: int) -> Response:
        """The answer as it should be; one with status 204 has no body."""
        at, value = self._channel_now(), shown.as_json()
        headers = shown.headers if isinstance(shown, Written) else None
        if status == HTTPStatus.NO_CONTENT:
            return text_answer("", at, status=status, headers=headers)
        if isinstance(shown, Written) and isinstance(value, str):
            return text_answer(value, at, status=status, media_type=shown.media_type, headers=headers)
        return json_answer(value, at, status=status, headers=headers)

    def _channel_now(self) -> datetime:
        offset = timedelta(seconds=self._front.market.profile.clock_offset_s)
        return self._house.clock() + offset
