"""What does a channel have to be able to do? The whole contract between the engine and a connector.

A connector translates: it never decides which number is sent, never retries a quantity, keeps no state of its own
and never touches the ledger. One import serves an author: ``from syncworker.connector import ...``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

from pydantic import BaseModel

from syncworker.connector.auth import TokenStore
from syncworker.core.fulfilment import Levels
from syncworker.core.model import (
    MAX_QUANTITY,
    BelowZero,
    ChannelRules,
    Known,
    QuantityKind,
    QuantityMode,
)

#: Raised when a connector written for an older contract can no longer be used.
CONTRACT_VERSION = 1

#: Facts whose usual value is no guess: hardly any channel differs, and one that does says so.
_NEED_NOT_BE_SAID = frozenset({"ceiling", "own_number"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a channel is known to do. Leave out (``None``) what you cannot prove: the engine then assumes the worst.

    The price of a pessimistic value is a lost sale now and then; the price of an optimistic one a broken promise.
    """

    mode: QuantityMode = QuantityMode.SET
    #: Needed, for a wrong guess oversells: does the channel count units that can be sold, or units that are there?
    kind: QuantityKind = QuantityKind.AVAILABLE
    below_zero: BelowZero | None = None
    floor: int | None = None
    ceiling: int | None = None
    zero_is_quantity: bool | None = None
    readable: bool | None = None
    takes_orders: bool | None = None
    own_number: bool | None = None
    visibility_lag_s: float | None = None
    apply_lag_s: float | None = None
    read_lag_s: float | None = None
    horizon_s: float | None = None
    clock_skew_s: float | None = None
    idempotency_s: float | None = None
    poll_s: float | None = None
    batch_max: int | None = None
    #: Feeds that together list everything that lowers or raises the number; a pull walks all of them.
    feeds: tuple[str, ...] = ("orders",)
    #: Whether ``publish`` creates a listing.
    publishes: bool = False
    #: What ``update_listing`` can change, where the channel has it (`abilities.UpdatesListings`).
    listing_fields: tuple[str, ...] = ("title", "description", "price", "images", "active")

    def rules(self) -> ChannelRules:
        """These facts with every undeclared one at its pessimistic value."""
        return ChannelRules(**{name: value for name, value in self._facts().items() if value is not None})

    def assumed(self) -> tuple[str, ...]:
        """Names of the facts that nobody declared, for people to see; of a number of our own nothing is assumed."""
        if self.own_number:
            return ()
        return tuple(
            name for name, value in self._facts().items() if value is None and name not in _NEED_NOT_BE_SAID
        )

    def _facts(self) -> dict[str, Any]:  # Any: each fact has the type of its namesake in ChannelRules
        ours = {f.name for f in fields(ChannelRules)}
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name in ours}


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount with its ISO 4217 currency."""

    amount: Decimal
    currency: str


class OrderStatus(StrEnum):
    """What an order's own status means for its goods; ``UNKNOWN`` holds the goods and raises an incident."""

    LIVE = "live"
    SHIPPED = "shipped"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelLine:
    """One order line as the channel tells it *now*: levels, not events, so that a repeat changes nothing."""

    line_id: str
    #: The channel's own id of what was sold; ``None`` when it names none.
    listing_id: str | None
    sku: str | None
    #: Units ever ordered on this line, cancelled ones included.
    ordered: int
    #: ``None``: this feed does not tell it (another one does), so what is recorded stays.
    cancelled: int | None = 0
    shipped: int = 0
    #: ``None`` as for ``cancelled``.
    returned: int | None = 0
    #: Whether this line lowered the channel's number (not so for gifts, samples, lines typed by staff).
    counts_down: Known = Known.UNKNOWN
    #: Whether the channel put the cancelled units back on sale by itself; unknown counts as yes.
    restocked: Known = Known.UNKNOWN
    #: Whether the channel put the returned units back on sale by itself.
    returned_restocked: Known = Known.UNKNOWN
    unit_price: Money | None = None

    def __post_init__(self) -> None:
        for name in ("ordered", "cancelled", "shipped", "returned"):
            level = getattr(self, name)
            if level is not None or name in {"ordered", "shipped"}:
                _whole(level, f"line {self.line_id}: {name}")
        if self.cancelled is not None and self.cancelled > self.ordered:
            raise ValueError(
                f"line {self.line_id}: cancelled {self.cancelled} of only {self.ordered} ordered"
            )

    def levels(self, recorded: Levels | None = None) -> Levels:
        """The levels as told; one that this feed does not tell stays as ``recorded``, or 0 if nothing is."""
        known = recorded or Levels()
        return Levels(
            ordered=self.ordered,
            cancelled=known.cancelled if self.cancelled is None else self.cancelled,
            shipped=self.shipped,
            returned=known.returned if self.returned is None else self.returned,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelOrder:
    """One order as the channel tells it now. Nothing in it names the buyer."""

    external_id: str
    status: OrderStatus
    #: The channel's own word, shown to people.
    raw_status: str
    placed_at: datetime
    updated_at: datetime
    lines: tuple[ChannelLine, ...]
    #: False: the channel tells that it waits for no acknowledgement (counts only where it can be acknowledged at all).
    unacknowledged: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPage:
    """One page of a feed; ``next_cursor`` is ``None`` on the last one."""

    orders: tuple[ChannelOrder, ...]
    next_cursor: str | None = None
    #: The channel's clock when it answered (its Date header), if it tells it.
    channel_time: datetime | None = None
    #: Every change up to this moment is told by now, so a later walk may start there. ``None``: up to the newest one on
    #: the page; a feed that tells orders as they are *now* has to say it, since those may be newer than their row.
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantityPush:
    """One number to be sent. The engine has stored it before the connector sees it."""

    push_id: str
    pool_key: str
    kind: QuantityMode
    #: The number to show (set, compare-and-set) or the signed difference (adjust).
    value: int
    #: For compare-and-set: the number the channel must still have.
    expected: int | None = None
    #: The same for every repeat of this push, and for no other push.
    idempotency_key: str = ""


class Outcome(StrEnum):
    """What became of one push. Whatever is not *definitely* refused or applied is unknown."""

    APPLIED = "applied"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class PushResult:
    """The channel's answer for one push of a batch; a push without a result counts as unknown."""

    push_id: str
    outcome: Outcome
    #: The number the channel says it has now, in the channel's own kind.
    echo: int | None = None
    #: After a refused compare-and-set: the number it has instead of ``expected``.
    current: int | None = None
    #: The channel's own words.
    message: str = ""
    #: Of a refused lowering: the smallest number it accepts now, in its own kind, since the rest is locked (a campaign). Of
    #: an accepted 0: what stays on sale beside the number, which another 0 does not lower.
    least: int | None = None
    #: Whether repeating is useless until a person changes something: the listing is parked.
    parks: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The number of one pool as read back; ``quantity`` is ``None`` when the channel does not know the pool (absent ≠ 0)."""

    pool_key: str
    quantity: int | None
    #: Units that the channel counts as sold and not shipped; needed for channels that count on hand.
    reserved: int = 0

    def sellable(self, kind: QuantityKind) -> int | None:
        """Units a buyer could still take."""
        if self.quantity is None or kind is QuantityKind.AVAILABLE:
            return self.quantity
        return self.quantity - self.reserved


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteListing:
    """One listing as the channel has it."""

    listing_id: str
    #: The number it sells from; several listings may share one.
    pool_key: str
    sku: str | None
    title: str = ""
    price: Money | None = None
    active: bool = True
    quantity: int | None = None
    reserved: int = 0
    #: Whether the call that answers with it has surely created it just now: nothing can have been sold from it.
    created: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingPage:
    listings: tuple[RemoteListing, ...]
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingDraft:
    """A product to be listed. It is always created with quantity 0: the number follows as a push.

    Once ``publish`` answers ``created``, everything in it counts as told.
    """

    sku: str
    title: str
    price: Money | None
    idempotency_key: str
    description: str | None = None
    #: Addresses of pictures, the first one shown first.
    images: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelCheck:
    """What `channel check` learned: proof that address and credentials work."""

    name: str
    currency: str | None = None
    #: Facts the channel tells about itself, for people.
    facts: Mapping[str, str] = field(default_factory=dict)


@runtime_checkable
class Channel(Protocol):
    """One configured account, open for work. Used by one thread at a time; may raise any ``ChannelError``.

    Any other exception counts as a fault of this channel, and as an unknown outcome if a quantity had left.
    """

    def capabilities(self) -> Capabilities:
        """Declared facts; needs no network."""

    def check(self) -> ChannelCheck:
        """Prove that address and credentials work."""

    def list_orders(self, feed: str, *, since: datetime, cursor: str | None) -> OrderPage:
        """One page of what changed in ``feed`` at or after ``since``, oldest change first."""

    def list_listings(self, *, cursor: str | None) -> ListingPage:
        """One page of everything the account has listed."""

    def push_quantities(self, pushes: Sequence[QuantityPush]) -> Sequence[PushResult]:
        """Send at most ``batch_max`` numbers in one call. Never repeats a request by itself.

        Raises ``RetryLaterError``, ``ChannelMisconfiguredError`` or ``RequestRefusedError`` only if nothing was
        applied; after ``OutcomeUnknownError`` or any other exception anything may have been.
        """

    def read_quantities(self, pool_keys: Sequence[str]) -> Sequence[Reading]:
        """The numbers of these pools, at most ``batch_max``; a pool left out of the answer counts as not read."""

    def publish(self, draft: ListingDraft) -> RemoteListing:
        """Create a listing with quantity 0, or return the one that exists for this SKU."""


@runtime_checkable
class Connector(Protocol):
    """The code for one platform: what an entry point in ``syncworker.connectors`` names."""

    #: Short name, as in ``channels.toml``.
    name: str
    #: The contract it was written for: ``CONTRACT_VERSION`` at that time.
    contract: int
    #: What has to be configured; secrets are ``SecretStr``. Unknown keys are refused.
    settings: type[BaseModel]

    def open(self, account: str, settings: BaseModel, tokens: TokenStore) -> Channel:
        """Open one account; needs no network. ``account`` is the channel's name, for logs.

        ``tokens`` keeps what the channel gave the account instead of a password; most channels need none.
        """


def _whole(value: object, what: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{what} must be a whole number, not {value!r}")
    if not 0 <= value <= MAX_QUANTITY:
        raise ValueError(f"{what} must lie between 0 and {MAX_QUANTITY}, not {value}")
    return value
