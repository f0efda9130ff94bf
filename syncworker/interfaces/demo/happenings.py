"""What happened at the shops, and how does it stand now? Their logs followed line by line, added up to a shelf.

This is the outside's truth, which the engine never sees; nothing here reads the ledger.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from syncworker.sandbox.catalogue import Catalogue

#: Kinds of the log by which a shop takes a number from us.
PUSHES = frozenset(("set", "adjust", "compare_and_set"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One line of a shop's log that concerns a number on its page."""

    at: datetime
    shop: str
    kind: str
    sku: str
    #: What the page showed before and after.
    before: int
    after: int
    units: int
    order_id: str
    #: A push that the shop refused, or a cancellation that it did not put back on sale.
    refused: bool
    restocked: bool
    buyer: str


class Follower:
    """Reads what was added to each shop's log since the last look."""

    def __init__(self, folder: Path, shops: Sequence[str]) -> None:
        self._files: dict[str, BinaryIO] = {name: (folder / f"{name}.jsonl").open("rb") for name in shops}
        self._rest: dict[str, bytes] = dict.fromkeys(shops, b"")
        self._skus: dict[str, str] = {}
        #: Every event so far by shop, as the referee reads them.
        self.events: dict[str, list[dict[str, object]]] = {name: [] for name in shops}

    def news(self) -> list[Happening]:
        """What is new, over all shops in order of time."""
        found: list[Happening] = []
        for name, file in self._files.items():
            *lines, self._rest[name] = (self._rest[name] + file.read()).split(b"\n")
            for line in lines:
                event = json.loads(line)
                self.events[name].append(event)
                if "pool_id" in event and "before" in event:
                    found.append(self._happening(event))
        return sorted(found, key=lambda happening: happening.at)

    def shown(self, shop: str) -> dict[str, int]:
        """What its page shows at the end, by SKU."""
        numbers: dict[str, int] = {}
        for event in self.events[shop]:
            if "pool_id" in event and "after" in event:
                numbers[self._skus[str(event["pool_id"])]] = int(str(event["after"]))
        return numbers

    def close(self) -> None:
        """Let go of the files."""
        for file in self._files.values():
            file.close()

    def _happening(self, event: Mapping[str, object]) -> Happening:
        pool = str(event["pool_id"])
        sku = self._skus.setdefault(pool, str(event.get("sku", "")))
        return Happening(
            at=datetime.fromisoformat(str(event["time"])),
            shop=str(event["shop"]),
            kind=str(event["kind"]),
            sku=sku,
            before=int(str(event["before"])),
            after=int(str(event["after"])),
            units=int(str(event.get("quantity") or 0)),
            order_id=str(event.get("order_id", "")),
            refused=event.get("status") == "refused",
            restocked=event.get("restocked") is True,
            buyer=str(event.get("buyer", "")),
        )


@dataclass(slots=True)
class Shelf:
    """What was made, what is sold, and what each page shows. Feed it every happening, in order."""

    catalogue: Catalogue
    #: Units of each part that were there at the start.
    supply: dict[str, int] = field(default_factory=dict)
    #: Units of each part that are promised to living orders.
    sold: dict[str, int] = field(default_factory=dict)
    #: The number on the page, by (shop, SKU), and since when it is 0.
    shown: dict[tuple[str, str], int] = field(default_factory=dict)
    empty_since: dict[tuple[str, str], datetime] = field(default_factory=dict)
    orders: int = 0
    pushes: int = 0

    def __post_init__(self) -> None:
        self.supply = self.catalogue.stock()
        self.sold = dict.fromkeys(self.supply, 0)

    def take(self, happening: Happening) -> None:
        """Add one happening up."""
        place = (happening.shop, happening.sku)
        self.shown[place] = happening.after
        if happening.after == 0:
            self.empty_since.setdefault(place, happening.at)
        else:
            self.empty_since.pop(place, None)
        if happening.kind == "buy":
            self.orders += 1
            self._move(happening.sku, happening.units)
        elif happening.kind == "cancel":
            self._move(happening.sku, -happening.units)
        elif happening.kind in PUSHES:
            self.pushes += 1

    def recipe(self, sku: str) -> Mapping[str, int]:
        """Units of each part in one sale; empty for a SKU that is not in the catalogue."""
        return self.catalogue.recipe(sku) or {}

    def left(self, part: str) -> int:
        """Units of a part that nobody bought; below 0, so many were sold twice."""
        return self.supply[part] - self.sold[part]

    def could_serve(self, sku: str) -> bool:
        """Whether one of it could be handed over now."""
        recipe = self.recipe(sku)
        return bool(recipe) and all(self.left(part) >= units for part, units in recipe.items())

    @property
    def is_sold_out(self) -> bool:
        """Whether nothing at all is left."""
        return all(self.left(part) <= 0 for part in self.supply)

    @property
    def units_sold(self) -> int:
        """Over all parts."""
        return sum(self.sold.values())

    @property
    def oversold(self) -> int:
        """Units that are sold twice at this moment."""
        return sum(max(0, -self.left(part)) for part in self.supply)

    def shows(self, sku: str, shops: Sequence[str]) -> dict[str, int]:
        """What each of these pages shows of it now."""
        return {shop: self.shown.get((shop, sku), 0) for shop in shops}

    def _move(self, sku: str, units: int) -> None:
        for part, each in self.recipe(sku).items():
            self.sold[part] += units * each
