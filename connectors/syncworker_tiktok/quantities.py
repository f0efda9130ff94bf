"""How do numbers reach TikTok Shop? One product a request, each with the outcome of every SKU; pure.

What the answer does not settle is unknown, also beside "code 0".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from syncworker_tiktok.listings import PoolKey
from syncworker_tiktok.refusals import is_definite
from syncworker_tiktok.settings import QUANTITY_MAX


@dataclass(frozen=True, slots=True)
class Entry:
    """One push and the number it is for."""

    push: QuantityPush
    key: PoolKey


@dataclass(frozen=True, slots=True)
class Parcel:
    """The pushes of one request: SKUs of one product."""

    product_id: str
    entries: tuple[Entry, ...]

    def body(self) -> Json:
        """The SKUs as the update takes them; one that lies in several warehouses has them together."""
        skus: dict[str, list[Json]] = {}
        for entry in self.entries:
            row: Json = {"warehouse_id": entry.key.warehouse_id, "quantity": entry.push.value}
            skus.setdefault(entry.key.sku_id, []).append(row)
        return [{"id": sku_id, "inventory": rows} for sku_id, rows in skus.items()]

    def by_sku(self) -> list[Parcel]:
        """The same, one SKU a request."""
        skus: dict[str, list[Entry]] = {}
        for entry in self.entries:
            skus.setdefault(entry.key.sku_id, []).append(entry)
        return [Parcel(self.product_id, tuple(entries)) for entries in skus.values()]


def parcels(pushes: Sequence[QuantityPush]) -> tuple[list[Parcel], list[PushResult]]:
    """The least requests that carry these pushes, and what can never be sent."""
    products: dict[str, list[Entry]] = {}
    unfit = []
    for push in pushes:
        key = PoolKey.read(push.pool_key)
        problem = _problem(push, key)
        if key is None or problem:
            unfit.append(refused(push, f"not sent: {problem}", parks=key is None))
        else:
            products.setdefault(key.product_id, []).append(Entry(push, key))
    return [Parcel(product_id, tuple(entries)) for product_id, entries in products.items()], unfit


def _problem(push: QuantityPush, key: PoolKey | None) -> str:
    if key is None:
        return f"{push.pool_key!r} is no number of a TikTok Shop"
    if push.kind is not QuantityMode.SET:
        return f"TikTok Shop takes set, not {push.kind}"
    if not 0 <= push.value <= QUANTITY_MAX:
        return f"TikTok Shop takes 0 to {QUANTITY_MAX}"
    return ""


def results(data: Document, parcel: Parcel) -> list[PushResult]:
    """The outcome of each push: applied if the answer tells no error at all.

    Whether the SKUs that are not named beside an error were applied is said nowhere, and its sample does not show it.
    """
    try:
        failures = _failures(data, {entry.key.sku_id for entry in parcel.entries})
    except MalformedAnswerError as error:
        return [unknown(entry.push, f"the answer cannot be read: {error}") for entry in parcel.entries]
    return [_result(entry, failures) for entry in parcel.entries]


@dataclass(frozen=True, slots=True)
class _Failure:
    """What the answer says of one SKU."""

    codes: set[int]
    #: Empty: of all its warehouses.
    warehouses: set[str]
    words: str


def _failures(data: Document, sent: set[str]) -> dict[str, _Failure]:
    """The errors by SKU. One that cannot be told to a SKU that we sent makes the whole answer unreadable."""
    found: dict[str, _Failure] = {}
    errors = None if data.is_null() else data.get("errors")
    for error in () if errors is None else errors.items():
        detail = error["detail"]
        sku_id = detail["sku_id"].text()
        if sku_id not in sent or sku_id in found:
            detail.fail("is about no SKU that was sent, or about one twice")
        extras = detail.get("extra_errors")
        rows = [] if extras is None else list(extras.items())
        found[sku_id] = _Failure(
            codes={row["code"].whole(most=10**12) for row in (error, *rows)},
            warehouses={row["warehouse_id"].text() for row in rows},
            words="; ".join(_words(row) for row in (error, *rows)),
        )
    return found


def _words(row: Document) -> str:
    message = row.get("message")
    return f"{row['code'].shown()}: {'' if message is None else message.shown()}"


def _result(entry: Entry, failures: Mapping[str, _Failure]) -> PushResult:
    if not failures:
        return PushResult(push_id=entry.push.push_id, outcome=Outcome.APPLIED)
    failure = failures.get(entry.key.sku_id)
    if failure is None:
        return unknown(entry.push, "another SKU of its product failed")
    is_ours = not failure.warehouses or entry.key.warehouse_id in failure.warehouses
    if is_definite(failure.codes) and is_ours:
        return refused(entry.push, failure.words, parks=True)
    # Nothing says whether a warehouse that failed keeps the others of its SKU from being applied.
    return unknown(entry.push, failure.words)


def refused(push: QuantityPush, message: str, *, parks: bool = False) -> PushResult:
    """Nothing of it was applied."""
    return PushResult(push_id=push.push_id, outcome=Outcome.REFUSED, message=message, parks=parks)


def unknown(push: QuantityPush, message: str) -> PushResult:
    """It may have been applied."""
    return PushResult(push_id=push.push_id, outcome=Outcome.UNKNOWN, message=message)
