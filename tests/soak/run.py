"""What becomes of a plan? One run: rounds of raging and of rest, judged all along; the same plan gives the same run.

It prints nothing and writes nothing.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import structlog

from tests.invariants import RuleBrokenError
from tests.simulation.test_nothing_oversold import is_at_rest
from tests.soak.broken import BrokenError
from tests.soak.business import Business, open_business
from tests.soak.checks import SECRET, Checks
from tests.soak.deeds import all_live, deliver, put_back, rage, vouch
from tests.soak.plan import UNCOUNTED, Plan

#: Steps between two looks whether all is at rest.
LOOK_EVERY = 4
#: Events that are told of a failing run.
TAIL = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a run came to."""

    plan: Plan
    #: What broke, and how; empty when all held.
    invariant: str
    told: str
    hours: float
    orders: int
    visits: int
    cpu_s: float
    #: Of each kind of misfortune and deed, how often it struck.
    fired: Counter[str]
    #: How often each invariant was looked at.
    looked: Counter[str]
    digest: str
    tail: tuple[str, ...]

    @property
    def is_ok(self) -> bool:
        """Whether everything held."""
        return not self.invariant


def run(plan: Plan) -> Outcome:
    """Carry out a plan to its end, or until something breaks."""
    began = time.process_time()
    with quiet() as leaks, patch("tenacity.nap.time"), tempfile.TemporaryDirectory() as folder:
        business = open_business(plan, Path(folder))
        checks = Checks(business)
        invariant = told = ""
        try:
            _go(business, checks)
        except BrokenError as error:
            invariant, told = error.invariant, error.told
        except RuleBrokenError as error:
            invariant, told = "I3", str(error)
        if leaks and not invariant:
            invariant, told = "I13", f"the token was logged: {leaks[0]}"
        outcome = _outcome(business, checks, invariant, told, time.process_time() - began)
        business.raw.close()
        business.ledger.close()
    return outcome


def _go(business: Business, checks: Checks) -> None:
    plan = business.plan
    while business.elapsed_s < plan.hours * 3600.0:
        _rage(business, checks)
        _rest(business, checks)
        checks.rest()
    checks.end()


def _rage(business: Business, checks: Checks) -> None:
    plan = business.plan
    until_s = min(business.elapsed_s + plan.busy_s, plan.hours * 3600.0)
    for name, spec in plan.shop_faults:
        business.shops[name].faults.order(spec)
    rage(business, until_s=until_s)
    business.is_calm = False
    while business.elapsed_s < until_s:
        business.step()
        checks.step()
        _restore(business, checks)


def _restore(business: Business, checks: Checks) -> None:
    """Now and then a copy is made; when the trouble strikes, it is put back, and everybody begins anew."""
    if business.copy is not None and business.strikes("restored"):
        checks.forget()
        business.undisturbed(lambda: put_back(business))
    elif business.copy is None and "restored" in business.chances:
        business.back_up()


def _rest(business: Business, checks: Checks) -> None:
    """All is quiet until nothing is left to do, or as much time has passed as it may take."""
    plan = business.plan
    business.is_calm = True
    for shop in business.shops.values():
        shop.faults.clear()
    deliver(business)
    slowest = max(
        p.request_horizon_s + p.visibility_lag_s + p.apply_lag_s + p.read_lag_s for p in plan.profiles
    )
    until_s = business.elapsed_s + 2000.0 + 40 * plan.poll_s + 12 * slowest
    longest = max((spec.seconds for _, spec in plan.shop_faults if spec.kind in UNCOUNTED), default=0.0)
    least_s = business.elapsed_s + 4 * plan.poll_s + 3 * slowest + longest
    steps = 0
    while business.elapsed_s < until_s:
        business.step()
        checks.step()
        steps += 1
        if business.elapsed_s > least_s and "restored" in business.chances:
            vouch(business)
        late_enough = business.elapsed_s > least_s and steps % LOOK_EVERY == 0
        if late_enough and all_live(business) and is_at_rest(business) and not checks.unsettled():
            return


def _outcome(business: Business, checks: Checks, invariant: str, told: str, cpu_s: float) -> Outcome:
    checks.truth.follow()
    fired = Counter(business.fired)
    for shop in business.shops.values():
        fired.update(str(line["fault"]) for line in shop.log if line["kind"] == "fault")
    return Outcome(
        plan=business.plan,
        invariant=invariant,
        told=told,
        hours=business.elapsed_s / 3600.0,
        orders=sum(len(shop.book.orders) for shop in business.shops.values()),
        visits=checks.truth.visits,
        cpu_s=cpu_s,
        fired=fired,
        looked=Counter(checks.looked),
        digest=_digest(business),
        tail=tuple(_tail(business)),
    )


def _digest(business: Business) -> str:
    """Of everything that happened outside, every call, and the stock that is left."""
    found = hashlib.sha256()
    for shop in business.shops.values():
        for line in shop.log:
            found.update(json.dumps(line, default=str).encode())
    found.update(json.dumps([business.calls, business.outside], default=str).encode())
    for row in business.raw.execute("SELECT sku, on_hand, reserved, version FROM stock ORDER BY sku"):
        found.update(repr(row).encode())
    return found.hexdigest()


def _tail(business: Business) -> Iterator[str]:
    lines = [line for shop in business.shops.values() for line in shop.log.after(len(shop.log) - TAIL)]
    for line in sorted(lines, key=lambda one: str(one["time"]))[-TAIL:]:
        rest = {key: value for key, value in line.items() if key not in ("seq", "time", "shop", "kind")}
        yield f"{str(line['time'])[11:23]} {line['shop']:<7} {line['kind']:<12} {rest}"


@contextmanager
def quiet() -> Iterator[list[str]]:
    """Nothing is logged; what would have told the secret is collected."""
    leaks: list[str] = []

    def look(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        if SECRET in repr(event):
            leaks.append(repr(event))
        raise structlog.DropEvent

    before = structlog.get_config()
    structlog.configure(processors=[look])
    try:
        yield leaks
    finally:
        structlog.configure(**before)
