"""What is there to promise, and who holds it? Parts, recipes and pools that hang together, read in one go."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from syncworker.core.availability import StockLevel
from syncworker.core.model import Policy, PolicyChoice
from syncworker.ledger import channels, limits, pools, products, publications, stock
from syncworker.ledger.channels import ChannelRecord, ChannelState
from syncworker.ledger.ledger import Snapshot, Transaction
from syncworker.ledger.pools import PoolRecord
from syncworker.ledger.publications import Publication
from syncworker.ledger.stock import Place


@dataclass(frozen=True, slots=True, order=True)
class Part:
    """A plain SKU at one location: what counts are kept of."""

    sku: str
    location: str

    def __str__(self) -> str:
        return self.sku if self.location == "main" else f"{self.sku}@{self.location}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stockroom:
    """Everything that shares parts with what was asked for, directly or by way of bundles."""

    channels: Mapping[str, ChannelRecord]
    pools: Mapping[str, PoolRecord]
    #: Units of each part that one sale of the SKU consumes.
    recipes: Mapping[str, Mapping[str, int]]
    levels: Mapping[tuple[str, str], StockLevel] = field(default_factory=dict)
    #: Policies of SKUs that have one of their own; the others follow their channel.
    policies: Mapping[str, PolicyChoice] = field(default_factory=dict)
    #: What is being listed and may be sold before its number has a pool.
    publications: Sequence[Publication] = ()
    #: (units per sale, pool) of every pool that takes from the part.
    _takers: Mapping[Part, Sequence[tuple[int, PoolRecord]]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        takers: dict[Part, list[tuple[int, PoolRecord]]] = {}
        for record in self.pools.values():
            for part, units in self.recipe(record).items():
                takers.setdefault(part, []).append((units, record))
        object.__setattr__(self, "_takers", takers)

    def available(self, part: Part) -> int:
        """Units that nobody was promised; 0 where no count was ever taken."""
        level = self.levels.get((part.sku, part.location))
        return 0 if level is None else level.available

    def recipe(self, sold: PoolRecord | Publication) -> dict[Part, int]:
        """Parts that one sale from the pool consumes, at the location its channel draws from."""
        location = self.channels[sold.channel].location
        return {Part(sku, location): units for sku, units in self.recipes[sold.sku].items()}

    def policy(self, sold: PoolRecord | Publication) -> Policy:
        """The SKU's own policy, else its channel's, as it holds with what is available now."""
        choice = self.policies.get(sold.sku, self.channels[sold.channel].choice)
        return choice.policy if choice.escrow_below is None else choice.in_force(self.sellable(sold))

    def sellable(self, sold: PoolRecord | Publication) -> int:
        """How many could be sold of what is available, safety stock included; below 0 where too many were."""
        return min(self.available(part) // units for part, units in self.recipe(sold).items())

    def parts(self) -> set[Part]:
        """Every part that one of the pools takes from."""
        return set(self._takers)

    def exposures(self, part: Part) -> Iterator[tuple[int, int | None]]:
        """(units per sale, exposure) of every pool that counts and takes from the part, and of what is being listed.

        Pools under policy ``shared`` are left out: they show the same units on purpose.
        """
        for units, pool in self._takers.get(part, ()):
            if pool.in_sum and units and self.policy(pool) is Policy.ESCROW:
                yield units, pool.bound.exposure
        yield from self.being_listed(part)

    def being_listed(self, part: Part) -> Iterator[tuple[int, int]]:
        """(units per sale, sales that it may allow) of each listing under way that counts and takes from the part."""
        for one in self.publications:
            units = self.recipe(one).get(part, 0)
            if units and self.is_counted(one):
                yield units, one.units

    def is_counted(self, one: Publication) -> bool:
        """Whether a listing under way is in the sum, as its pool will be."""
        is_observed = self.channels[one.channel].state is ChannelState.OBSERVING
        return not is_observed and self.policy(one) is Policy.ESCROW


def stockroom_of(tx: Snapshot, skus: Iterable[str], *, at: Iterable[Place] = ()) -> Stockroom:
    """Every pool and part that hangs together with these SKUs; in a write transaction their rows are locked.

    A part's counts are locked wherever it lies, and ``at`` names places that will be counted for the first time: whoever
    locked some counts and then more could meet another in a deadlock.
    """
    recipes = _connected(tx, skus)
    known = {record.name: record for record in channels.all_channels(tx)}
    parts = {part for recipe in recipes.values() for part in recipe}
    return Stockroom(
        channels=known,
        # Counts first, then pools: everybody locks in this order.
        levels=_locked(tx, parts, known.values(), at)
        if isinstance(tx, Transaction)
        else stock.levels(tx, parts),
        pools=pools.of_skus(tx, recipes, lock=isinstance(tx, Transaction)),
        recipes=recipes,
        policies=limits.policies(tx, recipes),
        publications=[one for one in publications.of_skus(tx, recipes) if one.units],
    )


def lock_connected(tx: Transaction, skus: Iterable[str]) -> None:
    """Lock the counts and pools of everything that hangs together with these SKUs, before any one of them is changed.

    Whoever locked only what it changes first, and the rest when it looks at the whole, would meet another in a deadlock.
    SQLite has one writer at a time, so there is nothing to put in order.
    """
    if tx.dialect != "sqlite":
        recipes = _connected(tx, skus)
        _locked(tx, {part for recipe in recipes.values() for part in recipe}, channels.all_channels(tx), ())
        pools.lock_of_skus(tx, recipes)


def _locked(
    tx: Transaction, parts: Collection[str], known: Iterable[ChannelRecord], at: Iterable[Place]
) -> Mapping[Place, StockLevel]:
    locations = {"main", *(record.location for record in known)}
    named = [place for place in at if place[0] in parts]
    places = [*named, *((part, location) for part in parts for location in locations)]
    return stock.lock(tx, places, everywhere=True)


def _connected(tx: Snapshot, skus: Iterable[str]) -> dict[str, dict[str, int]]:
    """Recipes of these SKUs, of every bundle that shares a part with them, and so on."""
    recipes: dict[str, dict[str, int]] = {}
    wanted = set(skus)
    while wanted:
        found = products.recipe_of(tx, sorted(wanted))
        recipes.update(found)
        parts = {part for recipe in found.values() for part in recipe}
        wanted = set(pools.skus_using(tx, parts)) - set(recipes) - wanted if parts else set()
    return recipes
