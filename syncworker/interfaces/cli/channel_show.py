"""What is one channel like, and how does it go for good? ``channel show|remove``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from syncworker.interfaces.cli.command import OK, Command
from syncworker.interfaces.cli.desk import Desk, pass_desk
from syncworker.interfaces.language import N_, _, ngettext

if TYPE_CHECKING:
    from syncworker.ledger.channels import ChannelRecord
    from syncworker.ledger.tallies import JobRecord
    from syncworker.sync.status import ChannelStatus

#: Names of numbers that are listed at most.
_NAMED = 20


@click.command(
    cls=Command,
    example="channel show tiktok",
    help=N_(
        "One channel with all that is known of it: its state, what it may still sell, what was declared of it and what is"
        " only assumed, and when each of its jobs is due."
    ),
)
@click.argument("name")
@pass_desk
def show(desk: Desk, name: str) -> int:
    """All of one."""
    from syncworker.ledger import channels, removal, tallies
    from syncworker.sync.status import channel_status

    with desk.app() as app, app.ledger.snapshot() as tx:
        record = channels.load(tx, name)
        status = channel_status(tx, record)
        jobs = [one for one in tallies.jobs(tx) if one.channel == name]
        left = removal.unproven(tx, name, most=_NAMED)
        waiting = removal.orders_waiting(tx, name)
    is_configured = name in app.settings.channels
    document = {
        **asdict(status),
        "configured": is_configured,
        "location": record.location,
        "policy": record.policy,
        "escrow_below": record.escrow_below,
        "connected_at": record.connected_at,
        "counts_open_orders": record.counts_open_orders,
        "rules": asdict(record.rules),
        "feeds": list(record.feeds),
        "jobs": [asdict(one) for one in jobs],
        "orders_waiting": waiting,
        "unproven": [{"sku": sku, "exposure": units} for sku, units in left],
        "can_be_removed": not left,
    }

    def tell() -> None:
        _show(desk, record, status, is_configured=is_configured)
        _show_numbers(desk, status, left, waiting)
        _show_facts(desk, record, jobs)

    desk.answer(document, tell)
    return OK


def _show(desk: Desk, record: ChannelRecord, status: ChannelStatus, *, is_configured: bool) -> None:
    from syncworker.interfaces.cli import words
    from syncworker.interfaces.cli.paper import harmless
    from syncworker.interfaces.cli.status import channel_remark, channel_state
    from syncworker.interfaces.figures import moment

    desk.say(
        _("{channel}: {state}, by connector {connector}, since {at}.").format(
            channel=record.name,
            state=channel_state(status),
            connector=record.connector,
            at=moment(record.connected_at),
        )
    )
    if not is_configured:
        desk.say(
            _("It is no longer in channels.toml: nothing is sent there, and what it may sell stays counted.")
        )
    said = words.policy_choice(record.policy.value, record.escrow_below)
    desk.say(
        _("It sells from location {location}, policy {policy}.").format(location=record.location, policy=said)
    )
    if status.has_feeds:
        desk.say(_("Last complete pull: {at}.").format(at=words.since(status.pulled_at)))
    remark = channel_remark(status)
    if remark:
        desk.say(harmless(remark) + ".")


def _show_numbers(
    desk: Desk, status: ChannelStatus, left: Sequence[tuple[str, int | None]], waiting: int
) -> None:
    from syncworker.interfaces.figures import number, number_or_unknown

    text = ngettext("{n} number", "{n} numbers", status.pools).format(n=number(status.pools))
    if status.takes_orders or status.may_sell != 0:
        units = number_or_unknown(status.may_sell)
        desk.say(_("{numbers}; may sell {units}.").format(numbers=text, units=units))
    else:
        desk.say(_("{numbers}; it takes no orders.").format(numbers=text))
    if waiting:
        said = ngettext("{n} order waits to be shipped.", "{n} orders wait to be shipped.", waiting)
        desk.say(said.format(n=number(waiting)))
    if left:
        named = ", ".join(f"{sku} ({number_or_unknown(units)})" for sku, units in left)
        desk.say(_("It may still sell, or that is not proven: {named}.").format(named=named))
    else:
        desk.say(_("Nothing of ours can be sold there that is counted."))


def _show_facts(desk: Desk, record: ChannelRecord, jobs: Sequence[JobRecord]) -> None:
    from syncworker.interfaces.cli import words
    from syncworker.interfaces.cli.paper import table
    from syncworker.interfaces.figures import moment

    assumed = set(record.assumed)
    desk.say()
    rows = [
        [name, _fact(value), _("assumed") if name in assumed else _("declared")]
        for name, value in asdict(record.rules).items()
    ]
    table(desk, [_("Fact"), _("Value"), _("From")], rows)
    if jobs:
        desk.say()
        due = [[words.job(one.kind.value), moment(one.due_at), words.since(one.finished_at)] for one in jobs]
        table(desk, [_("Job"), _("Due"), _("Done last")], due)


def _fact(value: object) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return "–" if value is None else str(value)


@click.command(
    cls=Command,
    example="channel remove oldshop",
    help=N_(
        "Take a channel away for good: out of channels.toml and out of the books' list of channels. Its orders and every"
        " movement stay.\n\n"
        "Refused while it may still sell anything: what it may sell stays counted until it is proven to be nothing. Withdraw"
        " it first. Units of orders that wait to be shipped stay reserved."
    ),
)
@click.argument("name")
@click.option("--yes", is_flag=True, help=N_("Do not ask."))
@pass_desk
def remove(desk: Desk, name: str, yes: bool) -> int:
    """For good."""
    from syncworker.settings import remove_channel
    from syncworker.sync.removing import check_removable
    from syncworker.sync.removing import remove as forget

    with desk.app() as app:
        with app.ledger.snapshot() as tx:
            waiting = check_removable(tx, name)
        desk.confirm(_question(name, waiting), yes=yes)
        # The file first: a channel that is in the ledger alone is sent nothing, and can be removed by the same words.
        was_configured = remove_channel(app.settings.channels_file, name)
        app.ledger.run(lambda tx: forget(tx, app.context, name, actor=app.settings.actor))
    document = {"channel": name, "removed": True, "was_configured": was_configured, "orders_waiting": waiting}
    desk.answer(document, lambda: _tell(desk, document))
    return OK


def _question(name: str, waiting: int) -> str:
    question = _("Remove {channel} for good?").format(channel=name)
    if not waiting:
        return question
    text = ngettext(
        "{n} of its orders waits to be shipped; nobody will tell us when that is done, and its units stay reserved.",
        "{n} of its orders wait to be shipped; nobody will tell us when that is done, and their units stay reserved.",
        waiting,
    )
    return f"{text.format(n=waiting)} {question}"


def _tell(desk: Desk, document: Mapping[str, object]) -> None:
    name = document["channel"]
    desk.say(_("{channel} is removed. Its orders and movements stay in the books.").format(channel=name))
    if document["was_configured"]:
        desk.say(_("It is out of channels.toml; the rest of that file is as it was."))
