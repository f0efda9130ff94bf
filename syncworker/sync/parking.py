"""How does a person let something be tried again that a channel refused? Numbers and contents, from the same list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from syncworker.errors import InputError
from syncworker.ledger import channels, incidents, pools, shelves
from syncworker.ledger.incidents import IncidentKind
from syncworker.ledger.ledger import Transaction
from syncworker.sync import showing


@dataclass(frozen=True, slots=True, kw_only=True)
class Retried:
    """How many of each sort are tried again."""

    numbers: int
    contents: int


def retry_parked(tx: Transaction, *, channel: str | None = None) -> Retried:
    """Try everything again that is parked, at this channel or anywhere."""
    numbers = _walk_numbers(tx, channel)
    wanted: dict[str, set[str]] = {}
    for one in shelves.refused_contents(tx, channel=channel, most=shelves.EVERYTHING):
        if one.sku is not None:
            wanted.setdefault(one.channel, set()).add(one.sku)
    for name, skus in sorted(wanted.items()):
        showing.retry(tx, name, sorted(skus))
    return Retried(numbers=numbers, contents=sum(len(skus) for skus in wanted.values()))


def retry_named(tx: Transaction, names: Sequence[str]) -> Retried:
    """Try these again, each ``CHANNEL/SKU``; InputError, and nothing changed, if one of them is not parked."""
    numbers = contents = 0
    for name in names:
        channel, slash, sku = name.partition("/")
        if not slash or not sku:
            raise InputError(f"{name!r} is no CHANNEL/SKU, for instance tiktok/BIN-BAMBU.")
        channels.load(tx, channel)
        stuck = [one.id for one in pools.of_skus(tx, [sku]).values() if one.channel == channel and one.parked]
        refused = shelves.refused_contents(tx, channel=channel, sku=sku)
        if not stuck and not refused:
            raise InputError(f"{name} is not parked. See `syncworker parked list`.")
        _take_up(tx, stuck)
        if refused:
            showing.retry(tx, channel, [sku])
        numbers, contents = numbers + len(stuck), contents + len(refused)
    return Retried(numbers=numbers, contents=contents)


def _walk_numbers(tx: Transaction, channel: str | None) -> int:
    found = [one.pool_id for one in shelves.parked(tx, channel=channel, most=shelves.EVERYTHING)]
    _take_up(tx, found)
    return len(found)


def _take_up(tx: Transaction, pool_ids: Sequence[str]) -> None:
    """The allocator looks at them again; locked in order."""
    for record in pools.load(tx, pool_ids, lock=True).values():
        pools.update(tx, record.id, parked=None, refusals=0, not_before=None)
        incidents.close_incident(tx, IncidentKind.PARKED, f"pool/{record.id}")
    pools.mark_dirty(tx, pool_ids)
