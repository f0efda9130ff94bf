"""Which shop does the token open, and can its numbers be set here? The shop in words; pure."""

from __future__ import annotations

from syncworker.connector import ChannelCheck, ChannelMisconfiguredError, Document
from syncworker_shopee import orders

#: Shopee's regions with the currency their prices are in.
_CURRENCIES = {
    "ID": "IDR",
    "MY": "MYR",
    "PH": "PHP",
    "SG": "SGD",
    "TH": "THB",
    "TW": "TWD",
    "VN": "VND",
    "BR": "BRL",
    "MX": "MXN",
    "CL": "CLP",
    "CO": "COP",
    "AR": "ARS",
}


def check(envelope: Document, shop_id: str) -> ChannelCheck:
    """The shop in words. ``ChannelMisconfiguredError`` where its stock is kept by a merchant above it."""
    upgraded = envelope.get("is_upgraded_cbsc")
    if upgraded is not None and upgraded.flag():
        raise ChannelMisconfiguredError(
            f"shop {shop_id} sells across borders: its stock is that of the merchant's global products, "
            "which this connector does not set"
        )
    region = envelope["region"].text()
    facts = {"shop id": shop_id, "region": region}
    for name, field in (("status", "status"), ("fulfilment", "shop_fulfillment_flag")):
        value = envelope.get(field)
        if value is not None:
            facts[name] = value.shown()
    ends = envelope.get("expire_time")
    if ends is not None:
        facts["consent ends"] = orders.moment(ends).date().isoformat()
    return ChannelCheck(name=envelope["shop_name"].text(), currency=_CURRENCIES.get(region), facts=facts)
