"""How do numbers reach Shopee? One item a request, each with the outcome of every model; pure.

What the answer does not settle is unknown: a model that it names nowhere, or a reason that proves nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from syncworker.connector import (
    Document,
    Entry,
    Json,
    MalformedAnswerError,
    Parcel,
    PushResult,
    QuantityMode,
    QuantityPush,
    addressed,
    applied,
    parcelled,
    refused,
    unknown,
)
from syncworker_shopee.client import MODELS_MAX
from syncworker_shopee.listings import PoolKey, id_of
from syncworker_shopee.refusals import Meaning, meaning_of_part

#: What a promotion does to a number, said beside Shopee's words.
WORDS = {
    Meaning.HELD: "a promotion holds units of it: until it ends the number cannot go below them",
    Meaning.PROMOTION: "a promotion locks the number until it ends",
}
#: Meanings that a request is definitely refused for because of one item or model.
OF_AN_ITEM = frozenset((Meaning.HELD, Meaning.PROMOTION, Meaning.ITEM))


def parcels(pushes: Sequence[QuantityPush]) -> tuple[list[Parcel[PoolKey]], list[PushResult]]:
    """The least requests that carry these pushes, and what can never be sent."""
    entries, unfit = addressed(pushes, PoolKey.read, channel="Shopee", mode=QuantityMode.SET)
    found = parcelled(entries, of=lambda key: key.item_id, row=lambda key: key.model_id, rows_max=MODELS_MAX)
    return found, unfit


def body(parcel: Parcel[PoolKey]) -> Json:
    """The models as the update takes them; one that lies in several warehouses has them together."""
    return [
        {"model_id": int(row[0].key.model_id), "seller_stock": [_number(entry) for entry in row]}
        for row in parcel.rows
    ]


def _number(entry: Entry[PoolKey]) -> Json:
    place: dict[str, Json] = {} if entry.key.location_id is None else {"location_id": entry.key.location_id}
    return {"stock": entry.push.value, **place}


class Told(NamedTuple):
    """What an answer says of one push."""

    entry: Entry[PoolKey]
    result: PushResult
    #: Refused for what a promotion holds.
    is_held: bool = False


def results(envelope: Document, parcel: Parcel[PoolKey]) -> list[Told]:
    """The outcome of each push: applied if its model and place stand among the successes, refused for a known reason."""
    try:
        data = envelope.get("response")
        failed = _failures(data)
        done = _successes(data)
    except MalformedAnswerError as error:
        words = f"the answer cannot be read: {error}"
        return [Told(entry, unknown(entry.push, words)) for entry in parcel.entries]
    alone = {row[0].key.model_id for row in parcel.rows if len(row) == 1}
    return [_result(entry, failed, done, is_alone=entry.key.model_id in alone) for entry in parcel.entries]


_Echoes = dict[tuple[str, str | None], int | None]


def _failures(data: Document | None) -> dict[str, str]:
    rows = None if data is None else data.get("failure_list")
    found: dict[str, str] = {}
    for row in () if rows is None else rows.items():
        reason = row.get("failed_reason")
        found[id_of(row["model_id"])] = "" if reason is None else reason.shown()
    return found


def _successes(data: Document | None) -> _Echoes:
    """The number that each model has now, as far as the answer tells it."""
    rows = None if data is None else data.get("success_list")
    found: _Echoes = {}
    for row in () if rows is None else rows.items():
        place, stock = row.get("location_id"), row.get("stock")
        text = "" if place is None else place.shown().strip()
        key = (id_of(row["model_id"]), text if text not in ("", "-") else None)
        found[key] = None if stock is None else stock.whole()
    return found


def _result(entry: Entry[PoolKey], failed: dict[str, str], done: _Echoes, *, is_alone: bool) -> Told:
    place = (entry.key.model_id, entry.key.location_id)
    reason = failed.get(entry.key.model_id)
    if reason is None:
        if place not in done and is_alone:
            place = (entry.key.model_id, None)
        if place not in done:
            return Told(entry, unknown(entry.push, "the answer does not name it"))
        return Told(entry, applied(entry.push, echo=done[place]))
    meaning = meaning_of_part(reason)
    is_contradicted = any(model_id == entry.key.model_id for model_id, _ in done)
    # Nothing says whether a place of a model that failed keeps its others from being applied.
    if meaning not in OF_AN_ITEM or is_contradicted or not is_alone:
        return Told(entry, unknown(entry.push, reason))
    return turned_down(entry, meaning, reason)


def turned_down(entry: Entry[PoolKey], meaning: Meaning, said: str) -> Told:
    """Refused before any effect; what concerns the item waits for a person."""
    words = f"{WORDS[meaning]} ({said})" if meaning in WORDS else said
    result = refused(entry.push, words, parks=meaning in OF_AN_ITEM)
    return Told(entry, result, is_held=meaning is Meaning.HELD)


def with_least(told: Told, least: int | None) -> PushResult:
    """The refusal with the smallest number that a promotion leaves; then it needs no person."""
    if not told.is_held or least is None or least <= told.entry.push.value:
        return told.result
    return replace(told.result, least=least, parks=False)
