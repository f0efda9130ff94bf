"""A second opinion on a shop's numbers: computed from its log's arguments alone, event by event."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from syncworker.sandbox.profile import ShopProfile


@dataclass
class Numbers:
    """One pool as the replay sees it; `counted` tells per line whether the number fell for it."""

    quantity: int = 0
    reserved: int = 0


def replayed(profile: ShopProfile, log: Iterable[dict[str, Any]]) -> dict[str, Numbers]:
    """The numbers of every pool after the log; an event that its arguments do not explain fails the test."""
    pools: dict[str, Numbers] = {}
    lines: dict[str, dict[str, Any]] = {}
    for expected_seq, event in enumerate(log, start=1):
        assert event["seq"] == expected_seq
        if "before" not in event:
            continue
        pool = pools.setdefault(event["pool_id"], Numbers())
        assert (event["before"], event["reserved_before"]) == (pool.quantity, pool.reserved), event
        if event["kind"] == "buy":
            lines[event["line_id"]] = event
        _step(profile, pool, event, lines.get(event.get("line_id", "")))
        assert (event["after"], event["reserved_after"]) == (pool.quantity, pool.reserved), event
    return pools


def _step(profile: ShopProfile, pool: Numbers, event: dict[str, Any], bought: dict[str, Any] | None) -> None:
    on_hand = profile.quantity_kind == "on_hand"
    kind = event["kind"]
    units = event.get("quantity", 0) if bought is None or bought["counted"] else 0
    if kind == "publish":
        pool.quantity = event["asked"]
    elif kind == "late_apply" or (kind in ("set", "compare_and_set") and event["status"] == "applied"):
        pool.quantity = event["asked"]
    elif kind == "adjust" and event["status"] == "applied":
        pool.quantity = _adjusted(profile, pool, event["delta"])
    elif kind == "hand_edit":
        pool.quantity = event["after"]
    elif kind == "buy":
        pool.reserved += units
        pool.quantity -= 0 if on_hand else units
    elif kind == "ship":
        pool.reserved -= units
        pool.quantity -= units if on_hand else 0
    elif kind == "return":
        pool.quantity += event["quantity"] if event["restocked"] else 0
    elif kind == "cancel":
        pool.reserved -= units
        pool.quantity += units * (event["restocked"] - on_hand)
    elif kind == "edit":
        pool.reserved -= units
        pool.quantity += units * ((units < 0 or event["restocked"]) - on_hand)
    elif kind == "reinstate":
        pool.reserved += units
        pool.quantity += (units if on_hand else 0) - (event["retaken"])


def _adjusted(profile: ShopProfile, pool: Numbers, delta: int) -> int:
    least = pool.reserved if profile.quantity_kind == "on_hand" else 0
    wanted = pool.quantity + delta
    if delta < 0 and wanted < least and profile.below_zero == "clamp":
        return min(pool.quantity, least)
    return wanted
