"""Does a channel answer? ``channel check`` proves address and credentials, and looks at what is listed."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from syncworker.errors import ChannelError
from syncworker.interfaces.cli.command import FAILED, OK, PARTIAL, Command
from syncworker.interfaces.cli.desk import Desk, pass_desk
from syncworker.interfaces.language import N_, _, ngettext

if TYPE_CHECKING:
    from syncworker.sync.check import CheckReport


@click.command(
    cls=Command,
    example="channel check tiktok",
    help=N_(
        "Does a channel answer, and what does it list? Proves address and credentials; sends nothing. Without a name:"
        " all channels.\n\nExit code 1: it failed. 5: some of them did."
    ),
)
@click.argument("names", metavar="[CHANNEL]...", nargs=-1)
@pass_desk
def check(desk: Desk, names: tuple[str, ...]) -> int:
    """Ask them."""
    from syncworker.ledger import channels
    from syncworker.sync.check import check_channel

    reports: list[CheckReport] = []
    failed: dict[str, ChannelError] = {}
    with desk.app() as app:
        with app.ledger.snapshot() as tx:
            known = [channels.load(tx, name) for name in names] if names else channels.all_channels(tx)
        for one in known:
            try:
                reports.append(check_channel(app.context, one.name))
            except ChannelError as error:
                failed[one.name] = error
    desk.answer(_document(reports, failed), lambda: _show(desk, reports, failed))
    if failed:
        return PARTIAL if reports else FAILED
    return OK


def _show(desk: Desk, reports: list[CheckReport], failed: dict[str, ChannelError]) -> None:
    from syncworker.interfaces.cli.paper import harmless
    from syncworker.interfaces.sentences import channel_sentence

    if not reports and not failed:
        desk.say(_("No channel yet. Add one: `syncworker channel add counter --connector counter`."))
    for one in reports:
        _show_one(desk, one)
    for name, error in failed.items():
        desk.say(f"✗ {name}: {harmless(channel_sentence(error))}")


def _show_one(desk: Desk, one: CheckReport) -> None:
    from syncworker.interfaces.cli.paper import harmless

    desk.say(
        "✓ " + _("{channel} answers: {name}").format(channel=one.channel, name=harmless(one.answer.name))
    )
    for fact, value in one.answer.facts.items():
        desk.say(f"    {harmless(fact)}: {harmless(value)}")
    if one.other_currencies:
        desk.say(
            "    "
            + _("It sells in {theirs}, the catalogue has prices in {ours}: nothing is converted.").format(
                theirs=one.answer.currency, ours=", ".join(one.other_currencies)
            )
        )
    if one.assumed:
        desk.say(
            "    "
            + _("Nobody declared {facts}; the careful value counts.").format(facts=", ".join(one.assumed))
        )
    if one.listings:
        text = ngettext(
            "{n} listing there, {linked} linked.", "{n} listings there, {linked} linked.", one.listings
        )
        desk.say("    " + text.format(n=one.listings, linked=one.linked))
    if one.suggested:
        desk.say(
            "    " + _("Next: `syncworker listing suggest {channel} --apply`.").format(channel=one.channel)
        )


def _document(reports: list[CheckReport], failed: dict[str, ChannelError]) -> dict[str, object]:
    from syncworker.interfaces.sentences import channel_sentence

    checked = [{"channel": one.channel, "ok": True, "error": None, **_facts(one)} for one in reports]
    checked += [
        {
            "channel": name,
            "ok": False,
            "error": {"kind": type(error).__name__, "message": channel_sentence(error)},
        }
        for name, error in failed.items()
    ]
    return {"checks": checked}


def _facts(one: CheckReport) -> dict[str, object]:
    facts = asdict(one)
    answer = facts.pop("answer")
    return {**facts, "name": answer["name"], "currency": answer["currency"], "facts": dict(answer["facts"])}
