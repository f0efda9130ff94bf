"""Which of a channel's listings are ours? ``listing list|link|unlink|suggest|publish|manage|hide|show|update``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from syncworker.errors import UnknownSkuError
from syncworker.interfaces.cli.command import DIFFERENCES, OK, PARTIAL, Group
from syncworker.interfaces.cli.desk import Desk, pass_desk
from syncworker.interfaces.cli.listing_contents import hide, manage, show, update
from syncworker.interfaces.cli.listing_unlink import unlink
from syncworker.interfaces.language import N_, _, ngettext

if TYPE_CHECKING:
    from syncworker.ledger.listings import ListingRecord
    from syncworker.sync.contents import ContentsState
    from syncworker.sync.publishing import PublishReport


@click.group(cls=Group, help=N_("What the channels list, and which of it sells which of our goods."))
def listing() -> None:
    """The noun."""


listing.add_command(manage, "manage")
listing.add_command(hide, "hide")
listing.add_command(show, "show")
listing.add_command(update, "update")
listing.add_command(unlink, "unlink")


@listing.command(
    "list",
    example="listing list --channel tiktok --refresh",
    help=N_("Listings as they were last seen. With --refresh the channel is asked again first."),
)
@click.option("--channel", metavar="NAME", help=N_("Of this channel only."))
@click.option("--refresh", is_flag=True, help=N_("Ask the channel (or every channel) now."))
@pass_desk
def list_(desk: Desk, channel: str | None, refresh: bool) -> int:
    """What was found."""
    from syncworker.interfaces.sentences import at_channel
    from syncworker.ledger import channels, contents, listings
    from syncworker.sync.contents import contents_state
    from syncworker.sync.listings import discover

    with desk.app() as app:
        with app.ledger.snapshot() as tx:
            known = channels.all_channels(tx) if channel is None else [channels.load(tx, channel)]
        for one in [each for each in known if refresh and not each.rules.own_number]:
            with at_channel(one.name):
                discover(app.context, one.name)
        with app.ledger.snapshot() as tx:
            found = listings.all_listings(tx, channel=channel)
            able = contents.able(tx)
    states = [contents_state(one, able) for one in found]
    document = [_document(one, state) for one, state in zip(found, states, strict=True)]
    desk.answer({"listings": document}, lambda: _show(desk, found, states))
    return OK


def _document(one: ListingRecord, state: ContentsState | None) -> dict[str, object]:
    """One listing as `docs/listings.md` describes it; what only counts our own looks is nobody's business outside."""
    return {
        "channel": one.channel,
        "external_id": one.external_id,
        "title": one.title,
        "remote_sku": one.remote_sku,
        "price": None if one.price is None else format(one.price, "f"),
        "currency": one.currency,
        "seen_at": one.seen_at,
        "state": one.state,
        "sku": one.sku,
        "pool_key": one.pool_key,
        "pool_id": one.pool_id,
        "unlinking": one.unlinking,
        "contents": state,
        "managed": one.managed,
        "wanted_active": one.wanted_active,
        "sent": one.sent,
        "refusal": one.refusal,
    }


def _show(desk: Desk, found: Sequence[ListingRecord], states: Sequence[ContentsState | None]) -> None:
    from syncworker.interfaces.cli import words
    from syncworker.interfaces.cli.paper import table
    from syncworker.interfaces.figures import moment, money

    if not found:
        desk.say(_("No listing is known yet. Ask the channel with --refresh."))
        return
    rows = [
        [
            one.channel,
            one.external_id,
            one.title,
            one.remote_sku or "–",
            one.sku or "–",
            words.state("unlinking" if one.unlinking else one.state.value),
            _contents(one, state),
            money(one.price, one.currency),
            moment(one.seen_at),
        ]
        for one, state in zip(found, states, strict=True)
    ]
    titles = [
        _("Channel"), _("Listing"), _("Title"), _("Its SKU"), _("Our SKU"), _("State"), _("Contents"), _("Price"),
        _("Last seen"),
    ]  # fmt: skip
    table(desk, titles, rows, right=(7,))


def _contents(one: ListingRecord, state: ContentsState | None) -> str:
    """How its contents stand, with the channel's own words where it refused them."""
    from syncworker.interfaces.cli import words
    from syncworker.interfaces.cli.paper import harmless
    from syncworker.interfaces.sentences import sentence

    if state is None:
        return "–"
    said = words.state(state.value)
    told = one.refusal if state.value in {"refused", "to_be_sent"} else None
    return said if told is None else f"{said}: {harmless(sentence(told))}"


@listing.command(
    "link",
    example="listing link tiktok 1729384 BIN-BAMBU",
    help=N_(
        "From now on this listing sells this SKU. Orders that waited for the link are counted at once, and the listing is"
        " protected once its number has been read and settled."
    ),
)
@click.argument("channel")
@click.argument("listing_id", metavar="LISTING")
@click.argument("sku")
@pass_desk
def link(desk: Desk, channel: str, listing_id: str, sku: str) -> int:
    """One link."""
    from syncworker.sync.listings import link as link_listing

    with desk.app() as app:
        channels = app.ledger.run(
            lambda tx: link_listing(tx, app.context, channel, listing_id, sku, actor=app.settings.actor)
        )
    document = {"channel": channel, "listing": listing_id, "sku": sku, "channels": list(channels)}
    text = _("Listing {listing} at {channel} sells {sku}.").format(
        listing=listing_id, channel=channel, sku=sku
    )
    desk.answer(document, lambda: desk.say(text))
    return OK


@listing.command(
    "suggest",
    example="listing suggest tiktok --apply",
    help=N_(
        "Listings that carry exactly one of our SKUs and are not linked. --apply links all of them.\n\n"
        "Exit code 3: there are some, and they were not linked."
    ),
)
@click.argument("channel", required=False)
@click.option("--apply", "apply_", is_flag=True, help=N_("Link them all."))
@pass_desk
def suggest(desk: Desk, channel: str | None, apply_: bool) -> int:
    """Same SKU, not linked."""
    from syncworker.ledger import channels, listings
    from syncworker.sync.listings import link_suggested

    with desk.app() as app:
        with app.ledger.snapshot() as tx:
            known = channels.all_channels(tx) if channel is None else [channels.load(tx, channel)]
            found = listings.suggestions(tx, channel=channel)
            unseen = [one.name for one in known if not listings.is_any_known(tx, one.name)]
        for name in [one.name for one in known] if apply_ else ():
            app.ledger.run(
                lambda tx, name=name: link_suggested(tx, app.context, name, actor=app.settings.actor)  # type: ignore[misc]
            )
    rows = [
        {"channel": one.channel, "listing": one.external_id, "sku": one.remote_sku, "title": one.title}
        for one in found
    ]
    desk.answer(
        {"applied": apply_, "suggestions": rows},
        lambda: _show_suggestions(desk, found, unseen, applied=apply_),
    )
    return DIFFERENCES if found and not apply_ else OK


def _show_suggestions(
    desk: Desk, found: Sequence[ListingRecord], unseen: Sequence[str], *, applied: bool
) -> None:
    """``unseen``: channels of which no listing was ever seen; of them nothing can be said."""
    from syncworker.interfaces.cli.paper import table

    for name in unseen:
        desk.say(
            _(
                "No listing at {channel} was seen yet. Look first: `syncworker channel check {channel}`. If it lists none:"
                " `syncworker listing publish {channel}`."
            ).format(channel=name)
        )
    if not found and unseen:
        return
    if not found:
        desk.say(_("Nothing to link: every listing with one of our SKUs is linked."))
        return
    rows = [[one.channel, one.external_id, one.title, one.remote_sku or ""] for one in found]
    table(desk, [_("Channel"), _("Listing"), _("Title"), _("SKU")], rows)
    if applied:
        desk.say(ngettext("{n} listing linked.", "{n} listings linked.", len(found)).format(n=len(found)))
    else:
        desk.say(_("Link them with --apply, or one by one with `syncworker listing link`."))


@listing.command(
    "publish",
    example="listing publish tiktok BIN-BAMBU SAPU-GLAGAH",
    help=N_(
        "List products at a channel, with quantity 0; their numbers follow by the rule. Without SKUs: all that are not"
        " listed there yet. What the channel lists under one of our SKUs already is linked and stays as it is. Exit code"
        " 5: the channel refused some."
    ),
)
@click.argument("channel")
@click.argument("skus", nargs=-1)
@pass_desk
def publish(desk: Desk, channel: str, skus: tuple[str, ...]) -> int:
    """List products at a channel."""
    return publish_at(desk, channel, skus)


def publish_at(desk: Desk, channel: str, skus: Sequence[str]) -> int:
    """As the command; also what ``product publish`` does."""
    from syncworker.interfaces.sentences import at_channel
    from syncworker.ledger import channels, products
    from syncworker.sync.publishing import publish as publish_products

    with desk.app() as app:
        with app.ledger.snapshot() as tx:
            state = channels.load(tx, channel).state
            known = products.recipe_of(tx, skus)
        for sku in skus:
            if sku not in known:
                raise UnknownSkuError(sku)
        with at_channel(channel):
            report = publish_products(app.context, channel, skus=skus or None, actor=app.settings.actor)
    document = {
        "channel": channel,
        "published": list(report.published),
        "linked": list(report.linked),
        "rejected": [{"sku": sku, "message": message} for sku, message in report.rejected],
    }
    desk.answer(
        document, lambda: _show_published(desk, channel, report, is_observing=state.value == "observing")
    )
    return PARTIAL if report.rejected else OK


def _show_published(desk: Desk, channel: str, report: PublishReport, *, is_observing: bool) -> None:
    from syncworker.interfaces.cli.paper import harmless

    count = len(report.published)
    if not count and not report.rejected and not report.linked:
        desk.say(_("Nothing to publish: it is listed at {channel} already.").format(channel=channel))
    if count:
        text = ngettext(
            "{n} product listed at {channel} with quantity 0.",
            "{n} products listed at {channel} with quantity 0.",
            count,
        )
        desk.say(text.format(n=count, channel=channel))
    if report.linked:
        text = ngettext(
            "{n} product was listed there already: it is linked, with the contents that it has.",
            "{n} products were listed there already: they are linked, with the contents that they have.",
            len(report.linked),
        )
        desk.say(text.format(n=len(report.linked)))
    for sku, message in report.rejected:
        desk.say(
            _("{channel} refuses {sku}: {message}").format(
                channel=channel, sku=sku, message=harmless(message)
            )
        )
    if is_observing:
        desk.say(
            _("Its numbers follow once it is live: `syncworker channel go-live {channel}`.").format(
                channel=channel
            )
        )
