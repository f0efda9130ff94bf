"""Who will come to buy, when and where? Seeded visits drawn before the shops open, so that no policy changes who came.

Nobody is sent anywhere here (``buyers.py``), and nothing is known of stock.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TypeVar

#: For so many seconds the buyers are drawn; a demo of another length has the same ones, further apart or closer together ...
USUAL_S = 90.0
#: ... but never closer than this, as a share of the usual time: in a shorter demo fewer of them come.
CLOSEST = 0.55
#: Visits a second when the shops open, and after the rush: all is sold in 65 to 80 seconds, mostly.
RUSH_PER_S, CALM_PER_S = 2.6, 1.8
#: The rush fades over so many seconds.
FADES_S = 40.0
CARVING = "UKIRAN-01"
#: What a buyer comes for, much as it lies on the shelf: brooms mostly run out first, dustpans last.
WANTED = MappingProxyType(
    {"PENGKI-BAMBU": 0.44, "BIN-BAMBU": 0.28, "SAPU-GLAGAH": 0.18, "SET-BERSIH": 0.08, CARVING: 0.02}
)
#: Where buyers go: as in most trades, half of them to one place.
POPULARITY = MappingProxyType({"pasar": 0.50, "toko": 0.22, "tiktok": 0.16, "counter": 0.12})
#: A one-off without any sale yet is shown at the first shop by name; one of the two who want it goes there.
FIRST_SHOP = min(POPULARITY)
#: When the two come for the carving, and how far they are apart in a demo of any length, in seconds.
CARVING_BETWEEN_S, APART_S = (11.0, 15.0), (0.15, 0.7)
#: Three buyers change their minds; the shop puts the unit back on sale by itself, or does not. The last one had bought a
#: broom, when mostly no other is left.
CANCELLATIONS = (
    ("pasar", True, 18.0, None),
    ("tiktok", False, 27.0, None),
    ("toko", False, 48.0, "SAPU-GLAGAH"),
)


@dataclass(frozen=True, slots=True)
class Visit:
    """One buyer comes for one unit."""

    at_s: float
    shop: str
    sku: str
    buyer: str


@dataclass(frozen=True, slots=True)
class ChangeOfMind:
    """An earlier buyer of the shop cancels; ``restocks``: the shop puts the unit back on sale by itself."""

    at_s: float
    shop: str
    restocks: bool
    #: What that buyer had bought; ``None``: whatever it was.
    sku: str | None = None


Act = Visit | ChangeOfMind
ActT = TypeVar("ActT", bound=Act)


def draw_acts(seed: int, seconds: float) -> list[Act]:
    """All that buyers will do in a demo of this length, by time: the same ones in the same order, whatever the length."""
    rng = random.Random(f"{seed}:buyers")  # noqa: S311 - repeatable buyers, not cryptography
    stretch = _stretch(seconds)
    first, second = _rivals(rng)
    # However long the demo: the two of them come in the same second.
    rivals = [_later(first, stretch), replace(second, at_s=first.at_s * stretch + second.at_s - first.at_s)]
    race_ends = rivals[1].at_s
    others: list[Act] = [
        ChangeOfMind(at_s + rng.uniform(0.0, 2.0), shop, restocks, sku)
        for shop, restocks, at_s, sku in CANCELLATIONS
    ]
    others += _crowd(rng, USUAL_S)
    acts: list[Act] = [*rivals, *(_later(act, stretch) for act in others)]
    return sorted(
        (act for act in acts if act.at_s < seconds and (act in rivals or not _spoils(act, race_ends))),
        key=lambda act: act.at_s,
    )


def buyers_per_minute(seconds: float) -> int:
    """How many come when the doors open, to the nearest ten."""
    return 10 * round(6 * RUSH_PER_S / _stretch(seconds))


def _stretch(seconds: float) -> float:
    return max(CLOSEST, seconds / USUAL_S)


def _later(act: ActT, stretch: float) -> ActT:
    return replace(act, at_s=act.at_s * stretch)


def _spoils(act: Act, race_ends: float) -> bool:
    """Whether somebody else comes for the carving before the two."""
    return isinstance(act, Visit) and act.sku == CARVING and act.at_s <= race_ends + 1.0


def _rivals(rng: random.Random) -> tuple[Visit, Visit]:
    """The two who want the one carving in the same second, at two shops."""
    at_s = rng.uniform(*CARVING_BETWEEN_S)
    shops = [FIRST_SHOP, rng.choice([shop for shop in POPULARITY if shop != FIRST_SHOP])]
    rng.shuffle(shops)
    return (
        Visit(at_s, shops[0], CARVING, "rival-1"),
        Visit(at_s + rng.uniform(*APART_S), shops[1], CARVING, "rival-2"),
    )


def _crowd(rng: random.Random, seconds: float) -> Iterator[Visit]:
    """Everybody else: a Poisson stream that is thinned out as the rush fades."""
    at_s, count = 0.0, 0
    while True:
        at_s += rng.expovariate(RUSH_PER_S)
        if at_s >= seconds:
            return
        stays, shop, sku = rng.random(), _pick(rng, POPULARITY), _pick(rng, WANTED)
        if stays < _visits_per_s(at_s) / RUSH_PER_S:
            count += 1
            yield Visit(at_s, shop, sku, f"buyer-{count}")


def _visits_per_s(at_s: float) -> float:
    faded = min(1.0, at_s / FADES_S)
    return RUSH_PER_S + (CALM_PER_S - RUSH_PER_S) * faded


def _pick(rng: random.Random, weights: Mapping[str, float]) -> str:
    return rng.choices(list(weights), list(weights.values()))[0]
