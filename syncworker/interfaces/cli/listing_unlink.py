"""How does a listing stop selling our goods? ``listing unlink``: its number to 0, settled, then linked to nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from syncworker.interfaces.cli.command import ATTENTION, OK, Command
from syncworker.interfaces.cli.desk import Desk, pass_desk
from syncworker.interfaces.cli.waiting import timeout, wait_until
from syncworker.interfaces.language import N_, _

if TYPE_CHECKING:
    from syncworker.sync.unlinking import Unlinking


@click.command(
    cls=Command,
    example="listing unlink tiktok 1729384",
    help=N_(
        "This listing is to sell nothing of ours any more. Its number is set to 0 first, and the orders from before are"
        " waited for; only then it is linked to nothing, by itself. `syncworker listing link` takes it back.\n\n"
        "With --wait exit code 4: it is not unlinked yet when the time is over; it goes on all the same."
    ),
)
@click.argument("channel")
@click.argument("listing_id", metavar="LISTING")
@click.option("--wait", is_flag=True, help=N_("Wait until it is unlinked."))
@timeout
@pass_desk
def unlink(desk: Desk, channel: str, listing_id: str, wait: bool, timeout_s: int) -> int:
    """No goods of ours any more."""
    from syncworker.sync.unlinking import is_unlinked
    from syncworker.sync.unlinking import unlink as unlink_listing

    with desk.app() as app:
        begun = app.ledger.run(lambda tx: unlink_listing(tx, channel, listing_id))
        done = begun.is_done
        if wait and not done:
            desk.note(_("Setting its number to 0 and waiting for its orders …"))
            done = wait_until(
                app, [channel], lambda tx: is_unlinked(tx, channel, listing_id), timeout_s=timeout_s
            )
    document = {
        "channel": channel,
        "listing": listing_id,
        "sku": begun.sku,
        "unlinked": done,
        "may_still_sell": 0 if done else begun.may_still_sell,
    }
    desk.answer(document, lambda: desk.say(_said(channel, listing_id, begun, is_done=done)))
    return ATTENTION if wait and not done else OK


def _said(channel: str, listing_id: str, begun: Unlinking, *, is_done: bool) -> str:
    from syncworker.interfaces.figures import number_or_unknown

    if is_done:
        text = _("Listing {listing} at {channel} sells {sku} no more.")
    else:
        text = _(
            "Listing {listing} at {channel} may still sell {n} of {sku}: its number is set to 0, and it is unlinked once that"
            " is settled. See `syncworker explain {sku}`."
        )
    return text.format(
        listing=listing_id, channel=channel, sku=begun.sku, n=number_or_unknown(begun.may_still_sell)
    )
