"""What does an order of this channel mean? Rows of a feed to the contract's orders; pure, no network, no clock.

One value that is not as the manifest says, and nothing of the page is used. A status word that nobody described holds the
goods and raises an incident.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from syncworker.connector.answers import Json
from syncworker.connector.contract import ChannelLine, ChannelOrder, Money, OrderStatus
from syncworker.connector.declarative.account import Account
from syncworker.connector.declarative.fields import Presence, Read, condition, finder, reader, under
from syncworker.connector.declarative.order_tables import JoinSpec, LineSpec, OrderSpec, StatusWords
from syncworker.connector.document import Document
from syncworker.core.model import Known
from syncworker.errors import MalformedAnswerError

#: A row of a feed to an order; ``None``: it is none of ours.
MapOrder: TypeAlias = Callable[[Json], ChannelOrder | None]
_MapLine: TypeAlias = "Callable[[Json, str, str | None], tuple[ChannelLine, bool] | None]"
_Words: TypeAlias = "Mapping[str, str]"

_STATUS = {
    "hold": OrderStatus.LIVE,
    "shipped": OrderStatus.SHIPPED,
    "return": OrderStatus.SHIPPED,
    "release": OrderStatus.CANCELLED,
}


def order_mapping(spec: OrderSpec, account: Account) -> MapOrder:
    """The function that maps one row."""
    values = account.open_values
    read_id = spec.id.reader(values, kind="id", presence=Presence.REQUIRED)
    read_status = spec.status.reader(values, kind="id", presence=Presence.REQUIRED)
    read_created = spec.created.reader(values, kind="datetime", presence=Presence.REQUIRED)
    read_updated = spec.updated.reader(values, kind="datetime", presence=Presence.REQUIRED)
    read_currency = reader(spec.currency, values, kind="currency")
    is_ours = None if spec.ours is None else condition(spec.ours, values)
    words = _words(spec.statuses)
    lines_of = _lines(spec, account)
    as_lines_say = spec.released == "as_lines_say"

    def map_order(row: Json) -> ChannelOrder | None:
        if is_ours is not None and not is_ours(row):
            return None
        raw_status = read_status(row)
        word = words.get(raw_status, "review")
        if word == "ignore":
            return None
        lines, all_known = lines_of(row, word, read_currency(row))
        status = _STATUS.get(word, OrderStatus.UNKNOWN) if all_known else OrderStatus.UNKNOWN
        if (
            status is OrderStatus.CANCELLED
            and as_lines_say
            and any(one.cancelled != one.ordered for one in lines)
        ):
            status = OrderStatus.UNKNOWN
        return ChannelOrder(
            external_id=read_id(row),
            status=status,
            raw_status=raw_status,
            placed_at=read_created(row),
            updated_at=read_updated(row),
            lines=lines,
        )

    return map_order


def _words(statuses: StatusWords) -> dict[str, str]:
    lists = {
        "hold": statuses.hold,
        "release": statuses.release,
        "shipped": statuses.shipped,
        "return": statuses.return_,
        "review": statuses.review,
        "ignore": statuses.ignore,
    }
    return {word: meaning for meaning, words in lists.items() for word in words}


def _lines(
    spec: OrderSpec, account: Account
) -> Callable[[Json, str, str | None], tuple[tuple[ChannelLine, ...], bool]]:
    values = account.open_values
    rows_of = rows_finder(finder(spec.lines.path, values), spec.lines.path.text)
    is_ours = None if spec.lines.when is None else condition(spec.lines.when, values)
    map_line, with_more = _line_mapping(spec, account), _joined(spec.lines, account)
    path, numbers = spec.lines.path.text, spec.lines.same_id == "number"

    def lines_of(order: Json, word: str, currency: str | None) -> tuple[tuple[ChannelLine, ...], bool]:
        lines: list[ChannelLine] = []
        all_known = True
        for number, row in enumerate(with_more(order, rows_of(order))):
            try:
                if is_ours is not None and not is_ours(row):
                    continue
                mapped = map_line(row, word, currency)
            except MalformedAnswerError as error:
                raise under(f"{path}[{number}]", error) from None
            if mapped is not None:
                lines.append(mapped[0])
                all_known = all_known and mapped[1]
        lines = _told_apart(lines) if numbers else lines
        if len({line.line_id for line in lines}) < len(lines):
            Document(None, path).fail("gives one line_id twice")
        return tuple(lines), all_known

    return lines_of


def _told_apart(lines: list[ChannelLine]) -> list[ChannelLine]:
    """The second line of one id gets a number behind it, and so on."""
    times: Counter[str] = Counter()
    found = []
    for line in lines:
        times[line.line_id] += 1
        count = times[line.line_id]
        found.append(line if count == 1 else replace(line, line_id=f"{line.line_id}#{count}"))
    return found


def _joined(line: LineSpec, account: Account) -> Callable[[Json, list[Json]], list[Json]]:
    """A function that gives each line what it has to see beside its own fields."""
    join = None if line.join is None else _Join(line.join, account)
    if join is None and not line.with_order:
        return lambda _order, rows: rows

    def with_more(order: Json, rows: list[Json]) -> list[Json]:
        more: dict[str, Json] = {"order": order} if line.with_order else {}
        belonging = None if join is None else join.belonging(order, rows, more)
        found: list[Json] = []
        for row in rows:
            joined = {} if join is None or belonging is None else {join.into: belonging.get(join.of(row), [])}
            found.append({**row, **more, **joined} if isinstance(row, dict) else row)
        return found

    return with_more


class _Join:
    """Finds the rows of an order that belong to its lines."""

    def __init__(self, spec: JoinSpec, account: Account) -> None:
        values = account.open_values
        self.into, self._path = spec.into, spec.path.text
        self._find, self._key, self._of = (finder(one, values) for one in (spec.path, spec.key, spec.of))
        self._rows = None if spec.rows is None else finder(spec.rows, values)

    def of(self, row: Json) -> str:
        """The line's own id."""
        return str(self._of(row))

    def belonging(self, order: Json, lines: list[Json], more: dict[str, Json]) -> dict[str, list[Json]]:
        """The rows by the id of their line. One that belongs to no line is an error: it would be lost."""
        found: dict[str, list[Json]] = {}
        known = {self.of(line) for line in lines}
        for row in self._all(order):
            key = str(self._key(row))
            if key not in known:
                Document(None, self._path).fail("holds a row that belongs to no line of its order")
            found.setdefault(key, []).append({**row, **more} if isinstance(row, dict) else row)
        return found

    def _all(self, order: Json) -> list[Json]:
        outer = self._find(order)
        outer = outer if isinstance(outer, list) else []
        if self._rows is None:
            return outer
        pairs = ((parent, self._rows(parent)) for parent in outer)
        return [
            {**row, "parent": parent} if isinstance(row, dict) else row
            for parent, rows in pairs
            for row in (rows if isinstance(rows, list) else [])
        ]


@dataclass(slots=True)
class _Levels:
    ordered: int
    cancelled: int | None
    shipped: int
    returned: int | None


def _line_mapping(spec: OrderSpec, account: Account) -> _MapLine:
    line, values = spec.lines, account.open_values
    read_id = line.id.reader(values, kind="id", presence=Presence.REQUIRED)
    read_listing = reader(line.listing, values, kind="id", presence=Presence.NULLABLE)
    read_sku = reader(line.sku, values, kind="text", presence=Presence.NULLABLE)
    read_levels = _levels(spec, account)
    unknown = Known.UNKNOWN
    read_counts = _known(line, "counts_down", account)
    read_restocked = _known(line, "restocked", account)
    read_returned = (
        read_restocked if line.returned_restocked is None else _known(line, "returned_restocked", account)
    )
    read_price = _price(line, account)
    read_status = (
        None if line.status is None else line.status.reader(values, kind="id", presence=Presence.REQUIRED)
    )
    words = _words(spec.line_statuses or spec.statuses)

    def map_line(row: Json, word: str, currency: str | None) -> tuple[ChannelLine, bool] | None:
        told = None if read_status is None else read_status(row)
        own = word if told is None else words.get(told, "review")
        if own == "ignore":
            return None
        levels = read_levels(row, own if word != "release" else word)
        _sound(row, levels)
        return (
            ChannelLine(
                line_id=read_id(row),
                listing_id=read_listing(row),
                sku=read_sku(row),
                ordered=levels.ordered,
                cancelled=levels.cancelled,
                shipped=levels.shipped,
                returned=levels.returned,
                counts_down=read_counts(row) or unknown,
                restocked=read_restocked(row) or unknown,
                returned_restocked=read_returned(row) or unknown,
                unit_price=read_price(row, currency),
            ),
            own != "review" or told is None,
        )

    return map_line


def _known(line: LineSpec, name: str, account: Account) -> Read:
    return reader(getattr(line, name), account.open_values, kind="known", presence=Presence.OPTIONAL)


def _price(line: LineSpec, account: Account) -> Callable[[Json, str | None], Money | None]:
    if line.price is None:
        return lambda _row, _currency: None
    read = line.price.reader(account.open_values, kind="decimal", presence=Presence.OPTIONAL)
    where = line.price.path.text

    def price(row: Json, currency: str | None) -> Money | None:
        amount = read(row)
        if isinstance(amount, Money):
            if currency not in (None, amount.currency):
                Document(None, where).fail(f"is not in the order's currency {currency}")
            return amount
        return None if amount is None or currency is None else Money(amount, currency)

    return price


def _levels(spec: OrderSpec, account: Account) -> Callable[[Json, str], _Levels]:
    """What the line tells; what it does not tell, its status word does."""
    line, values = spec.lines, account.open_values
    read_ordered = line.ordered.reader(values, kind="int", presence=Presence.REQUIRED)
    read_cancelled = reader(line.cancelled, values, kind="int", presence=Presence.NULLABLE, otherwise=0)
    read_shipped = reader(line.shipped, values, kind="int", otherwise=0)
    read_returned = reader(line.returned, values, kind="int", presence=Presence.NULLABLE, otherwise=0)
    tells_shipped, tells_returned = line.shipped is not None, line.returned is not None
    whole = spec.released == "whole"

    def levels(row: Json, word: str) -> _Levels:
        found = _Levels(read_ordered(row), read_cancelled(row), read_shipped(row), read_returned(row))
        if not tells_shipped:
            if word in {"shipped", "return"}:
                found.shipped = max(found.ordered - (found.cancelled or 0), 0)
            else:
                found.shipped = found.returned or 0
        if word == "return" and not tells_returned:
            found.returned = found.shipped
        if word == "release" and whole:
            found.cancelled = max(found.cancelled or 0, found.ordered - found.shipped)
        return found

    return levels


def _sound(row: Json, levels: _Levels) -> None:
    """A line that contradicts itself is no line to act upon."""
    if (levels.cancelled or 0) + levels.shipped > levels.ordered:
        Document(row).fail("counts more units as cancelled and shipped than were ordered")
    if (levels.returned or 0) > levels.shipped:
        Document(row).fail("counts more units as returned than were shipped")


def rows_finder(find: Callable[[Json], Json], path: str) -> Callable[[Json], list[Json]]:
    """The rows of a document: a list has to be there, nothing is not an empty one."""

    def rows(document: Json) -> list[Json]:
        found = find(document)
        if not isinstance(found, list):
            Document(found, path).fail("is missing" if found is None else "must be a list")
        return found

    return rows


__all__ = ["MapOrder", "order_mapping", "rows_finder"]
