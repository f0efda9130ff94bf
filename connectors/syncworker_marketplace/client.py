"""Which requests does the Marketplace API v1 know? Endpoints, paging, keys and the error table; no meaning of values."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from pydantic import SecretStr

from syncworker.connector import (
    Answer,
    ChannelHttp,
    ChannelMisconfiguredError,
    Json,
    ListingDraft,
    ListingRejectedError,
    Money,
    OutcomeUnknownError,
    RequestRefusedError,
    Verdict,
)
from syncworker_marketplace.settings import MarketplaceSettings

#: Every path is fixed, so one that is not found means a wrong base_url.
_STATUSES = {404: Verdict.MISCONFIGURED}


class MarketplaceClient:
    """The API of one account. Raises what ``ChannelHttp`` raises."""

    def __init__(self, account: str, settings: MarketplaceSettings) -> None:
        self._page_size = settings.page_size
        self._http = ChannelHttp(
            account,
            settings.base_url,
            headers={"Authorization": SecretStr(f"Bearer {settings.token.get_secret_value()}")},
            allow_private_network=settings.allow_private_network,
            horizon_s=settings.capabilities().rules().horizon_s,
            statuses=_STATUSES,
            allowances=settings.rate_limits,
        )

        self.redact = self._http.redact

    def shop(self) -> Json:
        """What the shop says of itself."""
        return self._http.request_json("GET", "/shop", effect=False).body

    def orders(self, feed: str, since: datetime, cursor: str | None) -> Answer:
        """One page of ``feed``, which is the path's name too."""
        query = {
            "updated_since": since.isoformat(timespec="microseconds"),
            "cursor": cursor,
            "limit": self._page_size,
        }
        return self._http.request_json("GET", f"/{feed}", effect=False, query=query)

    def listings(self, cursor: str | None) -> Json:
        """One page of everything listed."""
        query = {"cursor": cursor, "limit": self._page_size}
        return self._http.request_json("GET", "/listings", effect=False, query=query).body

    def read_quantities(self, pool_ids: Sequence[str]) -> Json:
        """The numbers of these pools; ``None`` where the shop does not let them be read."""
        answer = self._http.request_json(
            "POST", "/quantities/read", effect=False, json={"pool_ids": list(pool_ids)}, accept={404}
        )
        if answer.status != 404:
            return answer.body
        if isinstance(answer.body, dict) and answer.body.get("code") == "not_readable":
            return None
        raise ChannelMisconfiguredError("POST /quantities/read: not found; check base_url")

    def push_quantities(self, items: Json, keys: Sequence[str]) -> Json:
        """The answer's document, or the channel's own words when it definitely refused the batch as a whole."""
        try:
            return self._http.request_json(
                "POST", "/quantities", effect=True, json={"items": items}, headers=_key_header(keys)
            ).body
        except RequestRefusedError as error:
            if error.code == "wrong_quantity_mode":
                raise ChannelMisconfiguredError(f"{error}; set quantity_mode as the shop says") from error
            if error.code == "idempotency_key_reused":
                # Something left under this key before, and it is not this request.
                raise OutcomeUnknownError(str(error)) from error
            return str(error)

    def create_listing(self, draft: ListingDraft, price: Money) -> Answer:
        """201 with the listing, or 409 with the code that says why not."""
        amount: Json = {"amount": format(price.amount, "f"), "currency": price.currency}
        body: Json = {"sku": draft.sku, "title": draft.title, "price": amount, "quantity": 0}
        try:
            return self._http.request_json(
                "POST",
                "/listings",
                effect=True,
                json=body,
                headers=_key_header([draft.idempotency_key]),
                accept={409},
            )
        except RequestRefusedError as error:
            raise ListingRejectedError(str(error), sku=draft.sku) from error


def _key_header(keys: Sequence[str]) -> dict[str, str]:
    """The same for a repeat of the same batch, different for every other one; nothing if a push has no key."""
    if not all(keys):
        return {}
    if len(keys) == 1:
        return {"Idempotency-Key": keys[0]}
    return {"Idempotency-Key": hashlib.sha256("\n".join(keys).encode()).hexdigest()}
