"""How do numbers reach Shopee? One item a request, each with the outcome of every model; pure.

What the answer does not settle is unknown: a model that it names nowhere, or a reason that proves nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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

#: What a refusal says that a person can wait out, and the engine cannot.
HELD = "a promotion holds units of it: the number cannot go below them, or change at all, until it ends"
#: Meanings that leave an item to a person.
PARKING = frozenset((Meaning.PROMOTION, Meaning.ITEM))


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


def results(envelope: Document, parcel: Parcel) -> list[PushResult]:
    """The outcome of each push: applied if its model and place stand among the successes, refused for a known reason."""
    try:
        data = envelope.get("response")
        failed = _failures(data)
        done = _successes(data)
    except MalformedAnswerError as error:
        return [unknown(entry.push, f"the answer cannot be read: {error}") for entry in parcel.entries]
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


def _result(entry: Entry, failed: dict[str, str], done: _Echoes, *, is_alone: bool) -> PushResult:
    place = (entry.key.model_id, entry.key.location_id)
    reason = failed.get(entry.key.model_id)
    if reason is None:
        if place not in done and is_alone:
            place = (entry.key.model_id, None)
        if place not in done:
            return unknown(entry.push, "the answer does not name it")
        return PushResult(push_id=entry.push.push_id, outcome=Outcome.APPLIED, echo=done[place])
    meaning = meaning_of_part(reason)
    is_contradicted = any(model_id == entry.key.model_id for model_id, _ in done)
    # Nothing says whether a place of a model that failed keeps its others from being applied.
    if meaning not in PARKING or is_contradicted or not is_alone:
        return unknown(entry.push, reason)
    return refused(entry.push, in_words(meaning, reason), parks=True)


def in_words(meaning: Meaning, said: str) -> str:
    """Shopee's words, and what they mean where a promotion is behind them."""
    return f"{HELD} ({said})" if meaning is Meaning.PROMOTION else said


def refused(push: QuantityPush, message: str, *, parks: bool = False) -> PushResult:
    """Nothing of it was applied."""
    return PushResult(push_id=push.push_id, outcome=Outcome.REFUSED, message=message, parks=parks)


def unknown(push: QuantityPush, message: str) -> PushResult:
    """It may have been applied."""
    return PushResult(push_id=push.push_id, outcome=Outcome.UNKNOWN, message=message)
