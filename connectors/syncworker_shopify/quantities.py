"""How do numbers reach Shopify? Each compare-and-set a mutation of its own, with its own key and its own outcome; pure.

What an answer does not settle is unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from syncworker.connector import (
    Document,
    Entry,
    Json,
    MalformedAnswerError,
    PushResult,
    QuantityMode,
    QuantityPush,
    addressed,
    applied,
    refused,
    unknown,
)
from syncworker_shopify.ids import PoolKey
from syncworker_shopify.operations import KEY_SINCE, NEW_NAME_SINCE
from syncworker_shopify.refusals import PARKS, STALE, in_words, user_errors
from syncworker_shopify.settings import QUANTITY_MAX

#: One of Shopify's list of reasons; it stands in the shop's own history of the item.
REASON = "correction"


def entries(pushes: Sequence[QuantityPush]) -> tuple[list[Entry[PoolKey]], list[PushResult]]:
    """What can be sent, and what can never be."""
    return addressed(
        pushes, PoolKey.read, channel="Shopify", mode=QuantityMode.COMPARE_AND_SET, most=QUANTITY_MAX
    )


def expecting(entry: Entry[PoolKey], number: int) -> Entry[PoolKey]:
    """The same push for another number that means the same, under a key of its own."""
    key = f"{entry.push.idempotency_key or entry.push.push_id}-from-{number}"
    return Entry(replace(entry.push, expected=number, idempotency_key=key), entry.key)


def variables(sent: Sequence[Entry[PoolKey]], version: str) -> dict[str, Json]:
    """The inputs and keys of one request, in the order of its mutations."""
    found: dict[str, Json] = {}
    compared = "changeFromQuantity" if version >= NEW_NAME_SINCE else "compareQuantity"
    for n, entry in enumerate(sent):
        row: Json = {
            "inventoryItemId": entry.key.item_gid,
            "locationId": entry.key.location_gid,
            "quantity": entry.push.value,
            compared: entry.push.expected,
        }
        found[f"input{n}"] = {
            "name": "available",
            "reason": REASON,
            "referenceDocumentUri": f"gid://syncworker/Push/{entry.push.push_id}",
            "quantities": [row],
        }
        if version >= KEY_SINCE:
            found[f"key{n}"] = entry.push.idempotency_key or entry.push.push_id
    return found


def results(
    data: Document, sent: Sequence[Entry[PoolKey]], errors: str
) -> tuple[list[PushResult], list[Entry[PoolKey]]]:
    """The outcome of each push, and those that were refused because another number stood there."""
    told: list[PushResult] = []
    stale: list[Entry[PoolKey]] = []
    for n, entry in enumerate(sent):
        try:
            payload = data.get(f"push{n}")
            problems = [] if payload is None else user_errors(payload)
            if payload is None:
                told.append(unknown(entry.push, errors or "the answer tells nothing of it"))
            elif problems:
                told.append(_failed(entry, problems))
                if {code for code, _ in problems} <= STALE:
                    stale.append(entry)
            else:
                told.append(_done(entry, payload))
        except MalformedAnswerError as error:
            told.append(unknown(entry.push, f"the answer cannot be read: {error}"))
    return told, stale


def _failed(entry: Entry[PoolKey], problems: Sequence[tuple[str, str]]) -> PushResult:
    codes = {code for code, _ in problems}
    if codes <= STALE:
        return refused(entry.push, in_words(problems))
    if codes <= STALE | PARKS:
        return refused(entry.push, in_words(problems), parks=True)
    return unknown(entry.push, in_words(problems))


def _done(entry: Entry[PoolKey], payload: Document) -> PushResult:
    """A change that changes nothing may leave no trace; anything else has to."""
    push, group = entry.push, payload.get("inventoryAdjustmentGroup")
    for row in () if group is None else group["changes"].items():
        item, location = row.get("item"), row.get("location")
        ours = (
            row["name"].text() == "available"
            and item is not None
            and item["id"].text() == entry.key.item_gid
            and location is not None
            and location["id"].text() == entry.key.location_gid
        )
        if ours:
            after = row.get("quantityAfterChange")
            echo = None if after is None else after.whole(least=-QUANTITY_MAX)
            return applied(push, echo=echo)
    if push.value == push.expected:
        return applied(push)
    return unknown(push, "the answer tells neither a change nor an error")
