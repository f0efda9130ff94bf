"""Does everything hold? The invariants of a run: at every step, at every commit and request, and whenever all is at rest.

docs/soak.md says which one is checked where. Reads plain rows and the shops' own books.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta

from syncworker.connector import QuantityPush
from syncworker.core.model import QuantityMode
from syncworker.ledger import incidents
from syncworker.ledger.books import check_books
from syncworker.ledger.incidents import IncidentKind
from syncworker.ledger.jobs import JobKind
from tests.simulation.test_nothing_oversold import unrest
from tests.soak.broken import BrokenError
from tests.soak.business import Business
from tests.soak.truth import Truth, can_sell, levels_of, recipe_of

#: Incidents that only a person can close, or that stand as long as a thing of the outside lasts.
FOR_PEOPLE = frozenset(
    {
        IncidentKind.BRAKE,
        IncidentKind.PARKED,
        IncidentKind.RESTORED,
        IncidentKind.NOT_PROTECTED,
        IncidentKind.UNKNOWN_STATUS,
        IncidentKind.QUARANTINE,
    }
)
#: Beyond what a channel promises: an excess may stand until goods come in.
FOR_GOODS = frozenset(
    {IncidentKind.OVERSOLD, IncidentKind.DEFICIT, IncidentKind.DRIFT, IncidentKind.LATE_ORDER}
)
#: The word that stands for a secret in these runs.
SECRET = "not-checked-here"  # it is none
#: What repeating a job with nothing new may change: what a run says of itself.
OWN = frozenset({"job", "run", "run_item", "pull", "read", "audit", "heartbeat", "told"})
OWN_COLUMNS = frozenset(
    {"planned_at", "wanted_version", "planned_version", "read_due_at", "seen_at", "not_before"}
)


class Checks:
    """All checks of one run."""

    def __init__(self, business: Business) -> None:
        self.business, self.truth = business, Truth(business)
        #: How often each invariant was looked at.
        self.looked: Counter[str] = Counter()
        self._sent: set[str] = set()
        self._flying: dict[tuple[str, str], list[object]] = {}
        self._watermarks: dict[tuple[str, str], str] = {}
        business.on_push.append(self.request)
        business.ledger.after_commit.insert(0, self.commit)

    # ---------------------------------------------------------------- at every commit and request

    def commit(self) -> None:
        """I7: no cursor goes back."""
        self.looked["I7"] += 1
        for channel, feed, mark in self.business.raw.execute("SELECT channel, feed, watermark FROM cursor"):
            before = self._watermarks.get((channel, feed), "")
            if mark < before:
                raise BrokenError("I7", f"{channel} {feed} went back from {before} to {mark}")
            self._watermarks[channel, feed] = mark

    def forget(self) -> None:
        """An older ledger was put back: cursors begin where it stands."""
        self._watermarks.clear()

    def request(self, name: str, pushes: Sequence[QuantityPush], is_leaving: bool) -> None:
        """I8: a committed row before each request, and one request a row. I15: one request at a time for a number."""
        for push in pushes:
            place = (name, push.pool_key)
            if is_leaving:
                self._leaves(push, place)
                self._flying.setdefault(place, []).append((push, self.business.clock.time))
            else:
                self._flying[place] = [one for one in self._flying[place] if one[0] is not push]  # type: ignore[index]

    def _leaves(self, push: QuantityPush, place: tuple[str, str]) -> None:
        self.looked["I8"] += 1
        self.looked["I15"] += 1
        if push.push_id in self._sent:
            raise BrokenError("I8", f"push {push.push_id} leaves for the second time")
        self._sent.add(push.push_id)
        row = self.business.raw.execute(
            "SELECT value, state FROM push WHERE id = ?", (push.push_id,)
        ).fetchone()
        if row != (push.value, "sending"):
            raise BrokenError("I8", f"push {push.push_id} of {push.value} leaves, and its row is {row}")
        horizon = timedelta(seconds=self.business.shops[place[0]].profile.request_horizon_s)
        others = [
            one
            for one in self._flying.get(place, [])
            if self.business.clock.time - one[1] <= horizon  # type: ignore[index]
        ]
        if others and not (push.kind is QuantityMode.SET and push.value == 0):
            raise BrokenError("I15", f"{place}: {push.kind} {push.value} leaves beside another request")

    # ---------------------------------------------------------------- at every step

    def step(self) -> None:
        """I1 and I2."""
        self.truth.follow()
        if not self.business.is_counted:
            return
        self.looked["I1"] += 1
        oversold = self.truth.oversold()
        if oversold:
            raise BrokenError("I1", f"oversold: {oversold}")
        if not self.business.plan.is_beyond:
            self._bounds()

    def _bounds(self) -> None:
        """I2: what a number can still sell, and what was sold from it unseen, is no more than its bound."""
        self.looked["I2"] += 1
        unseen = self.truth.unseen()
        rows = self.business.raw.execute(
            "SELECT channel, pool_key, exposure FROM pool WHERE exposure IS NOT NULL"
        )
        for channel, key, exposure in rows.fetchall():
            shop = self.business.shops[channel]
            shop.advance(self.business.clock.time)
            gone, come = unseen.get((channel, key), (0, 0))
            most = can_sell(shop, key)
            if most + gone - come > max(exposure, 0):
                told = f"{channel} {key} can sell {most}, {gone} sold and {come} restocked unseen, bound {exposure}"
                raise BrokenError("I2", told)

    # ---------------------------------------------------------------- at rest

    def rest(self) -> None:
        """Nothing rages any more, and time enough has passed."""
        self.books()
        for name in ("I5", "I6", "I9", "I10", "I12"):
            self.looked[name] += 1
        self._nothing_is_lost()
        self._converged()
        self._repeat()

    def books(self) -> None:
        """I4 and I5, and I1 once more by the referee."""
        self.looked["I4"] += 1
        with self.business.ledger.snapshot() as tx:
            wrong = check_books(tx)
        if wrong:
            raise BrokenError("I4", "; ".join(wrong))
        wrong = [*self._reserved()]
        if wrong:
            raise BrokenError("I5", "; ".join(wrong))

    def _reserved(self) -> Iterator[str]:
        """What is reserved is what open lines and holds need."""
        raw = self.business.raw
        needed: Counter[str] = Counter()
        lines = raw.execute(
            "SELECT recipe, ordered - cancelled - shipped FROM order_line WHERE state = 'applied'"
        )
        for recipe, units in lines:
            for part, each in recipe_of(recipe).items():
                needed[part] += each * units
        gathered = raw.execute(
            "SELECT p.sku, p.gathered FROM hold_part AS p JOIN hold AS h ON h.id = p.hold_id WHERE h.outcome IS NULL"
        )
        for part, units in gathered:
            needed[part] += units
        for part, reserved in raw.execute("SELECT sku, reserved FROM stock"):
            if reserved != needed[part]:
                yield f"{part}: {reserved} reserved, {needed[part]} needed"

    def _nothing_is_lost(self) -> None:
        """I6: every order is recorded as the shop has it; and so (I5) what is left is what was never sold."""
        for name, shop in self.business.shops.items():
            known = self.truth.recorded(name)
            true = {
                (order.order_id, line.line_id): levels_of(line)
                for order in shop.book.orders.values()
                for line in order.lines
            }
            if known != true:
                wrong = {
                    key: (known.get(key), true.get(key))
                    for key in known | true
                    if known.get(key) != true.get(key)
                }
                raise BrokenError("I6", f"{name}: recorded and true differ: {dict(list(wrong.items())[:3])}")
        raw = self.business.raw
        held = Counter(dict(raw.execute(
            "SELECT p.sku, SUM(p.gathered) FROM hold_part AS p JOIN hold AS h ON h.id = p.hold_id"
            " WHERE h.outcome IS NULL GROUP BY p.sku"
        ).fetchall()))  # fmt: skip
        for part, left in raw.execute("SELECT sku, on_hand - reserved FROM stock"):
            true_left = self.truth.supply[part] - self.truth.live[part] - held[part]
            if left != true_left:
                raise BrokenError("I5", f"{part}: {left} left in the books, {true_left} in truth")

    def _converged(self) -> None:
        """I10 and I9: nothing is left to do, and every number is what the rows say."""
        left = unrest(self.business)
        if left:
            raise BrokenError("I10", "; ".join(left[:4]))
        with self.business.ledger.snapshot() as tx:
            found = incidents.open_incidents(tx)
        excused = FOR_PEOPLE | FOR_GOODS if self.business.plan.is_beyond else FOR_PEOPLE
        standing = [
            f"{one.kind} {one.subject} {dict(one.details)}" for one in found if one.kind not in excused
        ]
        if standing:
            raise BrokenError("I10", f"still open: {standing[:3]}")
        rows = self.business.raw.execute(
            "SELECT channel, pool_key, exposure, shown FROM pool WHERE shown IS NOT NULL"
        )
        for channel, key, exposure, shown in rows.fetchall():
            sells = self.business.shops[channel].sellable(key)
            if sells > max(exposure, 0) and not self.business.plan.is_beyond:
                raise BrokenError("I9", f"{channel} {key} sells {sells}, bound {exposure}, shown {shown}")

    def unsettled(self) -> bool:
        """Whether an incident stands that closes by itself."""
        with self.business.ledger.snapshot() as tx:
            found = incidents.open_incidents(tx)
        excused = FOR_PEOPLE | FOR_GOODS if self.business.plan.is_beyond else FOR_PEOPLE
        return any(one.kind not in excused for one in found)

    def _repeat(self) -> None:
        """I12: every job once more, with nothing new, changes nothing but what it says of itself."""
        business = self.business
        before = self._rows()
        for name in business.shops:
            for kind in (JobKind.PULL, JobKind.PUSH):
                business.run_job(name, kind)
        after = self._rows()
        if before != after:
            wrong = [
                (table, sorted(after[table] ^ before[table])[:4])
                for table in after
                if after[table] != before[table]
            ]
            raise BrokenError("I12", f"a repeat changed {wrong}")

    def _rows(self) -> dict[str, set[str]]:
        raw, found = self.business.raw, {}
        tables = [name for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            if table in OWN:
                continue
            cursor = raw.execute(f'SELECT * FROM "{table}"')  # names of our own tables
            kept = [i for i, column in enumerate(cursor.description) if column[0] not in OWN_COLUMNS]
            if table == "channel":
                kept = [i for i in kept if cursor.description[i][0] != "pull_sequence"]
            found[table] = {repr([row[i] for i in kept]) for row in cursor}
        return found

    def end(self) -> None:
        """I13: the secret is in no row."""
        self.looked["I13"] += 1
        if any(SECRET in line for line in self.business.raw.iterdump()):
            raise BrokenError("I13", "the token stands in a row")
