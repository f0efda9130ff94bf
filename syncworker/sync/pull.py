"""What was sold, cancelled, shipped at a channel since we last asked? Pages in, each recorded with its cursor.

Single flight per channel; a crash anywhere repeats a page and finds it known.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from syncworker.connector.contract import OrderPage
from syncworker.errors import LeaseLostError, MalformedAnswerError, RetryLaterError
from syncworker.ledger import channels, jobs, pulls
from syncworker.ledger.channels import ChannelRecord
from syncworker.ledger.jobs import JobKind, Lease
from syncworker.ledger.ledger import Transaction
from syncworker.ledger.pulls import PullRecord
from syncworker.sync.acknowledging import acknowledge, nothing_waits
from syncworker.sync.context import Context, log
from syncworker.sync.failure import record_failure, record_success
from syncworker.sync.incidents import forget_lateness, review_bounds, review_lateness
from syncworker.sync.ingest import ingest
from syncworker.sync.lease import lease_s
from syncworker.sync.numbers import review_moves
from syncworker.sync.settle import settle

#: Pages in one task; a longer backlog goes on in the next, so that no task runs for minutes.
PAGES_PER_TASK = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class PullReport:
    """What one pull task did."""

    channel: str
    pages: int
    #: Orders that were new or different.
    orders: int
    #: Every feed has been walked to its end.
    whole: bool


@dataclass(frozen=True, slots=True)
class _Begun:
    lease: Lease
    channel: ChannelRecord
    pull: PullRecord


def pull_orders(context: Context, name: str) -> PullReport | None:
    """Pull what changed at the channel; ``None`` if somebody else is at it, or the channel wants to be left alone.

    Never raises for a fault of the channel: it is recorded, and its gate closes for a while.
    """
    begun = context.ledger.run(lambda tx: _begin(tx, context, name))
    if begun is None:
        return None
    try:
        walked = _walk(context, begun)
    except LeaseLostError:
        log.warning("pull_taken_over", channel=name, sequence=begun.pull.sequence)
        return None
    except Exception as error:  # noqa: BLE001 - whatever a connector raises harms its own channel alone
        _failed(context, begun, error)
        return None
    return PullReport(channel=name, pages=walked.pages, orders=walked.orders, whole=walked.whole)


def _begin(tx: Transaction, context: Context, name: str) -> _Begun | None:
    channel = channels.load(tx, name)
    if not channel.feeds:
        return None
    lease = jobs.claim(tx, name, JobKind.PULL, token=context.new_id(), seconds=lease_s(channel.rules))
    if lease is None:
        return None
    return _Begun(lease, channel, pulls.begin_or_continue(tx, channel, context.new_id()))


def _walk(context: Context, begun: _Begun) -> PullRecord:
    port = context.open_channel(begun.channel.name)
    record, previous, has_waited = begun.pull, None, begun.pull.pages > 0
    for page_number in range(PAGES_PER_TASK):
        feed = record.next_feed()
        if feed is None:
            break
        name, progress = feed
        page = port.list_orders(name, since=progress.since, cursor=progress.cursor)
        _refuse_repeats(page, previous, cursor=progress.cursor)
        is_last_page = page_number == PAGES_PER_TASK - 1
        record = _recorded(context, begun, record, name, page, is_last_page=is_last_page)
        has_waited = acknowledge(context, port, begun.channel.name, page.orders) or has_waited
        previous = page if page.next_cursor is not None else None
    if record.whole and not has_waited:
        nothing_waits(context, begun.channel.name)
    return record


def _refuse_repeats(page: OrderPage, previous: OrderPage | None, *, cursor: str | None) -> None:
    """A walk that goes nowhere ends as a fault of the channel, never as an endless loop or a whole pull."""
    same = previous is not None and page.orders and page.orders == previous.orders
    if same or (cursor is not None and page.next_cursor == cursor):
        raise MalformedAnswerError(
            "The channel answers the same page of orders again and again.", path="next_cursor"
        )


def _recorded(
    context: Context, begun: _Begun, record: PullRecord, feed: str, page: OrderPage, *, is_last_page: bool
) -> PullRecord:
    moved, concerned = context.ledger.run(
        lambda tx: _record(tx, begun, record, feed, page, is_last_page=is_last_page)
    )
    for channel in concerned:
        context.hint(channel, JobKind.PUSH)
    return moved


def _record(
    tx: Transaction, begun: _Begun, record: PullRecord, feed: str, page: OrderPage, *, is_last_page: bool
) -> tuple[PullRecord, set[str]]:
    jobs.confirm(tx, begun.lease, seconds=lease_s(begun.channel.rules))
    ingested = ingest(tx, begun.channel, page.orders)
    review_lateness(tx, begun.channel, ingested.new)
    newest = page.until or max((order.updated_at for order in page.orders), default=None)
    moved = pulls.record_page(
        tx, record, feed, next_cursor=page.next_cursor, newest=newest, orders=ingested.orders
    )
    concerned = set(ingested.channels)
    if moved.whole:
        concerned.update(settle(tx, begun.channel, moved.proof))
        review_bounds(tx, begun.channel)
        review_moves(tx, begun.channel.name)
        forget_lateness(tx, begun.channel)
        record_success(tx, begun.channel)
        due_at = begun.pull.began_at + timedelta(seconds=begun.channel.rules.poll_s)
        jobs.release(tx, begun.lease, due_at=max(due_at, tx.now))
    elif is_last_page:
        jobs.release(tx, begun.lease, due_at=tx.now)
    return moved, concerned


def _failed(context: Context, begun: _Begun, error: Exception) -> None:
    context.ledger.run(lambda tx: _fail(tx, begun, error))


def _fail(tx: Transaction, begun: _Begun, error: Exception) -> None:
    if not jobs.keep(tx, begun.lease, seconds=lease_s(begun.channel.rules)):
        return
    not_before = record_failure(tx, begun.channel, error)
    # The channel wants to be left alone for a while: the place where the walk is stays what it was.
    goes_on_at = not_before if isinstance(error, RetryLaterError) else None
    pulls.record_failure(tx, begun.pull.id, str(error) or repr(error), goes_on_at=goes_on_at)
    jobs.release(tx, begun.lease, due_at=not_before)
