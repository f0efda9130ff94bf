"""What changed at the channel? One page of one feed a call, mapped whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from syncworker.connector.answers import Answer, Json
from syncworker.connector.contract import ChannelOrder, OrderPage
from syncworker.connector.declarative.account import Account
from syncworker.connector.declarative.caller import Caller
from syncworker.connector.declarative.fields import Presence, condition, finder, reader, under
from syncworker.connector.declarative.manifest import Manifest
from syncworker.connector.declarative.order_tables import ExpandSpec, FeedSpec
from syncworker.connector.declarative.orders import order_mapping, rows_finder
from syncworker.connector.declarative.paging import Place, Seen, Walk
from syncworker.connector.declarative.request import BoundRequest
from syncworker.errors import MalformedAnswerError


class Feed:
    """One feed of one account."""

    def __init__(
        self,
        spec: FeedSpec,
        manifest: Manifest,
        caller: Caller,
        base_url: str,
        *,
        now: Callable[[], datetime],
    ) -> None:
        account, order = caller.account, spec.order or manifest.order
        if order is None:
            raise ValueError(f"feed {spec.name!r} has no order")
        values = account.open_values
        self._spec, self._caller, self._now = spec, caller, now
        self._request = BoundRequest(spec.request, account)
        self._walk = Walk(spec.paginate, spec.time, account, base_url)
        #: The rows of an answer's document.
        self.rows = rows_finder(finder(spec.items, values), spec.items.text)
        self._map = order_mapping(order, account)
        self._id = order.id.reader(values, kind="id", presence=Presence.REQUIRED)
        self._time = order.updated.reader(values, kind="datetime", presence=Presence.REQUIRED)
        self._clock = reader(spec.channel_time, values, kind="datetime", presence=Presence.OPTIONAL)
        self._expand = None if spec.expand is None else _Expand(spec.expand, caller)

    def page(self, since: datetime, cursor: str | None) -> OrderPage:
        """One page, oldest change first where the channel sorts so."""
        now = self._now()
        place = self._walk.begin(cursor, since)
        answer, rows, ids = self._fetch(place, now)
        if self._spec.stop_when_older:
            return self._latest_first(answer, rows, ids, place, since, now)
        seen = Seen(answer, ids, self._newest(rows))
        self._refuse_older(rows, place)
        if self._walk.moved(place, seen):
            back = self._walk.stepped_back(place)
            return self._told(answer, rows, ids, place, back, since, is_proven=False)
        before = self._walk.before(place)
        if before is not None:
            again, earlier, earlier_ids = self._fetch(before, now)
            if not earlier_ids or earlier_ids[-1] != place.last:
                # Rows moved while we walked: what slipped onto the page before is read there, and the walk goes on from it.
                following = self._walk.after(before, Seen(again, earlier_ids, self._newest(earlier)), now)
                return self._told(again, earlier, earlier_ids, place, following, since, is_proven=False)
        return self._told(answer, rows, ids, place, self._walk.after(place, seen, now), since)

    def read(self, answer: Answer) -> OrderPage:
        """The orders in an answer that is there already; for samples."""
        told = self._clock(answer.body)
        return OrderPage(
            orders=self.orders(self.rows(answer.body)),
            channel_time=answer.channel_time if told is None else told,
        )

    @property
    def has_details(self) -> bool:
        """Whether its rows are no whole orders."""
        return self._expand is not None

    def expanded(self, body: Json, rows: Sequence[Json]) -> list[Json]:
        """The rows of a sample of details."""
        return [] if self._expand is None else self._expand.tried(body, rows)

    def _fetch(self, place: Place, now: datetime) -> tuple[Answer, list[Json], list[str]]:
        facts = self._caller.facts(**self._walk.facts(place, now))
        instead = self._walk.request(place, self._request, facts)
        answer = self._caller.send(self._request, facts, effect=False, instead=instead)
        rows = self.rows(answer.body)
        ids = []
        for number, row in enumerate(rows):
            try:
                ids.append(self._id(row))
            except MalformedAnswerError as error:
                raise under(self._where(number), error) from None
        return answer, rows, ids

    def _told(
        self,
        answer: Answer,
        rows: Sequence[Json],
        ids: Sequence[str],
        place: Place,
        following: Place | None,
        since: datetime,
        *,
        is_proven: bool = True,
    ) -> OrderPage:
        """The page, and up to when everything is told: in the midst of a walk that is not by time, up to its beginning.

        Rows of a later page may be older than those of this one. Were the walk to fail there, they would be lost. So may
        rows of a page that is not ``is_proven``: what slipped away before it is yet to be read.
        """
        page = self._page(answer, rows, ids, following)
        if self._spec.paginate.style == "keyset":
            return page
        if self._spec.sorted and is_proven:
            return page if following is None else self._going_on(page, rows, place, following)
        times = [order.updated_at for order in page.orders]
        if place.newest is not None:
            times.append(datetime.fromisoformat(place.newest))
        newest = max(times, default=None)
        if following is None or following.until != place.until:
            return replace(page, until=newest)
        if self._spec.sorted:
            # The walk goes back, to before what was told.
            newest = None
        carried = replace(following, newest=None if newest is None else newest.isoformat())
        return replace(page, until=since, next_cursor=carried.written())

    def _going_on(self, page: OrderPage, rows: Sequence[Json], place: Place, following: Place) -> OrderPage:
        """A page of a walk by time; the next one has to begin where it ended."""
        newest = self._newest(rows)
        if newest is None or following.until != place.until:
            return page
        return replace(page, next_cursor=replace(following, newest=newest.isoformat()).written())

    def _latest_first(
        self,
        answer: Answer,
        rows: Sequence[Json],
        ids: Sequence[str],
        place: Place,
        since: datetime,
        now: datetime,
    ) -> OrderPage:
        """A page of a feed that begins with its latest change.

        What changes meanwhile moves to the front, where the walk has been: so a walk of several pages is followed by
        another one, down to the latest change that the first one met.
        """
        times: list[datetime] = [self._time(row) for row in rows]
        if times != sorted(times, reverse=True):
            raise MalformedAnswerError(
                "the feed does not begin with its latest change, so no page is the last", path="updated"
            )
        bound = place.floor or place.since or since.isoformat()
        is_over = bool(times) and times[-1] < datetime.fromisoformat(bound)
        following = None if is_over else self._walk.after(place, Seen(answer, ids), now)
        head = place.head or (times[0].isoformat() if times else None)
        if following is not None:
            following = replace(following, head=head, floor=place.floor, last=None)
        elif place.head is not None and datetime.fromisoformat(place.head) > datetime.fromisoformat(bound):
            following = Place(since=place.since, floor=place.head)
        page = self._page(answer, rows, ids, following)
        if following is not None:
            return replace(page, until=since)
        met = [datetime.fromisoformat(one) for one in (head, place.floor) if one is not None]
        return replace(page, until=max(met, default=None))

    def _page(
        self, answer: Answer, rows: Sequence[Json], ids: Sequence[str], following: Place | None
    ) -> OrderPage:
        if self._expand is not None and rows:
            rows = self._expand.rows(rows, ids)
        told = self._clock(answer.body)
        return OrderPage(
            orders=self.orders(rows),
            next_cursor=None if following is None else following.written(),
            channel_time=answer.channel_time if told is None else told,
        )

    def orders(self, rows: Sequence[Json]) -> tuple[ChannelOrder, ...]:
        """The orders of these rows, oldest change first however they came; one that cannot be read spoils them all."""
        found = []
        for number, row in enumerate(rows):
            try:
                order = self._map(row)
            except MalformedAnswerError as error:
                raise under(self._where(number), error) from None
            if order is not None:
                found.append(order)
        return tuple(sorted(found, key=lambda one: one.updated_at))

    def _refuse_older(self, rows: Sequence[Json], place: Place) -> None:
        """A page of a walk by time does not begin before the end of the one before it."""
        if not self._spec.sorted or place.newest is None or not rows:
            return
        first: datetime = self._time(rows[0])
        if first < datetime.fromisoformat(place.newest):
            raise MalformedAnswerError(
                "the feed is not in the order of its times, so no page is the last", path="updated"
            )

    def _newest(self, rows: Sequence[Json]) -> datetime | None:
        if self._spec.paginate.style != "keyset" and not self._spec.sorted:
            return None
        times: list[datetime] = [self._time(row) for row in rows]
        if times != sorted(times):
            raise MalformedAnswerError(
                "the feed is not in the order of its times, so no page is the last", path="updated"
            )
        return times[-1] if times else None

    def _where(self, number: int) -> str:
        path = self._spec.items.text
        return f"[{number}]" if path == "@" else f"{path}[{number}]"


class _Expand:
    """Asks for what the feed leaves out of its rows."""

    def __init__(self, spec: ExpandSpec, caller: Caller) -> None:
        values = caller.account.open_values
        self._spec, self._caller = spec, caller
        self._request = BoundRequest(spec.request, caller.account)
        self._items = rows_finder(finder(spec.items, values), spec.items.text)
        self._key = None if spec.key is None else finder(spec.key, values)
        self._has_details = None if spec.when is None else condition(spec.when, values)

    def rows(self, rows: Sequence[Json], ids: Sequence[str]) -> list[Json]:
        """The rows with their details. An order without any is an error: it would be lost."""
        found: list[Json] = []
        for start in range(0, len(rows), self._spec.max):
            wanted = list(ids[start : start + self._spec.max])
            has_none = self._has_details is not None and not self._has_details(rows[start])
            details = [] if has_none else self._details(wanted)
            if self._spec.into is not None:
                row = rows[start]
                found.append({**row, self._spec.into: details} if isinstance(row, dict) else row)
                continue
            by_id = {str(self._key(one)): one for one in details} if self._key is not None else {}
            for external_id in wanted:
                if external_id not in by_id:
                    raise MalformedAnswerError(
                        f"the details of order {external_id} are missing", path=self._spec.items.text
                    )
                found.append(by_id[external_id])
        return found

    def tried(self, body: Json, rows: Sequence[Json]) -> list[Json]:
        """What the details of a sample make of the feed's rows."""
        details = self._items(body)
        if self._spec.into is None:
            return details
        return [{**row, self._spec.into: details} for row in rows[:1] if isinstance(row, dict)]

    def _details(self, ids: Sequence[str]) -> list[Json]:
        facts = self._caller.facts(ids=list(ids), id=ids[0])
        return self._items(self._caller.send(self._request, facts, effect=False).body)


def enabled(manifest: Manifest, account: Account) -> tuple[FeedSpec, ...]:
    """The feeds that are read with these settings."""
    facts: Json = {"cfg": account.open_values}
    return tuple(
        feed
        for feed in manifest.feeds
        if feed.when is None or condition(feed.when, account.open_values)(facts)
    )


__all__ = ["Feed", "enabled"]
