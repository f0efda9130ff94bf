"""What happened, over all shops, in which order? Logs merged into visits and changes; it judges nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

#: One event of a shop's log, or an extra line (`buy` of shop "counter", `receive`).
Event = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Visit:
    """A buyer who came: the lines wanted (SKU, units, whether the shop's number counted them), sold or not."""

    shop: str
    order_id: str
    sold: bool
    lines: tuple[tuple[str, int, bool], ...]
    #: Units that the shop sold although its own number did not show them.
    beyond: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """Anything else that bears on the units: see `referee` for what each kind means."""

    shop: str
    kind: str
    sku: str
    #: Given back to the others (cancel, edit down), came in (receive), or rose on the shop's page (hand edit).
    units: int
    order_id: str = ""
    restocked: bool = False


_CHANGES = frozenset(("cancel", "reinstate", "edit", "return", "receive", "hand_edit"))


def read_log(path: Path) -> list[Event]:
    """The events of one log file, one JSON object a line. `ValueError` names the line that is none."""
    events: list[Event] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            event = json.loads(line)
        except ValueError as error:
            raise ValueError(f"{path.name}, line {number}: not JSON") from error
        if not isinstance(event, dict):
            raise ValueError(f"{path.name}, line {number}: not an object")  # noqa: TRY004 - a fault of the file
        events.append(event)
    return events


def merge(logs: Iterable[Iterable[Event]]) -> Iterator[Visit | Change]:
    """All logs by time; each log keeps its own order, and at equal times the log given first goes first."""
    moments: list[tuple[datetime, int, int, Event]] = []
    for index, log in enumerate(logs):
        latest: datetime | None = None
        for position, event in enumerate(log):
            at = _time(event)
            latest = at if latest is None or at > latest else latest
            moments.append((latest, index, position, event))
    moments.sort(key=lambda moment: moment[:3])
    yield from _grouped([event for *_, event in moments], _listings_to_skus(moments))


def _listings_to_skus(moments: Iterable[tuple[datetime, int, int, Event]]) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    for *_, event in moments:
        if event.get("kind") == "publish":
            found[_text(event, "shop"), _text(event, "listing_id")] = _text(event, "sku")
    return found


def _grouped(events: list[Event], skus: Mapping[tuple[str, str], str]) -> Iterator[Visit | Change]:
    position = 0
    while position < len(events):
        event = events[position]
        kind = event.get("kind")
        taken = 1
        if kind in ("buy", "turned_away"):
            same = [event]
            while position + taken < len(events) and _one_visit(event, events[position + taken]):
                same.append(events[position + taken])
                taken += 1
            yield _visit(same, position)
        elif kind in _CHANGES:
            change = _change(event, skus)
            if change is not None:
                yield change
        position += taken


def _one_visit(first: Event, other: Event) -> bool:
    if first.get("visit") is None:
        return False
    return all(first.get(name) == other.get(name) for name in ("shop", "kind", "visit"))


def _visit(events: list[Event], position: int) -> Visit:
    first = events[0]
    shop = _text(first, "shop")
    return Visit(
        shop=shop,
        order_id=_text(first, "order_id") or f"#{position}",
        sold=first.get("kind") == "buy",
        lines=tuple(
            (_text(event, "sku"), _units(event, "quantity"), event.get("counted", True) is not False)
            for event in events
        ),
        beyond=sum(_units(event, "beyond") for event in events if "beyond" in event),
    )


def _change(event: Event, skus: Mapping[tuple[str, str], str]) -> Change | None:
    kind, shop = _text(event, "kind"), _text(event, "shop")
    if kind != "hand_edit":
        units = _units(event, "quantity")
        return Change(
            shop, kind, _text(event, "sku"), units, _text(event, "order_id"), event.get("restocked") is True
        )
    rise = _units(event, "after") - _units(event, "before")
    listings = event.get("listing_ids")
    first = listings[0] if isinstance(listings, list) and listings else ""
    sku = skus.get((shop, str(first)), "")
    return Change(shop, kind, sku, rise) if rise > 0 and sku else None


def _time(event: Event) -> datetime:
    at = datetime.fromisoformat(_text(event, "time"))
    if at.tzinfo is None:
        raise ValueError(f"a time without a zone: {event!r}")
    return at


def _text(event: Event, name: str) -> str:
    value = event.get(name)
    return value if isinstance(value, str) else ""


def _units(event: Event, name: str) -> int:
    value = event.get(name)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"{name} is no whole number in {event!r}")  # noqa: TRY004 - a fault of the log
    return value
