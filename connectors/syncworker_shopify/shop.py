"""Which shop does the token open, and which location's numbers are ours? Pure."""

from __future__ import annotations

from syncworker.connector import ChannelCheck, ChannelMisconfiguredError, Document
from syncworker_shopify.ids import number
from syncworker_shopify.settings import ShopifySettings


def check(data: Document, served_version: str | None, settings: ShopifySettings) -> ChannelCheck:
    """The shop and its locations. What the settings say otherwise is named."""
    shop = data["shop"]
    if served_version is not None and served_version != settings.api_version:
        raise ChannelMisconfiguredError(
            f"Shopify serves version {served_version} instead of {settings.api_version}, which it no longer or not yet "
            "knows: set api_version to a supported one"
        )
    places = locations(data)
    if settings.location_id is not None and settings.location_id not in places:
        raise ChannelMisconfiguredError(
            f"location_id {settings.location_id} is none of the shop's active locations: {_named(places)}"
        )
    if settings.location_id is None:
        only(places)
    told = {"domain": shop["myshopifyDomain"].shown(), "plan": shop["plan"]["publicDisplayName"].shown()}
    return ChannelCheck(
        name=shop["name"].shown(),
        currency=shop["currencyCode"].currency(),
        facts=told | {f"location {key}": words for key, words in places.items()},
    )


def locations(data: Document) -> dict[str, str]:
    """Locations by number, with their names."""
    return {number(one["id"], "Location"): one["name"].shown() for one in data["locations"]["nodes"].items()}


def only(places: dict[str, str]) -> str:
    """The one location there is."""
    if len(places) != 1:
        raise ChannelMisconfiguredError(
            f"set location_id to the location that this channel sells from: {_named(places)}"
        )
    return next(iter(places))


def _named(places: dict[str, str]) -> str:
    return ", ".join(f"{key} ({words})" for key, words in places.items()) or "the shop has none"
