"""What does the channel list by now, though nobody asked? A look once a day, so that an unlinked listing of ours is named.

Single flight per channel. It links nothing, except what we listed ourselves; a failure is told and closes no gate.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from syncworker.errors import LeaseLostError, RetryLaterError
from syncworker.ledger import channels, incidents, jobs, listings
from syncworker.ledger.channels import ChannelRecord
from syncworker.ledger.incidents import IncidentKind
from syncworker.ledger.jobs import JobKind, Lease
from syncworker.ledger.ledger import Transaction
from syncworker.sync.context import Context, log
from syncworker.sync.failure import record_failure
from syncworker.sync.lease import lease_s
from syncworker.sync.listings import discover

#: Listings that could not be seen are looked for again after this long.
PAUSE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingsReport:
    """What one look found."""

    channel: str
    listings: int
    #: Listings with a SKU of ours that are not linked.
    not_linked: int


def watch_listings(context: Context, name: str) -> ListingsReport | None:
    """Look through the channel's listings; ``None`` if somebody else is at it or they cannot be seen now.

    Never raises for a fault of the channel: it is recorded.
    """
    begun = context.ledger.run(lambda tx: _begin(tx, context, name))
    if begun is None:
        return None
    channel, lease = begun
    seconds = lease_s(channel.rules)
    try:
        count = discover(context, name, on_page=lambda tx: jobs.confirm(tx, lease, seconds=seconds))
    except LeaseLostError:
        log.warning("listings_taken_over", channel=name)
        return None
    except Exception as error:  # noqa: BLE001 - whatever a connector raises harms its own channel alone
        failure = error
        context.ledger.run(lambda tx: _failed(tx, channel, lease, failure))
        return None
    return context.ledger.run(lambda tx: _end(tx, name, lease, count))


def _begin(tx: Transaction, context: Context, name: str) -> tuple[ChannelRecord, Lease] | None:
    channel = channels.load(tx, name)
    seconds = lease_s(channel.rules)
    lease = jobs.claim(tx, name, JobKind.LISTINGS, token=context.new_id(), seconds=seconds)
    return None if lease is None else (channel, lease)


def _end(tx: Transaction, name: str, lease: Lease, count: int) -> ListingsReport:
    """When it is due again `listings.discover` has said."""
    jobs.release(tx, lease)
    incidents.close_incident(tx, IncidentKind.FAILING, _subject(name))
    return ListingsReport(
        channel=name, listings=count, not_linked=len(listings.suggestions(tx, channel=name))
    )


def _failed(tx: Transaction, channel: ChannelRecord, lease: Lease, error: Exception) -> None:
    if isinstance(error, RetryLaterError):
        jobs.release(tx, lease, due_at=max(tx.now + PAUSE, record_failure(tx, channel, error)))
        return
    facts = {"channel": channel.name, "error": str(error) or repr(error)}
    incidents.open_incident(tx, IncidentKind.FAILING, _subject(channel.name), facts)
    jobs.release(tx, lease, due_at=tx.now + PAUSE)


def _subject(name: str) -> str:
    return f"channel/{name}/listings"
