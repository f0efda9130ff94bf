"""How far is each walk over a channel's feeds, and up to where is everything recorded?

A pull is one row; its progress and the watermark move with the orders of each page, in one transaction. The watermark
never moves back and never stands beyond something that is not stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from syncworker.core.exposure import PullProof
from syncworker.ledger.channels import ChannelRecord, next_sequence
from syncworker.ledger.ledger import Snapshot, Transaction
from syncworker.ledger.rows import columns, parameters
from syncworker.ledger.schema import cursor, pull
from syncworker.ledger.upsert import insert_for

#: How far back the first pull of a channel reaches: every unshipped order reserves, however old.
FIRST_REACH = timedelta(days=90)
#: An unfinished pull that has not moved for so long is given up, since its place may be none any more; a new one begins at
#: the watermark. How long the channel wanted to be left alone does not count.
LONGEST_REST = timedelta(minutes=10)
#: So is one that goes on for longer than this: a walk that never ends.
LONGEST_PULL = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedProgress:
    """How far one feed has been walked; ``cursor`` is where its next page starts."""

    since: datetime
    cursor: str | None = None
    done: bool = False
    #: When its last page was recorded.
    moved_at: datetime | None = None
    #: Up to when the channel wants to be left alone before its next page.
    rests_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRecord:
    """One row of ``pull``."""

    id: str
    channel: str
    sequence: int
    began_at: datetime
    feeds: Mapping[str, FeedProgress]
    pages: int = 0
    orders: int = 0
    whole: bool = False
    finished_at: datetime | None = None
    error: str | None = None

    @property
    def moved_at(self) -> datetime:
        """When it last went on, or will be free to."""
        told = [moment for feed in self.feeds.values() for moment in (feed.moved_at, feed.rests_until)]
        return max([self.began_at, *(moment for moment in told if moment is not None)])

    @property
    def proof(self) -> PullProof:
        """As far as it can settle a pool."""
        return PullProof(sequence=self.sequence, began_at=self.began_at, whole=self.whole)

    def next_feed(self) -> tuple[str, FeedProgress] | None:
        """The feed to go on with; ``None`` when all have been walked to their end."""
        return next(((name, feed) for name, feed in self.feeds.items() if not feed.done), None)


# Built once: every pull and page asks for them.
_OF_CHANNEL = sa.select(pull).where(pull.c.channel == sa.bindparam("channel"))
_UNFINISHED = _OF_CHANNEL.where(pull.c.sequence == sa.bindparam("sequence"), pull.c.finished_at.is_(None))
_LATEST = _OF_CHANNEL.order_by(pull.c.sequence.desc()).limit(1)
_LATEST_WHOLE = _LATEST.where(pull.c.whole)
_WATERMARKS = sa.select(cursor.c.feed, cursor.c.watermark).where(cursor.c.channel == sa.bindparam("channel"))
_BEGIN = sa.insert(pull)
_MOVE = (
    sa.update(pull)
    .where(pull.c.id == sa.bindparam("b_id"))
    .values(parameters("progress", "pages", "orders", "whole", "finished_at", "error"))
)


def begin_or_continue(tx: Transaction, channel: ChannelRecord, pull_id: str) -> PullRecord:
    """Go on with the channel's unfinished pull unless it rested for too long, else begin a new one.

    However long a backlog is, it is walked once: were it given up while it goes on, a feed in no order of time, whose
    watermark stays where it was, would begin again for ever.
    """
    asked = {"channel": channel.name, "sequence": channel.pull_sequence}
    row = tx.execute(_UNFINISHED, asked).mappings().one_or_none()
    unfinished = None if row is None else _record(row)
    if unfinished is not None and _goes_on(unfinished, channel, tx.now):
        return unfinished
    record = PullRecord(
        id=pull_id,
        channel=channel.name,
        sequence=next_sequence(tx, channel.name),
        began_at=tx.now,
        feeds={feed: FeedProgress(since=_since(tx, channel, feed)) for feed in channel.feeds},
    )
    tx.execute(
        _BEGIN,
        {
            "id": record.id,
            "channel": record.channel,
            "sequence": record.sequence,
            "began_at": record.began_at,
            "progress": _stored(record.feeds),
        },
    )
    return record


def record_page(
    tx: Transaction,
    record: PullRecord,
    feed: str,
    *,
    next_cursor: str | None,
    newest: datetime | None,
    orders: int,
) -> PullRecord:
    """One page of ``feed`` is recorded: move its progress, and the watermark to ``newest`` change seen.

    The watermark goes no further than the moment at which the pull began: a change of before that may have been listed
    only after its page was passed, and the overlap reaches back from there. Nor does a date in the future move it.

    When it was the last page of the last feed the pull is whole and finished.
    """
    progress = replace(
        record.feeds[feed], cursor=next_cursor, done=next_cursor is None, moved_at=tx.now, rests_until=None
    )
    feeds = {**record.feeds, feed: progress}
    whole = all(each.done for each in feeds.values())
    moved = replace(
        record,
        feeds=feeds,
        pages=record.pages + 1,
        orders=record.orders + orders,
        whole=whole,
        finished_at=tx.now if whole else None,
        error=None,
    )
    tx.execute(
        _MOVE,
        {
            "b_id": record.id,
            "progress": _stored(feeds),
            "pages": moved.pages,
            "orders": moved.orders,
            "whole": whole,
            "finished_at": moved.finished_at,
            "error": None,
        },
    )
    if newest is not None:
        _advance(tx, record.channel, feed, min(newest, record.began_at))
    return moved


def record_failure(tx: Transaction, pull_id: str, error: str, *, goes_on_at: datetime | None = None) -> None:
    """The pull ends here, not whole, and the next one begins at the watermark; or it goes on where it is, at that moment."""
    values: dict[str, object] = {"finished_at": tx.now}
    if goes_on_at is not None:
        record = _record(tx.execute(sa.select(pull).where(pull.c.id == pull_id)).mappings().one())
        values = {"finished_at": None, "progress": _stored(_rested(record, goes_on_at))}
    tx.execute(sa.update(pull).where(pull.c.id == pull_id).values(error=error[:500], whole=False, **values))


def _rested(record: PullRecord, until: datetime) -> dict[str, FeedProgress]:
    upcoming = record.next_feed()
    if upcoming is None:
        return dict(record.feeds)
    name, progress = upcoming
    return {**record.feeds, name: replace(progress, rests_until=until)}


def latest(tx: Snapshot, channel: str, *, whole: bool = False) -> PullRecord | None:
    """The channel's latest pull, or its latest whole one."""
    row = tx.execute(_LATEST_WHOLE if whole else _LATEST, {"channel": channel}).mappings().one_or_none()
    return None if row is None else _record(row)


def watermarks(tx: Snapshot, channel: str) -> dict[str, datetime]:
    """Up to where each feed of the channel is recorded."""
    rows = tx.execute(_WATERMARKS, {"channel": channel})
    return {row.feed: row.watermark for row in rows}


def _goes_on(record: PullRecord, channel: ChannelRecord, now: datetime) -> bool:
    rested_from = max(record.moved_at, channel.not_before or record.moved_at)
    return rested_from > now - LONGEST_REST and record.began_at > now - LONGEST_PULL


def _since(tx: Snapshot, channel: ChannelRecord, feed: str) -> datetime:
    """Where the next walk of the feed starts: an overlap before the watermark, since an order may be listed late."""
    watermark = watermarks(tx, channel.name).get(feed)
    if watermark is None:
        return channel.connected_at - FIRST_REACH
    return watermark - channel.rules.visibility_lag - channel.rules.clock_skew


def _advance(tx: Transaction, channel: str, feed: str, newest: datetime) -> None:
    tx.execute(_advancing(tx.dialect), {"channel": channel, "feed": feed, "watermark": newest})


@cache
def _advancing(dialect: str) -> sa.Insert:
    insert = insert_for(dialect, cursor)
    return insert.on_conflict_do_update(
        index_elements=["channel", "feed"],
        set_={"watermark": insert.excluded.watermark},
        where=cursor.c.watermark < insert.excluded.watermark,
    )


def _stored(feeds: Mapping[str, FeedProgress]) -> dict[str, dict[str, object]]:
    return {
        name: {
            "since": feed.since.isoformat(),
            "cursor": feed.cursor,
            "done": feed.done,
            "moved_at": _written(feed.moved_at),
            "rests_until": _written(feed.rests_until),
        }
        for name, feed in feeds.items()
    }


def _record(row: RowMapping) -> PullRecord:
    values = columns(row)
    stored = values.pop("progress")
    feeds = {
        name: FeedProgress(
            since=datetime.fromisoformat(each["since"]),
            cursor=each["cursor"],
            done=each["done"],
            # Rows of before these were noted have none.
            moved_at=_read(each.get("moved_at")),
            rests_until=_read(each.get("rests_until")),
        )
        for name, each in stored.items()
    }
    return PullRecord(feeds=feeds, **values)


def _written(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _read(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
