"""Which shop does the token open, and where do its goods lie? Shops and warehouses in words; pure."""

from __future__ import annotations

from syncworker.connector import ChannelCheck, ChannelMisconfiguredError, Document
from syncworker_tiktok.settings import TikTokSettings

#: The markets that the price table names, with the currency their prices are in.
_CURRENCIES = {
    "ID": "IDR",
    "MY": "MYR",
    "PH": "PHP",
    "SG": "SGD",
    "TH": "THB",
    "VN": "VND",
    "GB": "GBP",
    "US": "USD",
}


def facts(data: Document, shop_id: str | None) -> dict[str, str]:
    """What later calls need of the shop. ``ChannelMisconfiguredError`` names the shops when one has to be chosen."""
    shops = list(data["shops"].items())
    chosen = [one for one in shops if shop_id in (None, one["id"].text())]
    if len(chosen) != 1:
        known = ", ".join(f"{one['id'].shown()} ({one['name'].shown()})" for one in shops) or "none"
        raise ChannelMisconfiguredError(f"set shop_id to one of the shops that the consent covers: {known}")
    (one,) = chosen
    return {
        "shop_cipher": one["cipher"].text(),
        "shop_id": one["id"].text(),
        "shop_name": one["name"].shown(),
        "region": one["region"].text(),
    }


def check(
    shops: Document, warehouses: Document, cipher: str | None, settings: TikTokSettings
) -> ChannelCheck:
    """The shop behind the cipher, and its warehouses. Wrong ids in the settings are named."""
    ours = [one for one in shops["shops"].items() if one["cipher"].text() == cipher]
    if not ours:
        raise ChannelMisconfiguredError(
            "the token opens other shops than the one configured; connect the account again, or mend shop_cipher"
        )
    found = {one["id"].text(): _in_words(one) for one in warehouses["warehouses"].items()}
    if settings.warehouse_id is not None and settings.warehouse_id not in found:
        raise ChannelMisconfiguredError(
            f"warehouse_id {settings.warehouse_id} is none of the shop's: {', '.join(found) or 'it has none'}"
        )
    one, region = ours[0], ours[0]["region"].text()
    told = {"shop id": one["id"].text(), "region": region, "seller": one["seller_type"].shown()}
    return ChannelCheck(
        name=one["name"].shown(),
        currency=_CURRENCIES.get(region),
        facts=told | {f"warehouse {key}": words for key, words in found.items()},
    )


def _in_words(warehouse: Document) -> str:
    parts = [
        value.shown()
        for name in ("name", "type", "effect_status")
        if (value := warehouse.get(name)) is not None
    ]
    return ", ".join(parts)
