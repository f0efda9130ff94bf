"""How does an observed channel come under the rule? ``channel go-live``: a plan to look at, and then for real."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from syncworker.errors import InputError
from syncworker.interfaces.cli.command import ATTENTION, DIFFERENCES, OK, Command
from syncworker.interfaces.cli.desk import Desk, pass_desk
from syncworker.interfaces.cli.waiting import timeout, wait_until
from syncworker.interfaces.language import N_, _, ngettext

if TYPE_CHECKING:
    from syncworker.bootstrap import App
    from syncworker.sync.channels import Adoption


@click.command(
    cls=Command,
    example="channel go-live tiktok",
    help=N_(
        "From now on the rule protects this channel, and numbers are sent there.\n\n"
        "Pulls its orders and reads its numbers, then shows the plan: a number for which there are units goes on selling,"
        " the others are set to 0 first, and get their share once that is settled. Nothing happens before you say yes."
    ),
)
@click.argument("name")
@click.option("--dry-run", is_flag=True, help=N_("Only show the plan (exit code 3)."))
@click.option("--yes", is_flag=True, help=N_("Do not ask."))
@click.option("--wait", is_flag=True, help=N_("Wait until every number is known and settled."))
@timeout
@pass_desk
def go_live(desk: Desk, name: str, dry_run: bool, yes: bool, wait: bool, timeout_s: int) -> int:
    """Plan, ask, go."""
    from syncworker.sync import channels as use
    from syncworker.sync.golive import look_first

    with desk.app() as app:
        missed = look_first(app.context, name)
        with app.ledger.snapshot() as tx:
            plan = use.plan_go_live(tx, name)
        if not plan:
            raise InputError(
                _(
                    "{channel} has no listing of ours yet. Link some (`syncworker listing suggest {channel} --apply`) or"
                    " list some (`syncworker listing publish {channel}`)."
                ).format(channel=name)
            )
        if not desk.as_json:
            _show_plan(desk, name, plan)
        for what in missed:
            desk.note(
                _(
                    "{channel} could not be asked for its {what} now; what is unknown is set to 0 first."
                ).format(channel=name, what=what)
            )
        if not dry_run:
            desk.confirm(_("Go live at {channel} with this plan?").format(channel=name), yes=yes)
            app.ledger.run(lambda tx: use.go_live(tx, name, plan))
        done = not dry_run and _await(desk, app, name, timeout_s=timeout_s) if wait else True
    document = {
        "channel": name,
        "live": not dry_run,
        "settled": done if wait else None,
        "plan": [asdict(one) for one in plan],
    }
    desk.answer(document, lambda: _tell(desk, name, live=not dry_run))
    if dry_run:
        return DIFFERENCES
    return OK if done else ATTENTION


def _await(desk: Desk, app: App, name: str, *, timeout_s: int) -> bool:
    from syncworker.sync.wait import open_work

    desk.note(_("Waiting until every number is known and settled …"))
    return wait_until(app, [name], lambda tx: not open_work(tx, [name]), timeout_s=timeout_s)


def _show_plan(desk: Desk, name: str, plan: Sequence[Adoption]) -> None:
    from syncworker.interfaces.cli.paper import table
    from syncworker.interfaces.figures import number_or_unknown

    rows = [[one.sku, number_or_unknown(one.shown), _fate(one)] for one in plan]
    titles = [_("SKU"), _("Shows now"), _("What happens at {channel}").format(channel=name)]
    table(desk, titles, rows, right=(1,))
    withdrawn = sum(not one.keeps and not one.needs_person for one in plan)
    if withdrawn:
        text = ngettext("{n} number is set to 0 first.", "{n} numbers are set to 0 first.", withdrawn)
        desk.say(text.format(n=withdrawn))
    if any(one.needs_person for one in plan):
        desk.say(
            _(
                "Some numbers can neither be read back nor be set to 0 blindly. If the shop can be asked, say so (readable ="
                " true in channels.toml); else say what each shows: `syncworker pool assume {channel}/SKU N`."
            ).format(channel=name)
        )


def _fate(one: Adoption) -> str:
    if one.needs_person:
        return _("waits until a person says what it shows")
    if not one.keeps:
        return _("set to 0 first, then gets its share")
    return _("gets its share") if one.shown == 0 else _("goes on selling")


def _tell(desk: Desk, name: str, *, live: bool) -> None:
    if live:
        desk.say(_("{channel} is live. `syncworker up` keeps it true.").format(channel=name))
    else:
        desk.say(_("Nothing was changed: this was a dry run."))
