"""What does a seed decide? The shops at the edges of what they may declare, the demand, and half of all misfortunes.

A plan is a value: whoever shrinks a failing run takes pieces out of it and runs it again. It runs nothing.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import get_args

from syncworker.sandbox.faults import ALL_KINDS, CallKind, FaultSpec
from syncworker.sandbox.profile import QuantityMode, ShopProfile
from tests.simulation.faults import UNDECLARED

#: Misfortunes of a shop that are within what it declares; the calls of a shop to its seller need a server.
SHOP_FAULTS: tuple[str, ...] = tuple(
    kind for kind in ALL_KINDS if kind not in UNDECLARED and kind not in get_args(CallKind)
)
#: Misfortunes of our own process, with the chances they are drawn from, each time that they could strike.
TROUBLES: dict[str, tuple[float, ...]] = {
    "killed_before_request": (0.01, 0.05),
    "killed_after_request": (0.01, 0.05),
    "killed_before_commit": (0.005, 0.02),
    "killed_after_commit": (0.005, 0.02),
    "killed_in_statement": (0.0005, 0.002),
    "database_busy": (0.001, 0.004),
    "commit_lost": (0.003, 0.01),
    "frozen": (0.005, 0.02),
    "second_worker": (0.05, 0.5),
    "connector_raises": (0.01, 0.1),
    "connector_silent": (0.01, 0.05),
    "hint_lost": (0.1, 0.5),
    "hint_doubled": (0.1, 0.5),
    "hint_late": (0.1, 0.5),
    "beat_missed": (0.1, 0.5),
    "beat_doubled": (0.1, 0.5),
    "restored": (0.005, 0.01),
}
#: What buyers, the shop's staff and our own people do.
DEEDS: tuple[str, ...] = (
    "cancel", "ship", "return", "edit_fewer", "edit_more", "reinstate", "basket", "found", "hand_edit_down",
    "hold", "hold_ends", "pause", "withdraw", "resync", "policy",
)  # fmt: skip
#: What no promise of a channel covers: its units are allowed for, and only some seeds do it.
COUNTED: tuple[str, ...] = ("oversell",)
UNCOUNTED: tuple[str, ...] = ("stale_read", "listed_late", "apply_late", "unknown_status")
BEYOND_FAULTS = COUNTED + UNCOUNTED
BEYOND_DEEDS: tuple[str, ...] = ("hand_edit_up", "return_restocked", "gift", "lost")

MODES: tuple[QuantityMode, ...] = ("set", "set", "compare_and_set", "delta")
NAMES = ("warung", "pasar", "toko")
SKUS = ("BIN-BAMBU", "PENGKI-BAMBU", "SET-BERSIH", "UKIRAN-01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything about one run."""

    seed: int
    hours: float
    profiles: tuple[ShopProfile, ...]
    #: Units of each part in the beginning and at each delivery.
    units: int
    poll_s: float
    tick_s: float
    #: So long shops and buyers rage; then all is quiet until everything has settled, and they begin again.
    busy_s: float
    visits_per_minute: float
    shop_faults: tuple[tuple[str, FaultSpec], ...]
    troubles: tuple[tuple[str, float], ...]
    deeds: tuple[str, ...]
    deed_every_s: float

    @property
    def is_beyond(self) -> bool:
        """Whether something happens that no channel promises not to do."""
        return any(deed in BEYOND_DEEDS for deed in self.deeds) or any(
            spec.kind in BEYOND_FAULTS for _, spec in self.shop_faults
        )

    @property
    def drawn(self) -> frozenset[str]:
        """Every kind of misfortune and deed that may strike."""
        kinds = {spec.kind for _, spec in self.shop_faults} | {kind for kind, _ in self.troubles}
        return frozenset({*kinds, *self.deeds})

    @property
    def catalogue(self) -> str:
        """One of a kind, two parts, and a bundle of them."""
        return (
            "sku,title,on_hand,price,currency,parts\n"
            f"BIN-BAMBU,Tempat sampah bambu,{self.units},85000,IDR,\n"
            f"PENGKI-BAMBU,Pengki bambu,{self.units + 1},35000,IDR,\n"
            "SET-BERSIH,Paket kebersihan,,140000,IDR,BIN-BAMBU:1;PENGKI-BAMBU:2\n"
            "UKIRAN-01,Ukiran bambu,1,450000,IDR,\n"
        )


def draw(seed: int, *, hours: float) -> Plan:
    """The plan of a seed. Of two neighbours (0 and 1, 2 and 3, …) each kind strikes one; every fourth seed goes beyond."""
    rng = random.Random(f"{seed}:plan")
    poll_s = rng.choice((5.0, 5.0, 30.0, 60.0, 300.0))
    is_dense = rng.random() < 0.4
    kinds = half(seed)
    is_beyond = seed % 4 == 3
    beyond = () if not is_beyond else UNCOUNTED if seed % 8 == 3 else COUNTED
    profiles = tuple(_shop(rng, name, poll_s) for name in NAMES[: rng.choice((2, 3, 3))])
    deeds = tuple(deed for deed in DEEDS if deed in kinds) + (BEYOND_DEEDS if is_beyond else ())
    return Plan(
        seed=seed,
        hours=hours,
        profiles=profiles,
        units=rng.choice((150, 600)) if is_dense else rng.choice((1, 2, 3, 8)),
        poll_s=poll_s,
        tick_s=max(1.0, min(poll_s / 2, 60.0)),
        busy_s=poll_s * rng.choice((20, 40)),
        visits_per_minute=(rng.choice((60, 200)) if is_dense else rng.choice((5, 15))) * 60.0 / poll_s,
        shop_faults=tuple(_faults(rng, profiles, kinds, beyond)),
        troubles=tuple((kind, rng.choice(rates)) for kind, rates in TROUBLES.items() if kind in kinds),
        deeds=deeds,
        deed_every_s=poll_s / rng.choice((1.0, 4.0)),
    )


def half(seed: int) -> frozenset[str]:
    """Half of all kinds; the seed beside it has the other half."""
    kinds = [*SHOP_FAULTS, *TROUBLES, *DEEDS]
    random.Random(f"{seed // 2}:half").shuffle(kinds)
    return frozenset(kinds[seed % 2 :: 2])


def _shop(rng: random.Random, name: str, poll_s: float) -> ShopProfile:
    """A shop whose lags lie beside the poll interval or are none."""
    mode = rng.choice(MODES)
    lags = (0.0, 0.02, 0.9 * poll_s, 1.1 * poll_s)
    has_floor = mode == "set" and rng.random() < 0.15
    return ShopProfile(
        name=name,
        quantity_mode=mode,
        quantity_kind=rng.choice(("available", "available", "on_hand")),
        below_zero=rng.choice(("refuse", "clamp")),
        floor=2 if has_floor else 0,
        # One that refuses to begin at 0 lists nothing of ours.
        floor_mode="lift",
        ceiling=rng.choice((None, None, 3)),
        visibility_lag_s=rng.choice(lags),
        apply_lag_s=rng.choice(lags) if mode == "set" else 0.0,
        read_lag_s=rng.choice(lags),
        request_horizon_s=rng.choice((2.0, 4.0, 1.1 * poll_s)),
        page_size=rng.choice((1, 3, 50)),
        batch_max=rng.choice((1, 2, 50)),
        restocks_on_cancel=rng.choice(("yes", "no", "unknown")),
        feeds=rng.choice(("single", "split")),
        readable=rng.random() < 0.8,
        idempotency_retention_s=rng.choice((0.0, 86_400.0)),
        clock_offset_s=rng.choice((0.0, 0.9, -0.9)),
    )


def _faults(
    rng: random.Random, profiles: tuple[ShopProfile, ...], kinds: frozenset[str], beyond: tuple[str, ...]
) -> list[tuple[str, FaultSpec]]:
    wanted = [kind for kind in SHOP_FAULTS if kind in kinds] + list(beyond)
    return [(profile.name, _spec(rng, profile, kind)) for profile in profiles for kind in wanted]


def _spec(rng: random.Random, profile: ShopProfile, kind: str) -> FaultSpec:
    horizon_s = profile.request_horizon_s
    seconds = {
        "late": rng.uniform(0.0, 0.9 * horizon_s),
        "listed_late": rng.uniform(60.0, 400.0),
        "apply_late": rng.uniform(1.0, 60.0),
        "stale_read": rng.uniform(1.0, 60.0),
    }
    return FaultSpec(
        kind=kind,  # type: ignore[arg-type]  # one of the words above
        probability=rng.choice((0.01, 0.05) if kind in BEYOND_FAULTS else (0.02, 0.1, 0.4)),
        seconds=seconds.get(kind, rng.uniform(0.0, min(1.5, 0.4 * horizon_s))),
        status=rng.choice((500, 502, 503)),
        retry_after=rng.choice(("none", "seconds")),
        code={"item_refused": "below_floor", "unknown_status": "on_the_moon"}.get(kind, ""),
        field="quantity",
    )
