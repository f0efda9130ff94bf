"""Does a channel answer, and what does it list? Address and credentials proven, its listings recorded; nothing is sent."""

from __future__ import annotations

from dataclasses import dataclass

from syncworker.connector.contract import ChannelCheck
from syncworker.ledger import channels, listings, products
from syncworker.ledger.listings import ListingState
from syncworker.sync.context import Context
from syncworker.sync.listings import discover


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """What a check learned."""

    channel: str
    answer: ChannelCheck
    assumed: tuple[str, ...]
    listings: int
    linked: int
    #: Listings whose SKU text is exactly one of ours, and that are not linked.
    suggested: int
    #: Currencies of our catalogue that are not the channel's.
    other_currencies: tuple[str, ...]


def check_channel(context: Context, name: str) -> CheckReport:
    """Ask the channel who it is and what it lists. Raises what the channel raises; safe to repeat."""
    with context.ledger.snapshot() as tx:
        channel = channels.load(tx, name)
    answer = context.open_channel(name).check()
    if not channel.rules.own_number:
        discover(context, name)
    with context.ledger.snapshot() as tx:
        found = listings.all_listings(tx, channel=name)
        ours = {one.currency for one in products.list_products(tx) if one.currency}
        suggested = len(listings.suggestions(tx, channel=name))
    others = ours - {answer.currency} if answer.currency is not None else set()
    return CheckReport(
        channel=name,
        answer=answer,
        assumed=() if channel.rules.own_number else channel.assumed,
        listings=len(found),
        linked=sum(one.state is ListingState.LINKED for one in found),
        suggested=suggested,
        other_currencies=tuple(sorted(others)),
    )
