"""How are all listings had at once? One bulk operation: started, asked for until it ends, its file read line by line.

Keeps nothing between calls: the cursor names the operation. A file larger than 10 MB is refused rather than read in part.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import parse_qsl, quote, urlsplit

from pydantic import SecretStr

from syncworker.connector import (
    ChannelHttp,
    ChannelMisconfiguredError,
    Document,
    Json,
    ListingPage,
    MalformedAnswerError,
    OutcomeUnknownError,
    RemoteListing,
    RetryLaterError,
    read_json,
)
from syncworker_shopify import operations
from syncworker_shopify.client import ShopifyClient
from syncworker_shopify.ids import gid
from syncworker_shopify.listings import listing
from syncworker_shopify.refusals import in_words, user_errors
from syncworker_shopify.settings import ShopifySettings

_RUNNING = frozenset(("CREATED", "RUNNING", "CANCELING"))
#: Looks at a running operation in one call, and the seconds between two.
LOOKS, PAUSE_S = 10, 0.5
#: What to wait before another attempt when one did not work out.
AGAIN_S = 60.0


class _Mark(NamedTuple):
    """Which operation, for which location, and how often its end was waited for."""

    operation: str
    location: str
    currency: str
    waits: int

    def written(self) -> str:
        return json.dumps(list(self))


class BulkListings:
    """The listings of one account by bulk operation."""

    def __init__(
        self,
        account: str,
        client: ShopifyClient,
        settings: ShopifySettings,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._account, self._client, self._settings, self._sleep = account, client, settings, sleep

    def start(self, location: str) -> ListingPage:
        """Start an operation; the first page is empty and leads to it."""
        try:
            currency = self._client.call(operations.SHOP).data["shop"]["currencyCode"].currency()
            query = operations.bulk_variants(gid("Location", location))
            data = self._client.call(operations.START_BULK, {"query": query}, effect=True).data
        except OutcomeUnknownError as error:
            # Starting it twice costs nothing but time.
            raise RetryLaterError(str(error), retry_after_s=AGAIN_S) from error
        payload = data["bulkOperationRunQuery"]
        problems = user_errors(payload)
        if problems:
            raise RetryLaterError(self._client.redact(in_words(problems)), retry_after_s=AGAIN_S)
        operation = payload["bulkOperation"]["id"].text()
        return ListingPage(listings=(), next_cursor=_Mark(operation, location, currency, 0).written())

    def proceed(self, cursor: str) -> ListingPage:
        """Everything once the operation has ended; until then empty pages."""
        mark = _Mark(*json.loads(cursor))
        for look in range(LOOKS):
            if look:
                self._sleep(PAUSE_S)
            reply = self._client.call(operations.BULK, {"id": mark.operation})
            state = reply.data["bulkOperation"]
            status = state["status"].text()
            if status == "COMPLETED":
                return ListingPage(listings=tuple(self._rows(_address(reply.raw), mark)))
            if status not in _RUNNING:
                raise _failed(status, state.get("errorCode"))
        return ListingPage(listings=(), next_cursor=mark._replace(waits=mark.waits + 1).written())

    def _rows(self, address: str | None, mark: _Mark) -> list[RemoteListing]:
        if address is None:
            # An operation that found nothing writes no file.
            return []
        text = self._file(address)
        documents = [
            Document(read_json(line.encode()), f"line {n}") for n, line in enumerate(text.splitlines(), 1)
        ]
        return [listing(row, mark.location, mark.currency) for row in documents]

    def _file(self, address: str) -> str:
        """The file behind a signed address; our token does not go there, and the signature stays out of every log."""
        parts = urlsplit(address)
        http = ChannelHttp(
            self._account,
            f"{parts.scheme}://{parts.netloc}",
            allow_private_network=self._settings.allow_private_network,
        )
        query = {name: SecretStr(value) for name, value in parse_qsl(parts.query, keep_blank_values=True)}
        body = http.request_text("GET", quote(parts.path, safe="/%~-._"), query=query).body
        if not isinstance(body, str):
            raise MalformedAnswerError("the bulk operation's file is no text")
        return body


def _address(data: Json) -> str | None:
    """Where the file lies; a signed address is longer than any text that a document is read for."""
    operation = data.get("bulkOperation") if isinstance(data, dict) else None
    address = operation.get("url") if isinstance(operation, dict) else None
    return address if isinstance(address, str) and address else None


def _failed(status: str, code: Document | None) -> ChannelMisconfiguredError | RetryLaterError:
    word = "" if code is None else code.shown()
    words = f"the bulk operation ended as {status} {word}".strip()
    if word == "ACCESS_DENIED":
        return ChannelMisconfiguredError(words)
    return RetryLaterError(words, retry_after_s=AGAIN_S)
