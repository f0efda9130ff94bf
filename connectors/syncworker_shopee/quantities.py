"""How do numbers reach Shopee? One item a request, each with the outcome of every model; pure.

What the answer does not settle is unknown: a model that it names nowhere, or a reason that proves nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from syncworker.connector import (
    Document,
    Json,
    MalformedAnswerError,
    Outcome,
    PushResult,
    QuantityMode,
    QuantityPush,
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


@dataclass(frozen=True, slots=True)
class Entry:
    """One push and the number it is for."""

    push: QuantityPush
    key: PoolKey


@dataclass(frozen=True, slots=True)
class Parcel:
    """The pushes of one request: models of one item."""

    item_id: str
    entries: tuple[Entry, ...]

    def body(self) -> Json:
        """The models as the update takes them; one that lies in several warehouses has them together."""
        models: dict[str, list[Json]] = {}
        for entry in self.entries:
            row: dict[str, Json] = {"stock": entry.push.value}
            if entry.key.location_id is not None:
                row["location_id"] = entry.key.location_id
            models.setdefault(entry.key.model_id, []).append(row)
        return [{"model_id": int(model_id), "seller_stock": rows} for model_id, rows in models.items()]

    def by_model(self) -> list[Parcel]:
        """The same, one model a request."""
        return [Parcel(self.item_id, entries) for entries in _by_model(self.entries)]


def parcels(pushes: Sequence[QuantityPush]) -> tuple[list[Parcel], list[PushResult]]:
    """The least requests that carry these pushes, and what can never be sent."""
    items: dict[str, list[Entry]] = {}
    unfit = []
    for push in pushes:
        key = PoolKey.read(push.pool_key)
        if key is None:
            unfit.append(refused(push, f"not sent: {push.pool_key!r} is no number of Shopee's", parks=True))
        elif push.kind is not QuantityMode.SET or push.value < 0:
            unfit.append(refused(push, f"not sent: Shopee takes set from 0 on, not {push.kind} {push.value}"))
        else:
            items.setdefault(key.item_id, []).append(Entry(push, key))
    return [one for item_id, entries in items.items() for one in _sized(item_id, entries)], unfit


def _sized(item_id: str, entries: Sequence[Entry]) -> list[Parcel]:
    models = _by_model(entries)
    chunks = [models[start : start + MODELS_MAX] for start in range(0, len(models), MODELS_MAX)]
    return [Parcel(item_id, tuple(entry for model in chunk for entry in model)) for chunk in chunks]


def _by_model(entries: Sequence[Entry]) -> list[tuple[Entry, ...]]:
    models: dict[str, list[Entry]] = {}
    for entry in entries:
        models.setdefault(entry.key.model_id, []).append(entry)
    return [tuple(found) for found in models.values()]


class Told(NamedTuple):
    """What an answer says of one push."""

    entry: Entry
    result: PushResult
    #: Refused for what a promotion holds.
    is_held: bool = False


def results(envelope: Document, parcel: Parcel) -> list[Told]:
    """The outcome of each push: applied if its model and place stand among the successes, refused for a known reason."""
    try:
        data = envelope.get("response")
        failed = _failures(data)
        done = _successes(data)
    except MalformedAnswerError as error:
        words = f"the answer cannot be read: {error}"
        return [Told(entry, unknown(entry.push, words)) for entry in parcel.entries]
    alone = {models[0].key.model_id for models in _by_model(parcel.entries) if len(models) == 1}
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


def _result(entry: Entry, failed: dict[str, str], done: _Echoes, *, is_alone: bool) -> Told:
    place = (entry.key.model_id, entry.key.location_id)
    reason = failed.get(entry.key.model_id)
    if reason is None:
        if place not in done and is_alone:
            place = (entry.key.model_id, None)
        if place not in done:
            return Told(entry, unknown(entry.push, "the answer does not name it"))
        applied = PushResult(push_id=entry.push.push_id, outcome=Outcome.APPLIED, echo=done[place])
        return Told(entry, applied)
    meaning = meaning_of_part(reason)
    is_contradicted = any(model_id == entry.key.model_id for model_id, _ in done)
    # Nothing says whether a place of a model that failed keeps its others from being applied.
    if meaning not in OF_AN_ITEM or is_contradicted or not is_alone:
        return Told(entry, unknown(entry.push, reason))
    return turned_down(entry, meaning, reason)


def turned_down(entry: Entry, meaning: Meaning, said: str) -> Told:
    """Refused before any effect; what concerns the item waits for a person."""
    words = f"{WORDS[meaning]} ({said})" if meaning in WORDS else said
    result = refused(entry.push, words, parks=meaning in OF_AN_ITEM)
    return Told(entry, result, is_held=meaning is Meaning.HELD)


def with_least(told: Told, least: int | None) -> PushResult:
    """The refusal with the smallest number that a promotion leaves; then it needs no person."""
    if not told.is_held or least is None or least <= told.entry.push.value:
        return told.result
    return replace(told.result, least=least, parks=False)


def refused(push: QuantityPush, message: str, *, parks: bool = False) -> PushResult:
    """Nothing of it was applied."""
    return PushResult(push_id=push.push_id, outcome=Outcome.REFUSED, message=message, parks=parks)


def unknown(push: QuantityPush, message: str) -> PushResult:
    """It may have been applied."""
    return PushResult(push_id=push.push_id, outcome=Outcome.UNKNOWN, message=message)
