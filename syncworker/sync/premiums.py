"""What do sales earn the makers, and what takes it back? Entered beside the stock's movements, in the same transaction.

Never looks at a premium of today for a sale of before: each line keeps the terms that it was first entered with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from syncworker.core.fulfilment import Levels
from syncworker.core.premium import Earned, Terms, earned, within
from syncworker.ledger import premiums
from syncworker.ledger.holds import HoldRecord
from syncworker.ledger.ledger import Transaction
from syncworker.ledger.premiums import PremiumEntry

#: The source of what holds earn, as in their movements.
HOLD = "hold"


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedChange:
    """One change of a line as the counts took it: levels and recipe before and after."""

    source: str
    reference: str
    line: str
    step: int
    before: Levels
    after: Levels
    recipe_before: Mapping[str, int] | None
    recipe: Mapping[str, int]
    #: When it was sold, for what the counts see for the first time.
    sold_at: datetime

    @property
    def is_first(self) -> bool:
        """Whether the counts hold nothing of the line yet."""
        return self.recipe_before is None

    def earned(self) -> dict[str, Earned]:
        """What it means for each part."""
        before = self.recipe if self.recipe_before is None else self.recipe_before
        return earned(self.before, self.after, recipe_before=before, recipe=self.recipe)


def enter(tx: Transaction, changes: Sequence[CountedChange]) -> None:
    """Enter what these changes earn or take back; two statements at most before it, one where no part has a maker.

    A sale counts when it was sold, whatever comes later when we learn of it.
    """
    concerned = {part for change in changes for part in change.recipe}
    now = premiums.terms_now(tx, concerned) if concerned else {}
    if not now and all(change.is_first for change in changes):
        return
    worth = [(change, parts) for change in changes if (parts := change.earned())]
    changed = [change for change, _ in worth if not change.is_first]
    before = (
        premiums.so_far(tx, [(one.source, one.reference, one.line) for one in changed]) if changed else {}
    )
    entries = []
    for change, parts in worth:
        for sku, entry in parts.items():
            known = before.get((change.source, change.reference, change.line, sku))
            entries.append(_entry(tx, change, sku, entry, now.get(sku), known))
    premiums.store(tx, [one for one in entries if one is not None])


def _entry(
    tx: Transaction,
    change: CountedChange,
    sku: str,
    entry: Earned,
    now: Terms | None,
    known: tuple[Terms, Earned] | None,
) -> PremiumEntry | None:
    """``None`` for a part without a maker at the sale, or where nothing was earned that could be taken back."""
    is_new = change.is_first or (change.recipe_before or {}).get(sku) is None
    terms = known[0] if known is not None else now if is_new else None
    if terms is None:
        return None
    counted = within(entry, Earned() if known is None else known[1])
    if counted.is_nothing:
        return None
    return PremiumEntry(
        source=change.source,
        reference=change.reference,
        line=change.line,
        step=change.step,
        sku=sku,
        terms=terms,
        earned=counted,
        at=min(change.sold_at, tx.now) if change.is_first else tx.now,
    )


def earned_by_hold(tx: Transaction, record: HoldRecord) -> None:
    """The goods of a hold leave now: they are sold."""
    changes = [
        CountedChange(
            source=HOLD,
            reference=str(record.id),
            line="",
            step=part.step + 1,
            before=Levels(),
            after=Levels(ordered=part.gathered, shipped=part.gathered),
            recipe_before=None,
            recipe={part.sku: 1},
            sold_at=tx.now,
        )
        for part in record.parts
    ]
    enter(tx, changes)
