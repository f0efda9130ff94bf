"""Which shops shall be opened? Setups from code, from a JSON file, or the built-in three; nothing is opened here."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import ConfigDict, TypeAdapter, ValidationError

from syncworker.sandbox.catalogue import Catalogue
from syncworker.sandbox.pools import ListingSeed
from syncworker.sandbox.profile import QuantityMode, ShopProfile


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopSetup:
    """One shop to open: its habits, the token its seller shows, the listings it opens with, its wire format."""

    profile: ShopProfile
    token: str
    #: A name in `dialects.DIALECTS`.
    dialect: str = "marketplace"
    listings: tuple[ListingSeed, ...] = ()
    #: Where its seller is called when an order changes; on this machine alone.
    webhook_url: str | None = None

    def __post_init__(self) -> None:
        if not self.token or not self.token.isascii() or not self.token.isprintable():
            raise ValueError(f"shop {self.profile.name!r}: a token is printable ASCII")


#: Goods of the built-in shops: SKU, title, price.
_GOODS = (
    ("BIN-BAMBU", "Tempat sampah bambu", "85000"),
    ("PENGKI-BAMBU", "Pengki bambu", "35000"),
    ("SAPU-GLAGAH", "Sapu glagah", "30000"),
    ("SET-BERSIH", "Paket kebersihan: 1 tempat sampah, 1 pengki, 1 sapu", "140000"),
    ("UKIRAN-01", "Ukiran bambu satu-satunya", "450000"),
)
_SETUPS = TypeAdapter(tuple[ShopSetup, ...], config=ConfigDict(extra="forbid", strict=True))


def builtin_shops(listings: Iterable[ListingSeed] | None = None) -> tuple[ShopSetup, ...]:
    """Three shops: `warung` sets, `pasar` compares and sets, `toko` adjusts; visibility 1 s, horizon 3 s.

    Without `listings` each shows the craft catalogue with quantity 0. The token of a shop is `token-NAME`.
    """
    seeds = tuple(listings) if listings is not None else craft_listings()
    modes: tuple[tuple[str, QuantityMode], ...] = (
        ("warung", "set"),
        ("pasar", "compare_and_set"),
        ("toko", "delta"),
    )
    profiles = [
        ShopProfile(name=name, quantity_mode=mode, visibility_lag_s=1.0, request_horizon_s=3.0)
        for name, mode in modes
    ]
    return tuple(ShopSetup(profile=each, token=f"token-{each.name}", listings=seeds) for each in profiles)


def catalogue_listings(catalogue: Catalogue) -> tuple[ListingSeed, ...]:
    """Every row of a catalogue as a listing with quantity 0, bundles too."""
    return tuple(
        ListingSeed(sku=item.sku, title=item.title, price=item.price) for item in catalogue.items.values()
    )


def load_shops(path: Path) -> tuple[ShopSetup, ...]:
    """Read a shops file: `{"shops": [{"profile": {...}, "token": "...", "listings": [{...}]}]}`.

    `ValueError` lists every mistake with its place; unknown fields are mistakes.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path.name} is not JSON: {error}") from error
    shops = document.get("shops") if isinstance(document, dict) else None
    if not isinstance(shops, list):
        raise ValueError(f"{path.name} needs a list under 'shops'")  # noqa: TRY004 - a fault of the file
    try:
        return _SETUPS.validate_json(json.dumps(shops))
    except ValidationError as error:
        raise ValueError(f"{path.name}: " + "; ".join(_complaints(error))) from error


def write_shops(path: Path, setups: Iterable[ShopSetup]) -> None:
    """Write a shops file that `load_shops` reads back; it holds the tokens, so only its owner may read it."""
    document: Mapping[str, object] = {"shops": [asdict(setup) for setup in setups]}
    path.touch(mode=0o600)
    path.write_text(json.dumps(document, ensure_ascii=False, indent=1), encoding="utf-8")


def craft_listings() -> tuple[ListingSeed, ...]:
    """The craft catalogue, each with quantity 0."""
    return tuple(ListingSeed(sku=sku, title=title, price=price) for sku, title, price in _GOODS)


def _complaints(error: ValidationError) -> list[str]:
    return [
        ".".join(str(step) for step in problem["loc"]) + f": {problem['msg']}" for problem in error.errors()
    ]
