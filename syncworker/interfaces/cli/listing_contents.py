"""What do our listings say, and who writes it? ``listing manage|hide|show|update``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from syncworker.errors import InputError
from syncworker.interfaces.cli.command import DIFFERENCES, OK, PARTIAL, Command
from syncworker.interfaces.cli.desk import Desk, pass_desk
from syncworker.interfaces.language import N_, _, ngettext

if TYPE_CHECKING:
    from syncworker.bootstrap import App
    from syncworker.ledger.listings import ListingRecord
    from syncworker.sync.contents import ContentsPlan
    from syncworker.sync.updating import ContentsReport

#: Listings compared in a dry run.
MOST = 100_000


@click.command(
    cls=Command,
    example="listing manage tiktok BIN-BAMBU",
    help=N_(
        "From now on title, description, price and pictures of these listings follow the catalogue. What was published"
        " from here does so anyway; what was linked stays as the seller wrote it until you say this. --off gives it back."
    ),
)
@click.argument("channel")
@click.argument("skus", nargs=-1)
@click.option("--all", "all_", is_flag=True, help=N_("All that are linked there."))
@click.option("--off", is_flag=True, help=N_("Leave them to the seller again."))
@pass_desk
def manage(desk: Desk, channel: str, skus: tuple[str, ...], all_: bool, off: bool) -> int:
    """Whose words stand there."""
    from syncworker.sync.showing import manage as manage_listings

    chosen = _chosen(skus, all_=all_)
    with desk.app() as app:
        done = app.ledger.run(lambda tx: manage_listings(tx, channel, chosen, is_ours=not off))
    text = ngettext(
        "{n} listing at {channel} follows the catalogue.",
        "{n} listings at {channel} follow the catalogue.",
        len(done),
    )
    if off:
        text = ngettext(
            "{n} listing at {channel} is left as it is.",
            "{n} listings at {channel} are left as they are.",
            len(done),
        )
    said = text.format(n=len(done), channel=channel)
    desk.answer({**_document(channel, done), "managed": not off}, lambda: desk.say(said))
    return OK


def _chosen(skus: Sequence[str], *, all_: bool) -> list[str] | None:
    if bool(skus) == all_:
        raise InputError(_("Name the SKUs, or say --all."))
    return None if all_ else list(skus)


@click.command(
    cls=Command,
    example="listing hide tiktok BIN-BAMBU",
    help=N_(
        "Hide listings from buyers. Their number is set to 0 first, so that the units can sell elsewhere; only then the"
        " listing is hidden."
    ),
)
@click.argument("channel")
@click.argument("skus", nargs=-1, required=True)
@pass_desk
def hide(desk: Desk, channel: str, skus: tuple[str, ...]) -> int:
    """Buyers shall not see it."""
    return _set_shown(desk, channel, skus, is_shown=False)


@click.command(
    cls=Command,
    example="listing show tiktok BIN-BAMBU",
    help=N_("Show hidden listings again. They get their share once their number has been read."),
)
@click.argument("channel")
@click.argument("skus", nargs=-1, required=True)
@pass_desk
def show(desk: Desk, channel: str, skus: tuple[str, ...]) -> int:
    """Buyers shall see it."""
    return _set_shown(desk, channel, skus, is_shown=True)


def _set_shown(desk: Desk, channel: str, skus: Sequence[str], *, is_shown: bool) -> int:
    from syncworker.ledger import channels, contents
    from syncworker.sync.showing import show as show_listings

    with desk.app() as app:
        done = app.ledger.run(lambda tx: show_listings(tx, channel, skus, is_shown=is_shown))
        with app.ledger.snapshot() as tx:
            is_by_hand = (
                channel not in contents.able(tx) or "active" not in channels.load(tx, channel).listing_fields
            )
    text = (
        ngettext(
            "{n} listing at {channel} will be shown again.",
            "{n} listings at {channel} will be shown again.",
            len(done),
        )
        if is_shown
        else ngettext(
            "{n} listing at {channel} is hidden once its number is 0.",
            "{n} listings at {channel} are hidden once their numbers are 0.",
            len(done),
        )
    )
    if is_by_hand:
        text = _(
            "{channel} cannot be told from here any more: show it on the channel's own pages. Its number is read and gets"
            " its share."
        )
    said = text.format(n=len(done), channel=channel)
    desk.answer({**_document(channel, done), "shown": is_shown}, lambda: desk.say(said))
    return OK


def _document(channel: str, done: Sequence[ListingRecord]) -> dict[str, object]:
    return {
        "channel": channel,
        "listings": [{"listing": record.external_id, "sku": record.sku} for record in done],
    }


@click.command(
    cls=Command,
    example="listing update tiktok --dry-run",
    help=N_(
        "Tell a channel now what changed in our listings; while `syncworker up` runs that is done by itself.\n\n"
        "--dry-run only shows what would be sent (exit code 3 if anything would). --retry sends what was refused once"
        " more as it is. Exit code 5: the channel refused some, or gave no answer."
    ),
)
@click.argument("channel")
@click.argument("skus", nargs=-1)
@click.option("--dry-run", is_flag=True, help=N_("Only show what would be sent."))
@click.option("--retry", is_flag=True, help=N_("Also what was refused."))
@pass_desk
def update(desk: Desk, channel: str, skus: tuple[str, ...], dry_run: bool, retry: bool) -> int:
    """What changed, now."""
    from syncworker.sync.showing import retry as retry_refused
    from syncworker.sync.updating import update_contents

    with desk.app() as app:
        if dry_run:
            return _dry_run(desk, app, channel, skus)
        if retry:
            app.ledger.run(lambda tx: retry_refused(tx, channel, skus or None))
        else:
            _require_able(app, channel)
        report = update_contents(app.context, channel)
    document = {
        "channel": channel,
        "updated": [] if report is None else report.updated,
        "refused": [] if report is None else report.refused,
        "unclear": [] if report is None else report.unclear,
    }
    desk.answer(document, lambda: _tell(desk, channel, report))
    return PARTIAL if report is not None and (report.refused or report.unclear) else OK


def _require_able(app: App, channel: str) -> None:
    from syncworker.ledger import channels, contents

    with app.ledger.snapshot() as tx:
        channels.load(tx, channel)
        if channel not in contents.able(tx):
            raise InputError(
                _("What the listings at {channel} say can be changed on its own pages alone.").format(
                    channel=channel
                )
            )


def _tell(desk: Desk, channel: str, report: ContentsReport | None) -> None:
    if report is None:
        desk.say(
            _(
                "Nothing was sent to {channel}: all is told, or it is not live, or it is being told just now."
            ).format(channel=channel)
        )
        return
    desk.say(
        _("{channel}: {updated} told, {refused} refused, {unclear} without an answer.").format(
            channel=channel,
            updated=len(report.updated),
            refused=len(report.refused),
            unclear=len(report.unclear),
        )
    )
    if report.refused:
        desk.say(_("Why: `syncworker listing list --channel {channel}`.").format(channel=channel))


def _dry_run(desk: Desk, app: App, channel: str, skus: Sequence[str]) -> int:
    from syncworker.ledger import channels, contents
    from syncworker.sync.contents import plan_contents

    _require_able(app, channel)
    with app.ledger.snapshot() as tx:
        records = contents.linked(tx, channel, skus or None)
        plans = plan_contents(tx, channels.load(tx, channel), records)
    open_ones = [plan for plan in plans if plan.problem or (plan.difference and not plan.is_refused_already)]
    rows = [
        {
            "listing": plan.record.external_id,
            "sku": plan.record.sku,
            "problem": plan.problem,
            "before": {name: (plan.record.sent or {}).get(name) for name in plan.difference},
            "after": dict(plan.difference),
        }
        for plan in open_ones
    ]
    desk.answer({"channel": channel, "updates": rows}, lambda: _show_plans(desk, channel, open_ones))
    return DIFFERENCES if rows else OK


def _show_plans(desk: Desk, channel: str, plans: Sequence[ContentsPlan]) -> None:
    from syncworker.interfaces.cli.paper import table
    from syncworker.interfaces.sentences import sentence

    if not plans:
        desk.say(_("Nothing to send: {channel} has been told everything.").format(channel=channel))
        return
    rows = [
        [
            plan.record.external_id,
            str(plan.record.sku),
            sentence(plan.problem) if plan.problem else _changes(plan),
        ]
        for plan in plans
    ]
    table(desk, [_("Listing"), _("SKU"), _("Change")], rows)
    desk.say(_("Nothing was sent: this was a dry run."))


def _changes(plan: ContentsPlan) -> str:
    sent = plan.record.sent or {}
    return "; ".join(
        f"{name}: {_shown(sent.get(name))} → {_shown(value)}" for name, value in plan.difference.items()
    )


def _shown(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, dict):
        return f"{value['amount']} {value['currency']}"
    return " ".join(map(str, value)) if isinstance(value, list) else str(value).replace("\n", " / ")
