"""What does an author describe so that a connector can be put to the test? How to open it, and who buys at the far side.

A bench is data and small acts; it holds no check and judges nothing.
"""

# ruff: noqa: ARG002 - the far side's acts name what they would need

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from pydantic import BaseModel, SecretStr

from syncworker.connector.auth import KeptToken, TokenStore
from syncworker.connector.contract import Channel, Connector
from syncworker.connector.registry import validate


class CannotError(Exception):
    """This far side cannot do that; the check that asked for it needs a written reason to be skipped."""


class Trouble(StrEnum):
    """A misfortune that strikes a call on its way; how it is brought about is the bench's business."""

    #: The write takes effect, the connection is cut before the answer.
    ANSWER_LOST = "answer_lost"
    #: The write takes effect, the answer is a 503.
    ERROR_AFTER = "error_after"
    #: Nothing takes effect: 429 with a Retry-After of 7 seconds.
    TOO_MANY_CALLS = "too_many_calls"
    #: The answer is a web page with status 200.
    WEB_PAGE = "web_page"
    #: The answer stops in the middle.
    CUT_SHORT = "cut_short"
    #: One item of a batch has no effect, and the answer leaves it out.
    ITEM_MISSING = "item_missing"
    #: One item of a batch is refused, the others take effect.
    ITEM_REFUSED = "item_refused"
    #: An order has a status nobody has heard of.
    UNKNOWN_STATUS = "unknown_status"
    #: Numbers are left out of a read-back.
    NO_NUMBER = "no_number"


class Target(StrEnum):
    """Which calls a trouble strikes."""

    PUSH = "push"
    ORDERS = "orders"
    READ = "read"


class Shop:
    """The far side of one account: its buyers, its staff, and the truth. Override what yours can do.

    ``goods`` are SKUs that are listed there and that nobody else touches: four or more. Every act takes effect at once.
    """

    goods: Sequence[str] = ()
    #: What the buyer's name is, so that the kit can look for it where it must not be.
    buyer = "Siti-Conformance"

    def put(self, sku: str, quantity: int) -> None:
        """Staff type a number: from now on it stands there, in the channel's own kind."""
        raise CannotError("nobody can type a number here")

    def buy(self, sku: str, units: int = 1) -> str:
        """A buyer orders; the order's id as the feeds tell it."""
        raise CannotError("nobody can buy here")

    def cancel(self, order_id: str, *, restock: bool) -> None:
        """The whole order is cancelled; ``restock`` puts the units on sale again, where the channel can do both."""
        raise CannotError("nobody can cancel here")

    def ship(self, order_id: str) -> None:
        """The order is sent out."""
        raise CannotError("nobody can ship here")

    def give_back(self, order_id: str, *, restock: bool) -> None:
        """The buyer of a shipped order returns one unit."""
        raise CannotError("nobody can return anything here")

    def number(self, sku: str) -> int:
        """The number that stands there, in the channel's own kind."""
        raise CannotError("nobody can tell the number here")

    def sellable(self, sku: str) -> int:
        """Units that a buyer could take now: the truth."""
        raise CannotError("nobody can tell what would sell here")

    def writes(self) -> int:
        """Requests for another number that arrived so far, item by item."""
        raise CannotError("nobody counts the requests here")

    def strike(self, trouble: Trouble, target: Target) -> None:
        """The next call of that kind meets it; reads that are tried again meet it each time."""
        raise CannotError(f"{trouble} cannot be brought about here")

    def heal(self) -> None:
        """No trouble any more."""


@dataclass(kw_only=True)
class Bench:
    """One configured account on which the checks run."""

    connector: Connector
    #: As in ``channels.toml``.
    settings: Mapping[str, object] = field(default_factory=dict)
    #: The far side; ``None`` where answers are recorded, or nothing is ever sent.
    shop: Shop | None = None
    #: Why there is none; printed beside every check that would need it.
    without_shop: str = ""
    #: Check id → why it cannot be run; printed. An empty reason fails.
    skips: Mapping[str, str] = field(default_factory=dict)
    #: The account's token, where the channel gives one instead of a password.
    tokens: Callable[[], TokenStore] = KeptToken
    account: str = "bench"
    #: Seconds that machine and network may take beyond what the channel declares.
    slack_s: float = 1.0
    #: Nothing is waited for longer than this, whatever is declared.
    patience_s: float = 20.0

    def validated(self, **changes: object) -> BaseModel:
        """The settings as the connector's own model."""
        return validate(self.connector, {**self.settings, **changes})

    def open(self, *, tokens: TokenStore | None = None, **changes: object) -> Channel:
        """A channel of its own, with some settings changed."""
        store = self.tokens() if tokens is None else tokens
        return self.connector.open(self.account, self.validated(**changes), store)

    def secret_settings(self) -> dict[str, SecretStr]:
        """The settings that nobody may read, by name."""
        model = self.validated()
        values = {name: getattr(model, name) for name in type(model).model_fields}
        return {name: value for name, value in values.items() if isinstance(value, SecretStr)}

    def secrets(self) -> tuple[str, ...]:
        """Every value that must never be shown."""
        token = self.tokens().current()
        hidden: Iterable[SecretStr | None] = self.secret_settings().values()
        held = (token.access, token.refresh) if token is not None else ()
        return tuple(one.get_secret_value() for one in (*hidden, *held) if one is not None)


#: What the decorated functions of a bench file are: they open a bench for as long as the checks need it.
OpenBench = Callable[[], AbstractContextManager[Bench]]


class Benchmark(Protocol):
    """A function marked by :func:`bench`."""

    opens_a_bench: bool

    def __call__(self) -> AbstractContextManager[Bench]: ...


def bench(function: Callable[[], Iterator[Bench]]) -> OpenBench:
    """Mark a function of ``conformance_bench.py`` that yields a :class:`Bench` and cleans up behind it."""
    opened = contextmanager(function)
    opened.opens_a_bench = True  # type: ignore[attr-defined]  # a mark on a function
    return opened


def benches(names: Mapping[str, object]) -> dict[str, OpenBench]:
    """The marked functions among a module's names."""
    return {
        name: value
        for name, value in names.items()
        if callable(value) and getattr(value, "opens_a_bench", False)
    }
