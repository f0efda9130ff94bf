"""Who will come to buy, when and where? Seeded visits drawn before the shops open, so that no policy changes who came.

Nobody is sent anywhere here (``buyers.py``), and nothing is known of stock.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

#: Visits a second when the shops open, and after the rush; about 3.2 in the mean of the first minute.
RUSH_PER_S, CALM_PER_S = 4.6, 1.8
#: The rush fades over so many seconds.
FADES_S = 60.0
CARVING = "UKIRAN-01"
#: What a buyer comes for: brooms run out first, dustpans last.
WANTED = MappingProxyType(
    {"PENGKI-BAMBU": 0.32, "BIN-BAMBU": 0.28, "SAPU-GLAGAH": 0.22, "SET-BERSIH": 0.14, CARVING: 0.04}
)
#: Where buyers go.
POPULARITY = MappingProxyType({"pasar": 0.34, "toko": 0.27, "tiktok": 0.27, "counter": 0.12})
#: A one-off without any sale yet is shown at the first shop by name; one of the two who want it goes there.
FIRST_SHOP = min(POPULARITY)
#: When the two come for the carving, and how far they are apart, in seconds.
CARVING_BETWEEN_S, APART_S = (7.0, 11.0), (0.15, 0.7)
#: Three buyers change their minds; the shop puts the unit back on sale by itself, or does not. The last one had bought a
#: broom, when mostly no other is left.
CANCELLATIONS = (
    ("pasar", True, 9.0, None),
    ("tiktok", False, 14.0, None),
    ("toko", False, 32.0, "SAPU-GLAGAH"),
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


def draw_acts(seed: int, seconds: float) -> list[Act]:
    """All that buyers will do in this time, by time; a longer time only adds to the end."""
    rng = random.Random(f"{seed}:buyers")  # noqa: S311 - repeatable buyers, not cryptography
    rivals = list(_rivals(rng))
    race_ends = max(visit.at_s for visit in rivals)
    acts: list[Act] = [*rivals]
    acts += [
        ChangeOfMind(at_s + rng.uniform(0.0, 2.0), shop, restocks, sku)
        for shop, restocks, at_s, sku in CANCELLATIONS
    ]
    acts += [visit for visit in _crowd(rng, seconds) if visit.sku != CARVING or visit.at_s > race_ends + 1.0]
    return sorted((act for act in acts if act.at_s < seconds), key=lambda act: act.at_s)


def _rivals(rng: random.Random) -> Iterator[Visit]:
    """The two who want the one carving in the same second, at two shops."""
    at_s = rng.uniform(*CARVING_BETWEEN_S)
    shops = [FIRST_SHOP, rng.choice([shop for shop in POPULARITY if shop != FIRST_SHOP])]
    rng.shuffle(shops)
    for place, shop in enumerate(shops):
        yield Visit(at_s + place * rng.uniform(*APART_S), shop, CARVING, f"rival-{place + 1}")


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
