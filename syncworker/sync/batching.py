"""Which pushes go to the connector together? Batches that cost the channel the fewest requests; nothing is sent here.

A connector may tell which numbers fit into one request (`abilities.SendsTogether`): those are not torn apart by the end of
a batch, for each part would take a request of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from syncworker.connector.abilities import SendsTogether
from syncworker.connector.contract import Channel
from syncworker.ledger.pushes import PushRecord
from syncworker.sync.context import log


def batches(
    port: Channel, records: Sequence[PushRecord], keys: Mapping[str, str], *, most: int
) -> list[tuple[PushRecord, ...]]:
    """All records, at most ``most`` in a batch, those first that come first, each with what belongs to it.

    ``keys``: the channel's key of each push's pool, by push id.
    """
    groups: dict[str, list[PushRecord]] = {}
    for record in records:
        groups.setdefault(_group(port, keys[record.id]), []).append(record)
    found: list[tuple[PushRecord, ...]] = []
    open_batch: list[PushRecord] = []
    for group in groups.values():
        for start in range(0, len(group), most):
            piece = group[start : start + most]
            if len(open_batch) + len(piece) > most:
                found.append(tuple(open_batch))
                open_batch = []
            open_batch += piece
    return [*found, tuple(open_batch)] if open_batch else found


def _group(port: Channel, pool_key: str) -> str:
    if not isinstance(port, SendsTogether):
        return ""
    try:
        return str(port.goes_with(pool_key))
    except Exception as error:  # noqa: BLE001 - a stranger's code; without its help there are more requests, no others
        log.warning("grouping_failed", pool_key=pool_key, reason=type(error).__name__)
        return ""
