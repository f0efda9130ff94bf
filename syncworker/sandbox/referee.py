"""Was any unit sold twice? The judge: reads the shops' own logs and the catalogue, and nothing of the engine.

Units are counted per part, bundles taken apart. *Live* are the units of orders that are not cancelled; the
*supply* is what the catalogue had plus what was received. Oversold is the highest excess of live over supply at
any moment: an oversell that was cancelled later still counts. Returned goods do not come back by themselves; they
are received again. What the outside did (hand edits, returns put back on sale by the shop, lines that its number
never counted, sales beyond its own number) is listed apart as the allowance and not subtracted.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from syncworker.sandbox.catalogue import Catalogue, load_catalogue
from syncworker.sandbox.history import Change, Event, Visit, merge, read_log


@dataclass(frozen=True, slots=True, kw_only=True)
class PartVerdict:
    """One part. `sold` are live units at the end; `allowance` is by kind of outside act, in units of the part."""

    sku: str
    supply: int
    sold: int
    oversold: int
    allowance: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The whole judgement. Totals of units are sums over the parts; visits and orders are counted once each."""

    sold: int
    oversold: int
    orders: int
    visits: int
    turned_away: int
    #: Turned away while units of every part needed were there.
    turned_away_in_stock: int
    parts: tuple[PartVerdict, ...]
    #: Units as the shops sold them (a bundle is one), live at the end, per SKU.
    sold_by_sku: Mapping[str, int]
    #: SKUs in the logs that the catalogue does not know; nothing of them is judged.
    unknown_skus: tuple[str, ...]

    @property
    def allowance(self) -> int:
        """Units that the outside took or promised without us, over all parts and kinds."""
        return sum(sum(part.allowance.values()) for part in self.parts)

    def as_json(self) -> dict[str, object]:
        """The verdict as a JSON object."""
        return {**asdict(self), "allowance": self.allowance}


@dataclass(slots=True)
class _Bench:
    """The running count while a history is read."""

    catalogue: Catalogue
    supply: dict[str, int]
    live: dict[str, int] = field(default_factory=dict)
    worst: dict[str, int] = field(default_factory=dict)
    allowance: dict[str, dict[str, int]] = field(default_factory=dict)
    by_sku: dict[str, int] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)

    def needs(self, sku: str, units: int) -> dict[str, int]:
        """Units of each part; empty, and noted, for an unknown SKU."""
        recipe = self.catalogue.recipe(sku)
        if recipe is None:
            self.unknown.add(sku)
            return {}
        return {part: units * each for part, each in recipe.items()}

    def take(self, sku: str, units: int) -> None:
        """Units become live (negative: are freed), and the excess is looked at."""
        needs = self.needs(sku, units)
        if needs:
            self.by_sku[sku] = self.by_sku.get(sku, 0) + units
        for part, wanted in needs.items():
            self.live[part] = self.live.get(part, 0) + wanted
            excess = self.live[part] - self.supply[part]
            self.worst[part] = max(self.worst.get(part, 0), excess)

    def receive(self, sku: str, units: int) -> None:
        """Goods of a part come in (negative: are written off)."""
        if sku not in self.supply:
            self.unknown.add(sku)
            return
        self.supply[sku] += units
        self.worst[sku] = max(self.worst.get(sku, 0), self.live.get(sku, 0) - self.supply[sku])

    def allow(self, kind: str, sku: str, units: int) -> None:
        """Note what the outside did."""
        for part, wanted in self.needs(sku, units).items():
            kinds = self.allowance.setdefault(part, {})
            kinds[kind] = kinds.get(kind, 0) + wanted

    def could_serve(self, visit: Visit) -> bool:
        """Whether units of every part that the visit needs are there."""
        needed: dict[str, int] = {}
        for sku, units, _ in visit.lines:
            for part, wanted in self.needs(sku, units).items():
                needed[part] = needed.get(part, 0) + wanted
        return bool(needed) and all(
            self.supply[part] - self.live.get(part, 0) >= wanted for part, wanted in needed.items()
        )


def judge(catalogue: Catalogue, logs: Iterable[Iterable[Event]]) -> Verdict:
    """Judge a history: one iterable of events per shop, further ones for goods-in and sales outside the shops.

    Such extra lines are `{"time", "kind": "buy", "shop": "counter", "sku", "quantity"}` and
    `{"time", "kind": "receive", "sku", "quantity"}`. `ValueError` for a line that cannot be understood.
    """
    bench = _Bench(catalogue, catalogue.stock())
    orders: set[tuple[str, str]] = set()
    visits = turned_away = in_stock = 0
    for moment in merge(logs):
        if isinstance(moment, Change):
            _weigh(bench, moment)
            continue
        visits += 1
        if moment.sold:
            orders.add((moment.shop, moment.order_id))
            _sell(bench, moment)
        else:
            turned_away += 1
            in_stock += bench.could_serve(moment)
    parts = _parts(bench)
    return Verdict(
        sold=sum(part.sold for part in parts),
        oversold=sum(part.oversold for part in parts),
        orders=len(orders),
        visits=visits,
        turned_away=turned_away,
        turned_away_in_stock=in_stock,
        parts=parts,
        sold_by_sku=bench.by_sku,
        unknown_skus=tuple(sorted(bench.unknown)),
    )


def common_stock_sold(catalogue: Catalogue, logs: Iterable[Iterable[Event]]) -> int:
    """Units of parts one shared, instantly consistent stock would have sold to the same visits, net of cancellations.

    Every visit is tried again in time order, whether it had been sold or turned away; later changes of an order
    (cancelled, edited) count if the replay sold it too. Comparable with `Verdict.sold`.
    """
    bench = _Bench(catalogue, catalogue.stock())
    served: set[tuple[str, str]] = set()
    for moment in merge(logs):
        if isinstance(moment, Visit):
            if bench.could_serve(moment):
                served.add((moment.shop, moment.order_id))
                _sell(bench, moment)
        elif moment.kind == "receive" or (moment.shop, moment.order_id) in served:
            _weigh(bench, moment)
    return sum(bench.live.values())


def _sell(bench: _Bench, visit: Visit) -> None:
    for sku, units, counted in visit.lines:
        bench.take(sku, units)
        if not counted:
            bench.allow("not_counted", sku, units)
    if visit.beyond:
        bench.allow("beyond_own_number", visit.lines[0][0], visit.beyond)


def _weigh(bench: _Bench, change: Change) -> None:
    if change.kind == "receive":
        bench.receive(change.sku, change.units)
    elif change.kind in ("cancel", "edit"):
        bench.take(change.sku, -change.units)
    elif change.kind == "reinstate":
        bench.take(change.sku, change.units)
    elif change.kind == "hand_edit":
        bench.allow("hand_edit", change.sku, change.units)
    elif change.restocked:
        bench.allow("return_restocked", change.sku, change.units)


def _parts(bench: _Bench) -> tuple[PartVerdict, ...]:
    return tuple(
        PartVerdict(
            sku=part,
            supply=supply,
            sold=bench.live.get(part, 0),
            oversold=bench.worst.get(part, 0),
            allowance=bench.allowance.get(part, {}),
        )
        for part, supply in bench.supply.items()
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Print the verdict on CATALOGUE and LOG files as JSON; exit code 1 when units were oversold, 2 for bad input."""
    parser = argparse.ArgumentParser(prog="python -m syncworker.sandbox.referee", description=__doc__)
    parser.add_argument("catalogue", type=Path, help="CSV with sku, title, on_hand, price, currency, parts")
    parser.add_argument("log", type=Path, nargs="+", help="a shop's log, one JSON event a line")
    asked = parser.parse_args(argv)
    try:
        catalogue = load_catalogue(asked.catalogue)
        logs = [read_log(path) for path in asked.log]
        verdict = judge(catalogue, logs)
        reference = common_stock_sold(catalogue, logs)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"referee: {error}\n")
        return 2
    document = {**verdict.as_json(), "common_stock_sold": reference}
    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")
    return 1 if verdict.oversold else 0


if __name__ == "__main__":
    raise SystemExit(main())
