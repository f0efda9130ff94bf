"""What may a channel be able to do beyond the contract's core? Protocols that a channel or connector has or has not.

The engine looks for the method itself: a channel without it is a channel that cannot, and nothing else has to be declared.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from pydantic import BaseModel

from syncworker.connector.auth import Token
from syncworker.connector.contract import Money, RemoteListing


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingUpdate:
    """Contents of a listing to be changed; what is ``None`` stays. The quantity is never part of it."""

    listing_id: str
    sku: str
    title: str | None = None
    description: str | None = None
    price: Money | None = None
    images: tuple[str, ...] | None = None
    #: Whether buyers shall see it.
    active: bool | None = None


@runtime_checkable
class UpdatesListings(Protocol):
    """A channel whose listings can be changed after they were published."""

    def update_listing(self, update: ListingUpdate) -> RemoteListing:
        """Change what the update names, as often as it is called. Raises ``ListingRejectedError`` with the channel's
        own words; ``OutcomeUnknownError`` when it may have been changed.
        """


@runtime_checkable
class CancelsOrders(Protocol):
    """A channel where the seller can cancel an order."""

    def cancel_order(self, external_id: str, *, reason: str) -> None:
        """Ask for it; the cancellation counts once the feed tells it. Harmless to repeat."""


@runtime_checkable
class AcknowledgesOrders(Protocol):
    """A channel that waits until the seller has taken note of each order."""

    def acknowledge_orders(self, external_ids: tuple[str, ...]) -> None:
        """Say that they are recorded. Harmless to repeat; called after the orders were committed."""


@runtime_checkable
class SendsTogether(Protocol):
    """A channel where only numbers that belong together fit into one request: those of one product, for instance."""

    def goes_with(self, pool_key: str) -> str:
        """What numbers of one request have in common. Quick, needs no network, always the same for a key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookRequest:
    """A request that claims to come from the channel. Names of headers in lower case."""

    #: As the channel was told to call it.
    url: str
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime


class WebhookRefusedError(Exception):
    """The request proves nothing, or is too old; it is answered with 401 and forgotten."""


@runtime_checkable
class HearsWebhooks(Protocol):
    """A channel that calls when something changed. What it says is never believed: it only rings for a pull."""

    def hint(self, request: WebhookRequest) -> bool:
        """Whether orders may have changed. ``WebhookRefusedError`` unless the signature proves the sender."""


@runtime_checkable
class AnswersHandshake(Protocol):
    """A channel that tries a webhook's address before it calls there, and wants its own words back."""

    def handshake(self, query: Mapping[str, str]) -> str:
        """What to answer to such a ``GET``; ``WebhookRefusedError`` unless the query proves the sender."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentRequest:
    """Where a seller is sent to allow us in, and where the channel sends them back."""

    #: Random; comes back with the code and has to be the same.
    state: str
    redirect_url: str
    #: Of our own account with the channel, from the channel's settings.
    settings: BaseModel


@runtime_checkable
class NeedsConsent(Protocol):
    """A connector whose accounts are connected by a person on the channel's own pages."""

    def consent_url(self, request: ConsentRequest) -> str:
        """The address to open; it holds no secret."""

    def token_for(self, request: ConsentRequest, answer: Mapping[str, str]) -> Token:
        """The token for what came back in the redirect (``code`` and more), or was typed in. Needs the network.

        Raises ``ChannelMisconfiguredError`` with the channel's own words when it is refused.
        """
