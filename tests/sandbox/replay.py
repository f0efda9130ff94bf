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
    kind = event["kind"]
    if kind in ("publish", "late_apply"):
        pool.quantity = event["asked"]
    elif kind in ("set", "compare_and_set", "adjust"):
        if event["status"] == "applied":
            pool.quantity = event["asked"] if "asked" in event else _adjusted(profile, pool, event["delta"])
    elif kind == "hand_edit":
        pool.quantity = event["after"]
    elif kind != "turned_away":
        assert bought is not None
        _order_step(pool, event, event["quantity"] if bought["counted"] else 0, profile)


def _order_step(pool: Numbers, event: dict[str, Any], units: int, profile: ShopProfile) -> None:
    """What one act on an order line does to (quantity, reserved): one row per kind."""
    on_hand = profile.quantity_kind == "on_hand"
    back = event.get("restocked", False) or units < 0
    rise, reserve = {
        "buy": (0 if on_hand else -units, units),
        "ship": (-units if on_hand else 0, -units),
        "return": (event["quantity"] if back else 0, 0),
        "cancel": (units * (back - on_hand), -units),
        "edit": (units * (back - on_hand), -units),
        "reinstate": ((units if on_hand else 0) - event.get("retaken", 0), units),
    }[event["kind"]]
    pool.quantity += rise
    pool.reserved += reserve


def _adjusted(profile: ShopProfile, pool: Numbers, delta: int) -> int:
    least = pool.reserved if profile.quantity_kind == "on_hand" else 0
    wanted = pool.quantity + delta
    if delta < 0 and wanted < least and profile.below_zero == "clamp":
        return min(pool.quantity, least)
    return wanted
