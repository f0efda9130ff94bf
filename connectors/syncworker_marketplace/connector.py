"""How does the engine reach a marketplace? The contract's methods in terms of the client and the mapping.

Never decides a number, keeps no state, repeats no write.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from pydantic import BaseModel

from syncworker.connector import (
    CONTRACT_VERSION,
    Capabilities,
    Channel,
    ChannelCheck,
    ListingDraft,
    ListingPage,
    ListingRejectedError,
    MalformedAnswerError,
    OrderPage,
    Outcome,
    OutcomeUnknownError,
    PushResult,
    QuantityPush,
    Reading,
    RemoteListing,
    TokenStore,
)
from syncworker_marketplace import mapping
from syncworker_marketplace.client import MarketplaceClient
from syncworker_marketplace.settings import MarketplaceSettings


class MarketplaceChannel:
    """One marketplace account."""

    def __init__(self, account: str, settings: MarketplaceSettings) -> None:
        self._settings = settings
        self._client = MarketplaceClient(account, settings)

    def capabilities(self) -> Capabilities:
        """What the settings declare."""
        return self._settings.capabilities()

    def check(self) -> ChannelCheck:
        """Ask the shop who it is."""
        return mapping.check(self._client.shop(), self._settings.model_dump(mode="json", exclude={"token"}))

    def list_orders(self, feed: str, *, since: datetime, cursor: str | None) -> OrderPage:
        """One page of a feed, oldest change first."""
        answer = self._client.orders(feed, since, cursor)
        page = mapping.order_page(
            answer.body, restocks=self._settings.restocks, channel_time=answer.channel_time
        )
        _must_advance(page.next_cursor, cursor)
        return page

    def list_listings(self, *, cursor: str | None) -> ListingPage:
        """One page of everything listed."""
        page = mapping.listing_page(self._client.listings(cursor))
        _must_advance(page.next_cursor, cursor)
        return page

    def push_quantities(self, pushes: Sequence[QuantityPush]) -> Sequence[PushResult]:
        """One call for all of them. A push of a kind that the shop does not take is refused without a call."""
        fitting = [push for push in pushes if push.kind is self._settings.quantity_mode]
        answered = {result.push_id: result for result in self._sent(fitting)} if fitting else {}
        return [answered.get(push.push_id) or self._unfit(push) for push in pushes]

    def read_quantities(self, pool_keys: Sequence[str]) -> Sequence[Reading]:
        """The shop's numbers; nothing where they cannot be read."""
        answer = self._client.read_quantities(pool_keys)
        return () if answer is None else mapping.readings(answer, pool_keys, self._settings.quantity_kind)

    def publish(self, draft: ListingDraft) -> RemoteListing:
        """List it with 0, or find the listing that stands for the SKU already."""
        if draft.price is None:
            raise ListingRejectedError(
                f"{draft.sku}: the marketplace lists nothing without a price", sku=draft.sku
            )
        answer = self._client.create_listing(draft, draft.price)
        try:
            if answer.status != 409:
                return replace(mapping.listing(answer.body), created=True)
            listing_id = mapping.already_listed(answer.body)
        except MalformedAnswerError as error:
            raise OutcomeUnknownError(
                f"{draft.sku}: published, but the answer cannot be read: {error}"
            ) from error
        if listing_id is None:
            raise ListingRejectedError(
                f"{draft.sku}: {self._client.redact(mapping.reason(answer.body))}", sku=draft.sku
            )
        return self._existing(listing_id, draft.sku)

    def _sent(self, pushes: Sequence[QuantityPush]) -> Sequence[PushResult]:
        body = self._client.push_quantities(
            mapping.push_body(pushes), [push.idempotency_key for push in pushes]
        )
        if isinstance(body, str):
            return [PushResult(push_id=p.push_id, outcome=Outcome.REFUSED, message=body) for p in pushes]
        try:
            results = mapping.push_results(body, pushes)
        except MalformedAnswerError as error:
            raise OutcomeUnknownError(f"quantities sent, but the answer cannot be read: {error}") from error
        return [replace(result, message=self._client.redact(result.message)) for result in results]

    def _unfit(self, push: QuantityPush) -> PushResult:
        wanted = self._settings.quantity_mode
        return PushResult(
            push_id=push.push_id,
            outcome=Outcome.REFUSED,
            message=f"not sent: this shop takes {wanted}, not {push.kind}",
        )

    def _existing(self, listing_id: str, sku: str) -> RemoteListing:
        cursor: str | None = None
        while True:
            page = self.list_listings(cursor=cursor)
            for one in page.listings:
                if one.listing_id == listing_id:
                    return one
            cursor = page.next_cursor
            if cursor is None:
                raise ListingRejectedError(
                    f"{sku}: listed as {listing_id}, which the shop does not show", sku=sku
                )


class MarketplaceConnector:
    """The connector ``marketplace``."""

    name = "marketplace"
    contract = CONTRACT_VERSION
    settings: type[BaseModel] = MarketplaceSettings

    def open(self, account: str, settings: BaseModel, tokens: TokenStore) -> Channel:  # noqa: ARG002  # needs none
        """One account; needs no network."""
        if not isinstance(settings, MarketplaceSettings):
            raise TypeError(f"expected MarketplaceSettings, not {type(settings).__name__}")
        return MarketplaceChannel(account, settings)


def _must_advance(following: str | None, cursor: str | None) -> None:
    if following is not None and following == cursor:
        raise MalformedAnswerError(
            "the page repeats itself: its next_cursor is the one it was asked for", path="next_cursor"
        )
