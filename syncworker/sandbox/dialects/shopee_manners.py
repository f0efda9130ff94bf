"""How does a shop that speaks Shopee answer and say no? The envelope, and what its endpoints share; no endpoint."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from fastapi import Depends, Request, Response

from syncworker.sandbox import answers
from syncworker.sandbox.dialects.shopee_gate import Call
from syncworker.sandbox.exchange import Exchange
from syncworker.sandbox.faults import Operation, RetryAfter
from syncworker.sandbox.house import House
from syncworker.sandbox.manners import Manners
from syncworker.sandbox.refusal import RefusedError

#: Shopee's errors for the shop's own refusals of a whole request, with the status it answers them with.
_ERRORS = {
    "unauthorized": (403, "invalid_acceess_token"),
    "not_found": (404, "error_param"),
    "not_allowed": (405, "error_param"),
    "not_possible": (200, "error_param"),
}


class ShopeeManners(Manners):
    """Every refusal in the envelope; few with a status of their own."""

    def refusal(self, error: RefusedError, at: datetime) -> Response:
        """The envelope with an ``error``."""
        status, code = _ERRORS.get(error.code, (error.status, error.code))
        return answers.json_answer(envelope(error=code, words=error.message), at, status=status)

    def too_many_calls(self, wait_s: float, how: RetryAfter, at: datetime) -> Response:
        """429; Retry-After only where it was ordered."""
        plain = answers.too_many_calls(wait_s, how, at)
        said = {"Retry-After": plain.headers["Retry-After"]} if "Retry-After" in plain.headers else None
        body = envelope(error="error_rate_limit", words="Too many requests. Please try again later.")
        return answers.json_answer(body, at, status=429, headers=said)


def envelope(response: object = None, *, error: str = "", words: str = "") -> dict[str, object]:
    """A success with what is inside, or an error and its words."""
    said: dict[str, object] = {"error": error, "message": words, "request_id": secrets.token_hex(16)}
    return said if response is None else {**said, "warning": "", "response": response}


MANNERS = ShopeeManners()


class Desk:
    """What the endpoints share: the house, and the dependency that lets a call in."""

    def __init__(self, house: House, admit: Callable[[str, Request], Awaitable[Call]]) -> None:
        self.house = house
        #: The default of a parameter, which FastAPI replaces by the admitted call.
        self.call: Any = Depends(admit)
        #: Statuses nobody has heard of, as a list told them: the next detail of that order tells them too.
        self.odd: dict[str, str] = {}

    def exchange(self, shop: str, operation: Operation) -> Exchange:
        """One call of that shop."""
        return Exchange(self.house, self.house.shop(shop), operation, MANNERS)
