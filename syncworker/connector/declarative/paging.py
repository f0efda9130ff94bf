"""Where does a walk go on? One page a call; what is needed for the next one travels in the cursor.

A walk by numbers proves each step: the row it left off at has to be where it was, or the walk steps back. A page that leads
to itself is an error.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TypeAlias
from urllib.parse import parse_qsl, urljoin, urlsplit

from syncworker.connector.answers import Answer, Json
from syncworker.connector.declarative.account import Account
from syncworker.connector.declarative.fields import Presence, condition, finder
from syncworker.connector.declarative.parts import (
    ByCursor,
    ByKey,
    ByLink,
    ByOffset,
    ByPage,
    ByUrl,
    NoPages,
    TimeSpec,
)
from syncworker.connector.declarative.request import BoundRequest, Filled, QueryValue
from syncworker.connector.declarative.template import Facts
from syncworker.errors import MalformedAnswerError

Pages: TypeAlias = NoPages | ByPage | ByOffset | ByCursor | ByLink | ByUrl | ByKey
#: A span that ends less than this before now is followed by another one: the channel's clock may be ahead.
_CLOCK_MARGIN = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a walk is. Everything in it is text or number, so that it fits into a cursor."""

    since: str | None = None
    until: str | None = None
    number: int | None = None
    #: Id of the last row of the page before, which has to be where it was.
    last: str | None = None
    token: str | None = None
    #: The latest change told so far, where the walk is not in the order of its times.
    newest: str | None = None
    #: Of a walk from the latest change on: the first one that it met, and the one down to which it goes.
    head: str | None = None
    floor: str | None = None

    @classmethod
    def read(cls, cursor: str | None) -> Place:
        """From a cursor that this module wrote."""
        return cls() if cursor is None else cls(**json.loads(cursor))

    def written(self) -> str:
        """As a cursor."""
        given = {name: getattr(self, name) for name in self.__slots__}
        return json.dumps({name: value for name, value in given.items() if value is not None})


@dataclass(frozen=True, slots=True)
class Seen:
    """What a page brought, as far as the next one depends on it."""

    answer: Answer
    #: Ids of all rows, in order.
    ids: Sequence[str]
    #: The latest time of a row, for walks by time.
    newest: datetime | None = None


class Walk:
    """The pages of one operation."""

    def __init__(self, spec: Pages, time: TimeSpec | None, account: Account, base_url: str) -> None:
        self._spec, self._time, self._base_url = spec, time, base_url
        self._next = _next_rule(spec, account, base_url)
        self._render = moment_writer(time.format) if time is not None else None

    def begin(self, cursor: str | None, since: datetime | None) -> Place:
        """Where a call with that cursor is."""
        place = Place.read(cursor)
        if since is None or self._time is None:
            return place
        if place.since is None:
            start = since - timedelta(seconds=self._time.overlap_s)
            place = replace(place, since=start.isoformat())
        if place.until is None and self._time.max_window_s is not None:
            end = datetime.fromisoformat(place.since or "") + timedelta(seconds=self._time.max_window_s)
            place = replace(place, until=end.isoformat())
        return place

    def facts(self, place: Place, now: datetime) -> Facts:
        """What the request may name."""
        start = self._spec.start if isinstance(self._spec, ByPage) else 1
        number = (
            place.number if place.number is not None else (0 if isinstance(self._spec, ByOffset) else start)
        )
        facts: Facts = {
            "page": number,
            "offset": number,
            "cursor": place.token,
            "size": getattr(self._spec, "size", None),
        }
        if self._render is not None:
            facts |= {"now": self._render(now), "since": None, "until": None}
            if place.since is not None:
                facts["since"] = self._render(datetime.fromisoformat(place.since))
                facts["until"] = self._render(datetime.fromisoformat(place.until) if place.until else now)
        return facts

    def before(self, place: Place) -> Place | None:
        """The page before, if it has to be looked at again to prove that no row moved."""
        if not isinstance(self._spec, ByPage) or place.last is None or place.number is None:
            return None
        return replace(place, number=place.number - 1, last=None)

    def request(self, place: Place, request: BoundRequest, facts: Facts) -> Filled | None:
        """The request for an address that the channel named; ``None``: the usual one."""
        if not isinstance(self._spec, ByLink | ByUrl) or place.token is None:
            return None
        path, _, query = place.token.partition("?")
        pairs: dict[str, QueryValue] = {}
        for name, value in parse_qsl(query, keep_blank_values=True):
            before = pairs.get(name)
            pairs[name] = (
                value if before is None else [*(before if isinstance(before, list) else [str(before)]), value]
            )
        return replace(request.fill(facts), path=path, query=pairs)

    def after(self, place: Place, seen: Seen, now: datetime) -> Place | None:
        """The next page's place; ``None`` after the last one."""
        following = self._next(place, seen)
        if following is not None:
            if following == place:
                raise MalformedAnswerError(
                    "the page repeats itself: its next_cursor is the one it was asked for", path="next_cursor"
                )
            return following
        if place.until is None or datetime.fromisoformat(place.until) >= now + _CLOCK_MARGIN:
            return None
        overlap = timedelta(
            seconds=0 if self._time is None else min(self._time.overlap_s, (self._time.max_window_s or 0) / 2)
        )
        start = datetime.fromisoformat(place.until) - overlap
        span = timedelta(seconds=0 if self._time is None else self._time.max_window_s or 0)
        return Place(since=start.isoformat(), until=(start + span).isoformat())

    def moved(self, place: Place, seen: Seen) -> bool:
        """Whether the row that the walk left off at is not where it was."""
        if place.last is None:
            return False
        if isinstance(self._spec, ByOffset):
            return not seen.ids or seen.ids[0] != place.last
        return False

    def stepped_back(self, place: Place) -> Place:
        """Where to begin anew after rows have moved."""
        size = getattr(self._spec, "size", None) or 1
        return replace(place, number=max(0, (place.number or 0) - size), last=None)


_Next: TypeAlias = Callable[[Place, Seen], Place | None]


def _next_rule(spec: Pages, account: Account, base_url: str) -> _Next:
    if isinstance(spec, ByPage):
        return _by_page(spec, account)
    if isinstance(spec, ByOffset):
        return _by_offset(spec, account)
    if isinstance(spec, ByCursor):
        return _by_cursor(spec, account)
    if isinstance(spec, ByLink):
        return lambda place, seen: _to_address(
            _linked(seen.answer.headers.get("link", ""), spec.rel), base_url, place
        )
    if isinstance(spec, ByUrl):
        read = spec.next.reader(account.open_values, kind="text", presence=Presence.NULLABLE)
        return lambda place, seen: _to_address(read(seen.answer.body), base_url, place)
    return _by_key(spec) if isinstance(spec, ByKey) else lambda _place, _seen: None


def _by_page(spec: ByPage, account: Account) -> _Next:
    total = None if spec.total is None else finder(spec.total, account.open_values)
    pages = None if spec.pages is None else finder(spec.pages, account.open_values)
    more = None if spec.more is None else condition(spec.more, account.open_values)

    def following(place: Place, seen: Seen) -> Place | None:
        number = spec.start if place.number is None else place.number
        done = number - spec.start + 1
        last_page: int | None = None
        if more is not None:
            last_page = None if more(seen.answer.body) else done
        elif pages is not None:
            last_page = _count(pages(seen.answer.body), "pages")
        elif spec.pages_header is not None:
            last_page = _count(seen.answer.headers.get(spec.pages_header.lower()), spec.pages_header)
        elif total is not None and spec.size is not None:
            last_page = -(-_count(total(seen.answer.body), "total") // spec.size)
        is_short = more is None and last_page is None and len(seen.ids) < (spec.size or 0)
        if not seen.ids or is_short or (last_page is not None and done >= last_page):
            return None
        return replace(place, number=number + 1, last=seen.ids[-1])

    return following


def _by_offset(spec: ByOffset, account: Account) -> _Next:
    total = None if spec.total is None else finder(spec.total, account.open_values)

    def following(place: Place, seen: Seen) -> Place | None:
        offset = place.number or 0
        reached = offset + len(seen.ids)
        if total is None:
            is_last = len(seen.ids) < spec.size
        else:
            is_last = not seen.ids or reached >= _count(total(seen.answer.body), "total")
        if is_last:
            return None
        if len(seen.ids) == 1 and place.last is not None:
            raise MalformedAnswerError(
                "the walk does not go on: a page holds nothing but the row before", path="total"
            )
        return replace(place, number=reached - 1, last=seen.ids[-1])

    return following


def _by_cursor(spec: ByCursor, account: Account) -> _Next:
    read = spec.next.reader(account.open_values, kind="id", presence=Presence.NULLABLE)
    more = None if spec.more is None else condition(spec.more, account.open_values)

    def following(place: Place, seen: Seen) -> Place | None:
        if more is not None and not more(seen.answer.body):
            return None
        token = read(seen.answer.body)
        return None if token is None else replace(place, token=token)

    return following


def _by_key(spec: ByKey) -> _Next:
    """On to the last row's time; where a whole page has one time, or none that can be seen, by number."""

    def is_last(place: Place, seen: Seen) -> bool:
        told = None if spec.pages_header is None else seen.answer.headers.get(spec.pages_header.lower())
        if told is not None:
            return _count(told, str(spec.pages_header)) <= (place.number or 1)
        return len(seen.ids) < spec.size or seen.newest is None

    def following(place: Place, seen: Seen) -> Place | None:
        if is_last(place, seen):
            return None
        if seen.newest is None:
            return replace(place, number=(place.number or 1) + 1)
        start = (seen.newest - timedelta(seconds=spec.step_back_s)).isoformat()
        is_ahead = place.since is None or datetime.fromisoformat(start) > datetime.fromisoformat(place.since)
        if is_ahead:
            return replace(place, since=start, number=None)
        return replace(place, number=(place.number or 1) + 1)

    return following


def _count(value: Json, what: str) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise MalformedAnswerError(
            f"{what} must be a whole number, or nobody knows which page is the last", path=what
        )
    return value


def _linked(header: str, rel: str) -> str | None:
    found = re.findall(r"<([^>]*)>([^<]*)", header)
    return next((url for url, rest in found if re.search(rf"""rel="?'?{re.escape(rel)}\b""", rest)), None)


def _to_address(url: str | None, base_url: str, place: Place) -> Place | None:
    if not url:
        return None
    base, whole = base_url.rstrip("/"), urljoin(base_url.rstrip("/") + "/", url)
    parts, home = urlsplit(whole), urlsplit(base)
    inside = parts.path == home.path or parts.path.startswith(home.path.rstrip("/") + "/")
    if (parts.scheme, parts.netloc) != (home.scheme, home.netloc) or not inside:
        raise MalformedAnswerError("the next page's address lies outside of base_url", path="next")
    return replace(
        place,
        token=parts.path.removeprefix(home.path.rstrip("/")) + (f"?{parts.query}" if parts.query else ""),
    )


def moment_writer(form: str) -> Callable[[datetime], Json]:
    """A function that writes a time as the channel wants it, in UTC."""
    writers: Mapping[str, Callable[[datetime], Json]] = {
        "iso": lambda moment: moment.astimezone(UTC).isoformat(timespec="microseconds"),
        "unix_s": lambda moment: int(moment.timestamp()),
        "unix_ms": lambda moment: int(moment.timestamp() * 1000),
        "rfc2822": lambda moment: moment.astimezone(UTC).strftime("%a, %d %b %Y %H:%M:%S +0000"),
    }
    return writers.get(form) or (lambda moment: moment.astimezone(UTC).strftime(form))
