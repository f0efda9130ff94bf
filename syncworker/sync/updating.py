"""What changed in what the listings say, and did the channel take it? One call a listing, each answer recorded with it.

Single flight per channel, beside pushes and never in their way: what is refused here, or fails here, closes no gate.
A call whose outcome is unknown is made again, for the same contents twice are the same contents.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from syncworker.connector.abilities import UpdatesListings
from syncworker.errors import (
    ChannelMisconfiguredError,
    LeaseLostError,
    ListingRejectedError,
    RequestRefusedError,
    RetryLaterError,
)
from syncworker.ledger import channels, contents, incidents, jobs
from syncworker.ledger.channels import ChannelRecord, ChannelState
from syncworker.ledger.incidents import IncidentKind
from syncworker.ledger.jobs import JobKind, Lease
from syncworker.ledger.ledger import Transaction
from syncworker.ledger.listings import ListingRecord
from syncworker.sync.contents import ContentsPlan, plan_contents
from syncworker.sync.context import Context, log
from syncworker.sync.failure import record_failure
from syncworker.sync.lease import lease_s
from syncworker.sync.showing import may_be_hidden, prepare_to_show, shown_again

#: Listings looked at in one task; what is left is found again by the tick.
LISTINGS_PER_TASK = 200
#: Calls in a row without a usable answer after which the channel is left alone for a while.
MOST_FAILURES = 3
PAUSE = timedelta(seconds=60)


@dataclass(slots=True, kw_only=True)
class ContentsReport:
    """What one task did; listings by the channel's own id."""

    channel: str
    updated: list[str] = field(default_factory=list)
    #: Refused by the channel, or by ourselves since it cannot be meant.
    refused: list[str] = field(default_factory=list)
    #: Without a usable answer: sent again.
    unclear: list[str] = field(default_factory=list)

    @property
    def did_anything(self) -> bool:
        """Whether any listing was told, or could not be."""
        return bool(self.updated or self.refused or self.unclear)


@dataclass(frozen=True, slots=True)
class _Begun:
    lease: Lease
    channel: ChannelRecord
    plans: Sequence[ContentsPlan]


def update_contents(context: Context, name: str) -> ContentsReport | None:
    """Tell the channel what changed; ``None`` if there is nothing to tell, or nothing may be told now.

    Never raises for a fault of the channel: it is recorded.
    """
    begun = context.ledger.run(lambda tx: _begin(tx, context, name))
    if begun is None:
        return None
    report = ContentsReport(channel=name)
    try:
        error = _tell(context, begun, report)
        context.ledger.run(lambda tx: _end(tx, begun, error))
    except LeaseLostError:
        log.warning("contents_taken_over", channel=name)
    return report if report.did_anything else None


def _begin(tx: Transaction, context: Context, name: str) -> _Begun | None:
    channel = channels.load(tx, name)
    if channel.state is not ChannelState.LIVE:
        return None
    lease = jobs.claim(tx, name, JobKind.CONTENTS, token=context.new_id(), seconds=lease_s(channel.rules))
    if lease is None:
        return None
    plans = plan_contents(tx, channel, contents.to_be_sent(tx, name, most=LISTINGS_PER_TASK))
    told: list[ContentsPlan] = []
    open_ones: list[ContentsPlan] = []
    for plan in plans:
        is_open = plan.problem is not None or (plan.difference and not plan.is_refused_already)
        (open_ones if is_open else told).append(plan)
    contents.looked_at(tx, [plan.record for plan in told])
    for plan in told:
        if not plan.difference and plan.record.refused is not None:
            contents.forgive(tx, plan.record)
            incidents.close_incident(tx, IncidentKind.LISTING_REFUSED, refusal_subject(plan.record))
    if not open_ones:
        jobs.release(tx, lease)
        return None
    return _Begun(lease, channel, open_ones)


def _tell(context: Context, begun: _Begun, report: ContentsReport) -> Exception | None:
    """Make the calls; the error for which the rest waits, if there is one."""
    failures, last = 0, None
    try:
        port = context.open_channel(begun.channel.name)
        if not isinstance(port, UpdatesListings):
            return None
        for plan in begun.plans:
            last = _tell_one(context, begun, port, plan, report)
            failures = 0 if last is None else failures + 1
            if failures == MOST_FAILURES:
                break
    except LeaseLostError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a connector raises harms its own channel alone
        return error
    return last


def _tell_one(
    context: Context, begun: _Begun, port: UpdatesListings, plan: ContentsPlan, report: ContentsReport
) -> Exception | None:
    """One listing; an error that leaves open what became of it. Raises what concerns every listing alike."""
    listing_id = plan.record.external_id
    if plan.problem is not None:
        problem = plan.problem
        context.ledger.run(lambda tx: _refused(tx, begun, plan, problem))
        report.refused.append(listing_id)
        return None
    if not context.ledger.run(lambda tx: _prepare(tx, begun, plan)):
        return None
    try:
        port.update_listing(plan.update)
    except (RetryLaterError, ChannelMisconfiguredError):
        raise
    except (ListingRejectedError, RequestRefusedError) as error:
        words = str(error) or repr(error)
        context.ledger.run(lambda tx: _refused(tx, begun, plan, words))
        report.refused.append(listing_id)
        return None
    except Exception as error:  # noqa: BLE001 - a stranger's code; it may have been changed
        words = str(error) or repr(error)
        context.ledger.run(lambda tx: _unclear(tx, begun, plan, words))
        report.unclear.append(listing_id)
        return error
    context.ledger.run(lambda tx: _accepted(tx, begun, plan))
    report.updated.append(listing_id)
    return None


def _prepare(tx: Transaction, begun: _Begun, plan: ContentsPlan) -> bool:
    """Right before the call; False while the listing's number hinders it: not at 0 yet, or on its way."""
    jobs.confirm(tx, begun.lease, seconds=lease_s(begun.channel.rules))
    if plan.difference.get("active") is False:
        return may_be_hidden(tx, begun.channel, plan.record)
    if plan.difference.get("active"):
        return prepare_to_show(tx, begun.channel, plan.record)
    return True


def _accepted(tx: Transaction, begun: _Begun, plan: ContentsPlan) -> None:
    contents.accepted(tx, plan.record, plan.sent)
    incidents.close_incident(tx, IncidentKind.LISTING_REFUSED, refusal_subject(plan.record))
    if plan.difference.get("active"):
        shown_again(tx, begun.channel, plan.record, is_certain=True)


def _refused(tx: Transaction, begun: _Begun, plan: ContentsPlan, words: str) -> None:
    # What we did not even ask for was not refused: whatever is wanted next is sent.
    contents.refused(tx, plan.record, {} if plan.problem is not None else plan.wanted, words)
    facts = {
        "channel": begun.channel.name,
        "listing": plan.record.external_id,
        "sku": plan.record.sku,
        "message": words,
        "fields": sorted(plan.difference),
    }
    incidents.open_incident(tx, IncidentKind.LISTING_REFUSED, refusal_subject(plan.record), facts)


def _unclear(tx: Transaction, begun: _Begun, plan: ContentsPlan, words: str) -> None:
    contents.unanswered(tx, plan.record, plan.difference, words)
    if plan.difference.get("active"):
        shown_again(tx, begun.channel, plan.record, is_certain=False)


def _end(tx: Transaction, begun: _Begun, error: Exception | None) -> None:
    """Give the job back; where it failed, after a pause of its own, and people see why."""
    name = begun.channel.name
    jobs.confirm(tx, begun.lease, seconds=lease_s(begun.channel.rules))
    if error is None:
        incidents.close_incident(tx, IncidentKind.FAILING, failure_subject(name))
        jobs.release(tx, begun.lease)
        return
    if isinstance(error, RetryLaterError):
        jobs.release(tx, begun.lease, due_at=record_failure(tx, begun.channel, error))
        return
    facts: dict[str, object] = {"channel": name, "error": str(error) or repr(error)}
    incidents.open_incident(tx, IncidentKind.FAILING, failure_subject(name), facts)
    jobs.release(tx, begun.lease, due_at=tx.now + PAUSE)


def refusal_subject(record: ListingRecord) -> str:
    """What an incident about refused contents is about."""
    return f"listing/{record.channel}/{record.external_id}"


def failure_subject(name: str) -> str:
    """What an incident about a channel that takes no contents at all is about."""
    return f"channel/{name}/contents"
