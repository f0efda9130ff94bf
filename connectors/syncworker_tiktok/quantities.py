"""How do numbers reach TikTok Shop? One product a request, each with the outcome of every SKU; pure.

What the answer does not settle is unknown, also beside "code 0".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from syncworker.connector import (
    Document,
    Entry,
    Json,
    MalformedAnswerError,
    Outcome,
    Parcel,
    PushResult,
    QuantityMode,
    QuantityPush,
    RequestRefusedError,
    addressed,
    applied,
    parcelled,
    refused,
    unknown,
)
from syncworker_tiktok.listings import PoolKey
from syncworker_tiktok.refusals import Meaning, is_definite, meaning
from syncworker_tiktok.settings import QUANTITY_MAX


def entries(pushes: Sequence[QuantityPush]) -> tuple[list[Entry[PoolKey]], list[PushResult]]:
    """What can be sent, and what can never be."""
    return addressed(pushes, PoolKey.read, channel="TikTok Shop", mode=QuantityMode.SET, most=QUANTITY_MAX)


def parcels(sent: Sequence[Entry[PoolKey]], alone: Collection[str] = ()) -> list[Parcel[PoolKey]]:
    """The least requests that carry these, where the SKUs in ``alone`` go each by itself."""
    together = [entry for entry in sent if entry.key.sku_id not in alone]
    apart = [entry for entry in sent if entry.key.sku_id in alone]
    return [*_grouped(together), *(single for one in _grouped(apart) for single in one.by_row())]


def _grouped(sent: Sequence[Entry[PoolKey]]) -> list[Parcel[PoolKey]]:
    return parcelled(sent, of=lambda key: key.product_id, row=lambda key: key.sku_id)


def unsaid(parcel: Parcel[PoolKey], results: Iterable[PushResult]) -> set[str]:
    """SKUs of which an answer says nothing sure because of another one in the same request."""
    if len(parcel.rows) < 2:
        return set()
    unsure = {one.push_id for one in results if one.outcome is Outcome.UNKNOWN}
    return {entry.key.sku_id for entry in parcel.entries if entry.push.push_id in unsure}


def body(parcel: Parcel[PoolKey]) -> Json:
    """The SKUs as the update takes them; one that lies in several warehouses has them together."""
    return [{"id": row[0].key.sku_id, "inventory": [_number(entry) for entry in row]} for row in parcel.rows]


def _number(entry: Entry[PoolKey]) -> Json:
    return {"warehouse_id": entry.key.warehouse_id, "quantity": entry.push.value}


def results(data: Document, parcel: Parcel[PoolKey]) -> list[PushResult]:
    """The outcome of each push: applied if the answer tells no error at all.

    Whether the SKUs that are not named beside an error were applied is said nowhere, and its sample does not show it.
    """
    try:
        failures = _failures(data, {entry.key.sku_id for entry in parcel.entries})
    except MalformedAnswerError as error:
        return [unknown(entry.push, f"the answer cannot be read: {error}") for entry in parcel.entries]
    return [_result(entry, failures) for entry in parcel.entries]


def turned_down(parcel: Parcel[PoolKey], error: RequestRefusedError) -> list[PushResult] | None:
    """A request that was refused as a whole. ``None``: because of its product, before any effect, so each SKU may go alone.

    A code that is said of one SKU does not tell that the others were left as they are.
    """
    said = meaning(int(error.code), "") if error.code.isdecimal() else Meaning.REQUEST
    is_alone = len(parcel.rows) == 1
    if said is Meaning.ITEM and not is_alone:
        words = f"refused because of one of its SKUs, and of the others nothing is said: {error}"
        return [unknown(entry.push, words) for entry in parcel.entries]
    if said is Meaning.PRODUCT and not is_alone:
        return None
    parks = said in (Meaning.ITEM, Meaning.PRODUCT)
    return [refused(entry.push, str(error), parks=parks) for entry in parcel.entries]


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


def _result(entry: Entry[PoolKey], failures: Mapping[str, _Failure]) -> PushResult:
    if not failures:
        return applied(entry.push)
    failure = failures.get(entry.key.sku_id)
    if failure is None:
        return unknown(entry.push, "another SKU of its product failed")
    is_ours = not failure.warehouses or entry.key.warehouse_id in failure.warehouses
    if is_definite(failure.codes) and is_ours:
        return refused(entry.push, failure.words, parks=True)
    # Nothing says whether a warehouse that failed keeps the others of its SKU from being applied.
    return unknown(entry.push, failure.words)
