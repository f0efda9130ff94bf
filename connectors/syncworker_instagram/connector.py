"""How does the engine reach an Instagram shop? The contract's methods in terms of the client and the mapping.

Never decides a number, keeps no state, repeats no write. A batch that is not finished in time is unknown, item by item.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import uuid4

from pydantic import BaseModel

from syncworker.connector import (
    CONTRACT_VERSION,
    Capabilities,
    Channel,
    ChannelCheck,
    ChannelError,
    ChannelOrder,
    Document,
    Json,
    ListingDraft,
    ListingPage,
    ListingRejectedError,
    ListingUpdate,
    MalformedAnswerError,
    OrderPage,
    OutcomeUnknownError,
    PushResult,
    QuantityMode,
    QuantityPush,
    Reading,
    RemoteListing,
    RequestRefusedError,
    TokenStore,
    WebhookRefusedError,
    WebhookRequest,
    refused,
    require_signature,
)
from syncworker_instagram import catalogue, orders
from syncworker_instagram.catalogue import BatchEnd, BatchState, Taken
from syncworker_instagram.client import ACKNOWLEDGE_MAX, ASK_MAX, InstagramClient
from syncworker_instagram.refusals import ALREADY_CANCELLED, CANNOT_ACKNOWLEDGE
from syncworker_instagram.settings import InstagramSettings

#: Between two looks at a batch, in seconds: longer each time.
LOOKS_S = (0.5, 1.0, 2.0, 3.0, 5.0)
#: What a cancellation may call its reason; everything else is "other", in words.
CANCEL_REASONS = ("CUSTOMER_REQUESTED", "OUT_OF_STOCK", "INVALID_ADDRESS", "SUSPICIOUS_ORDER")
#: What Meta wants to have back: a number; a few letters more do no harm.
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{1,256}")


class InstagramChannel:
    """One catalogue: in and out of stock, contents of listings, calls that ring."""

    def __init__(
        self,
        account: str,
        settings: InstagramSettings,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._settings, self._sleep = settings, sleep
        self._client = InstagramClient(account, settings)

    def capabilities(self) -> Capabilities:
        """What is known of Meta's catalogue, and what the settings declare."""
        return self._settings.capabilities()

    def check(self) -> ChannelCheck:
        """Ask for the catalogue's name."""
        body = Document(self._client.catalogue())
        facts = {name: body[name].shown() for name in ("id", "product_count", "vertical") if body.get(name)}
        facts["orders"] = "the order API" if self._settings.orders else "none: a catalogue"
        return ChannelCheck(name=body["name"].text(), facts=facts)

    def list_orders(self, feed: str, *, since: datetime, cursor: str | None) -> OrderPage:  # noqa: ARG002  # one page
        """Nothing is ordered in a catalogue."""
        return OrderPage(orders=())

    def list_listings(self, *, cursor: str | None) -> ListingPage:
        """One page of all items."""
        page = catalogue.listing_page(self._client.products(cursor), orders=self._settings.orders)
        if page.next_cursor is not None and page.next_cursor == cursor:
            raise MalformedAnswerError("the page repeats itself", path="paging")
        return page

    # ------------------------------------------------------------------ numbers

    def push_quantities(self, pushes: Sequence[QuantityPush]) -> Sequence[PushResult]:
        """One batch for all of them, then its end is waited for."""
        fitting = [push for push in pushes if push.kind is QuantityMode.SET]
        unfit = [
            refused(push, f"not sent: a catalogue takes no {push.kind}")
            for push in pushes
            if push.kind is not QuantityMode.SET
        ]
        if not fitting:
            return unfit
        records: Json = [catalogue.quantity_record(push) for push in fitting]
        first = self._sent(records, allow_upsert=False)
        end = self._end_of(first)
        results = [catalogue.outcome(push, first, end) for push in fitting]
        return [*unfit, *(replace(one, message=self._client.redact(one.message)) for one in results)]

    def read_quantities(self, pool_keys: Sequence[str]) -> Sequence[Reading]:
        """What the catalogue shows of these items."""
        rows: list[Document] = []
        for start in range(0, len(pool_keys), ASK_MAX):
            rows += self._client.products_named(pool_keys[start : start + ASK_MAX])
        return catalogue.readings(rows, pool_keys, orders=self._settings.orders)

    def _sent(self, records: Json, *, allow_upsert: bool) -> Taken:
        body = self._client.send_items(records, allow_upsert=allow_upsert)
        try:
            return catalogue.taken(body)
        except MalformedAnswerError as error:
            raise OutcomeUnknownError(
                f"the batch was sent, but the answer cannot be read: {error}"
            ) from error

    def _end_of(self, first: Taken) -> BatchEnd | None:
        """How the batch ended, as far as that can be learned in time; it was sent, so nothing is raised any more."""
        if first.handle is None:
            return None
        waited_s, end = 0.0, None
        for look in range(1000):
            pause_s = min(LOOKS_S[min(look, len(LOOKS_S) - 1)], self._settings.batch_wait_s - waited_s)
            try:
                end = catalogue.batch_end(self._client.batch_status(first.handle), first.handle)
            except ChannelError:
                return end
            if end.state is not BatchState.RUNNING or pause_s <= 0:
                return end
            self._sleep(pause_s)
            waited_s += pause_s
        return end

    # ------------------------------------------------------------------ listings

    def publish(self, draft: ListingDraft) -> RemoteListing:
        """Add the item out of stock, or find the one that has this SKU as its id."""
        found = self._item(draft.sku)
        if found is not None:
            return catalogue.listing(found, orders=self._settings.orders)
        problem = catalogue.missing_for(draft, self._settings)
        if problem is not None or draft.price is None:
            raise ListingRejectedError(f"{draft.sku}: {problem}", sku=draft.sku)
        record = catalogue.create_record(draft, draft.price, self._settings)
        self._carry_out(record, draft.sku)
        return RemoteListing(
            listing_id=draft.sku, pool_key=draft.sku, sku=draft.sku, title=draft.title, quantity=0
        )

    def update_listing(self, update: ListingUpdate) -> RemoteListing:
        """Change contents by a batch, and whether it is seen by the single item's own call."""
        record = catalogue.update_record(update)
        if record is not None:
            self._carry_out(record, update.sku)
        found = self._item(update.listing_id)
        if found is None:
            raise ListingRejectedError(
                f"{update.sku}: the catalogue has no item {update.listing_id}", sku=update.sku
            )
        if update.active is not None:
            fields = {"visibility": "published" if update.active else "staging"}
            try:
                self._client.change_item(found["id"].text(), fields)
            except RequestRefusedError as error:
                raise ListingRejectedError(f"{update.sku}: {error}", sku=update.sku) from error
        listing = catalogue.listing(found, orders=self._settings.orders)
        return listing if update.active is None else replace(listing, active=update.active)

    def _item(self, retailer_id: str) -> Document | None:
        rows = self._client.products_named([retailer_id])
        return next((row for row in rows if row["retailer_id"].text() == retailer_id), None)

    def _carry_out(self, record: Json, sku: str) -> None:
        """Send one record and see it through."""
        try:
            first = self._sent([record], allow_upsert=False)
        except RequestRefusedError as error:
            raise ListingRejectedError(f"{sku}: {error}", sku=sku) from error
        reasons = [*first.rejected.values()]
        if not reasons and first.handle is None:
            reasons = ["the catalogue took nothing of the batch in"]
        end = None if reasons else self._end_of(first)
        if end is not None and end.state is BatchState.FINISHED:
            reasons = [*end.failed.values()] or ([] if end.names_all else ["finished with errors"])
            if not reasons:
                return
        if reasons:
            raise ListingRejectedError(f"{sku}: {self._client.redact('; '.join(reasons))}", sku=sku)
        raise OutcomeUnknownError(f"{sku}: the batch was taken in and is not finished yet")

    # ------------------------------------------------------------------ webhooks

    def handshake(self, query: Mapping[str, str]) -> str:
        """Meta's challenge, where it shows the token that the seller invented."""
        token = self._settings.verify_token
        if token is None:
            raise WebhookRefusedError("no verify_token is set, so nothing can be proven")
        challenge = query.get("hub.challenge", "")
        if query.get("hub.mode") != "subscribe" or not CHALLENGE.fullmatch(challenge):
            raise WebhookRefusedError("not the question that Meta asks of a webhook's address")
        given = query.get("hub.verify_token", "")
        if not hmac.compare_digest(given.encode(), token.get_secret_value().encode()):
            raise WebhookRefusedError("the verify_token is not ours")
        return challenge

    def hint(self, request: WebhookRequest) -> bool:
        """Rings where orders come in; in a catalogue there is nothing to pull."""
        secret = self._settings.app_secret
        if secret is None:
            raise WebhookRefusedError("no app_secret is set, so nothing can be proven")
        digest = hmac.new(secret.get_secret_value().encode(), request.body, hashlib.sha256).hexdigest()
        require_signature(request, "x-hub-signature-256", f"sha256={digest}")
        return self._settings.orders


class InstagramOrdersChannel(InstagramChannel):
    """An account that still has the legacy order API."""

    def list_orders(self, feed: str, *, since: datetime, cursor: str | None) -> OrderPage:  # noqa: ARG002  # one page
        """The whole of a feed as one page: in which order Meta lists is not documented, so it is sorted here."""
        if feed == "waiting":
            rows, channel_time = self._client.waiting_orders()
        else:
            rows, channel_time = self._client.changed_orders(int(since.timestamp()))
        # A row that moved to a later page while we walked stands there twice.
        found = {row["id"].text(): self._order(row) for row in rows}
        ordered = sorted(found.values(), key=lambda one: (one.updated_at, one.external_id))
        return OrderPage(orders=tuple(ordered), channel_time=channel_time)

    def _order(self, row: Document) -> ChannelOrder:
        order_id = row["id"].text()
        items = (
            self._client.order_items(order_id)
            if orders.has_more_items(row)
            else list(row["items"]["data"].items())
        )
        cancelled = None
        if not orders.tells_cancelled(items):
            cancelled = orders.cancelled_units(self._client.cancellations(order_id))
        return orders.order(row, items, cancelled)

    def acknowledge_orders(self, external_ids: tuple[str, ...]) -> None:
        """Take note of each; one that cannot be acknowledged any more counts as done."""
        problems = []
        for start in range(0, len(external_ids), ACKNOWLEDGE_MAX):
            answer = Document(self._client.acknowledge(external_ids[start : start + ACKNOWLEDGE_MAX], _key()))
            for one in answer["orders"].items():
                error = one.get("error")
                if error is not None and error["error_code"].whole(most=10**12) != CANNOT_ACKNOWLEDGE:
                    words = error.get("error_message")
                    problems.append(f"{one['id'].text()}: {words.shown() if words else 'refused'}")
        if problems:
            raise RequestRefusedError(self._client.redact("; ".join(problems)), status=200)

    def cancel_order(self, external_id: str, *, reason: str) -> None:
        """Ask for it; an order that is cancelled already counts as done."""
        code = reason if reason in CANCEL_REASONS else "CANCEL_REASON_OTHER"
        try:
            self._client.cancel(external_id, code=code, words=reason, key=_key())
        except RequestRefusedError as error:
            if error.code not in ALREADY_CANCELLED:
                raise

    def refund_order(self, external_id: str, *, units: dict[str, int], reason: str) -> None:
        """Pay back so many shipped units of each listing; ``reason`` is one of Meta's codes."""
        self._client.refund(external_id, code=reason, units=units, key=_key())


def _key() -> str:
    """Fresh for each call: Meta repeats a stored failure under the old one, and what was done already is told as such."""
    return str(uuid4())


class InstagramConnector:
    """The connector ``instagram``."""

    name = "instagram"
    contract = CONTRACT_VERSION
    settings: type[BaseModel] = InstagramSettings

    def open(self, account: str, settings: BaseModel, tokens: TokenStore) -> Channel:  # noqa: ARG002  # never renewed
        """One catalogue; needs no network."""
        own = InstagramSettings.own(settings)
        return (InstagramOrdersChannel if own.orders else InstagramChannel)(account, own)
