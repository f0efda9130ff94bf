"""What is kept for whom? ``hold create|list|show|cancel|fulfil``: goods gathered for one buyer, out of every shop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING

import click

from syncworker.interfaces.cli.command import OK, Group
from syncworker.interfaces.cli.desk import Desk, pass_desk
from syncworker.interfaces.cli.values import Asked, Until
from syncworker.interfaces.language import N_, _, ngettext

if TYPE_CHECKING:
    from syncworker.ledger.holds import HoldRecord
    from syncworker.ledger.ledger import Transaction
    from syncworker.sync.held import HoldProgress, PartProgress

#: How a hold ended, or that it has not.
ENDS = {
    None: N_("open"),
    "fulfilled": N_("handed over"),
    "cancelled": N_("given up"),
    "expired": N_("expired"),
}


@click.group(
    cls=Group,
    help=N_(
        "Goods that are kept for one buyer, for instance a wholesale order: they are gathered out of the shops, without"
        " anything being sold twice."
    ),
)
def hold() -> None:
    """The noun."""


@hold.command(
    "create",
    example="hold create BIN-BAMBU=36 PENGKI-BAMBU=60 --for 'parks department' --until 2026-12-01",
    help=N_(
        "Keep goods for one buyer. What no shop may sell is kept at once; for the rest, numbers at the shops are lowered, the"
        " fewest that do it, and what is not there waits for goods-in. A bundle is kept as its parts.\n\n"
        "An order that comes all the same is never refused: a hold gives back before a buyer goes short. When its time is"
        " over, everything is for sale again."
    ),
)
@click.argument("asked", nargs=-1, required=True, type=Asked(), metavar="SKU=UNITS...")
@click.option("--for", "party", required=True, metavar="NAME", help=N_("Whom it is for."))
@click.option(
    "--until",
    required=True,
    type=Until(),
    help=N_("When it ends: a day (to its end), or a time such as '2026-12-01 17:30'."),
)
@click.option("--location", default="main", show_default=True, help=N_("Where the goods are."))
@click.option("--reference", help=N_("Your own number of it; the same one is taken once."))
@pass_desk
def create(
    desk: Desk,
    asked: tuple[tuple[str, int], ...],
    party: str,
    until: datetime,
    location: str,
    reference: str | None,
) -> int:
    """A new hold."""
    from syncworker.sync.held import progress_of
    from syncworker.sync.holding import create_hold

    wanted: dict[str, int] = {}
    for sku, units in asked:
        wanted[sku] = wanted.get(sku, 0) + units
    with desk.app() as app:
        record, is_new = app.ledger.run(
            lambda tx: create_hold(
                tx,
                party=party,
                asked=wanted,
                until=until,
                actor=app.settings.actor,
                location=location,
                reference=reference,
            )
        )
        with app.ledger.snapshot() as tx:
            found = progress_of(tx, [record])[0]

    def show() -> None:
        if not is_new:
            desk.say(_("Hold {n} was created under this reference; nothing was changed.").format(n=record.id))
        _show(desk, found)

    desk.answer({"created": is_new, "hold": document(found)}, show)
    return OK


@hold.command(
    "list",
    example="hold list",
    help=N_("Open holds and how far they are, the one that is served first in front."),
)
@click.option("--all", "with_closed", is_flag=True, help=N_("Also those that have ended."))
@pass_desk
def list_(desk: Desk, with_closed: bool) -> int:
    """All of them."""
    from syncworker.ledger.holds import list_holds
    from syncworker.sync.held import progress_of

    with desk.app() as app, app.ledger.snapshot() as tx:
        found = progress_of(tx, list_holds(tx, open_only=not with_closed))
    desk.answer({"holds": [document(one) for one in found]}, lambda: _table(desk, found))
    return OK


@hold.command(
    "show",
    example="hold show 7",
    help=N_("How far a hold is: what it has, what is being gathered and when, and what waits for goods-in."),
)
@click.argument("number", type=click.IntRange(min=1), metavar="NUMBER")
@pass_desk
def show(desk: Desk, number: int) -> int:
    """One of them."""
    from syncworker.sync.held import progress_of
    from syncworker.sync.holding import load_hold

    with desk.app() as app, app.ledger.snapshot() as tx:
        found = progress_of(tx, [load_hold(tx, number)])[0]
    desk.answer({"hold": document(found)}, lambda: _show(desk, found))
    return OK


@hold.command(
    "cancel", example="hold cancel 7", help=N_("Give up a hold: what it had is for sale again at once.")
)
@click.argument("number", type=click.IntRange(min=1), metavar="NUMBER")
@pass_desk
def cancel(desk: Desk, number: int) -> int:
    """It is not needed any more."""
    from syncworker.sync.holding import cancel_hold

    return _end(desk, number, lambda tx, actor: cancel_hold(tx, number, actor=actor))


@hold.command(
    "fulfil",
    example="hold fulfil 7",
    help=N_(
        "Hand the goods of a hold over: they leave the stock, once. A hold that lacks something is handed over only with"
        " --partly; what it lacks is then dropped."
    ),
)
@click.argument("number", type=click.IntRange(min=1), metavar="NUMBER")
@click.option("--partly", is_flag=True, help=N_("Hand over what it has, and drop the rest."))
@pass_desk
def fulfil(desk: Desk, number: int, partly: bool) -> int:
    """The goods leave."""
    from syncworker.sync.holding import fulfil_hold

    return _end(desk, number, lambda tx, actor: fulfil_hold(tx, number, actor=actor, partly=partly))


def _end(desk: Desk, number: int, end: Callable[[Transaction, str], HoldRecord]) -> int:
    from syncworker.sync.held import progress_of
    from syncworker.sync.holding import load_hold

    with desk.app() as app:
        with app.ledger.snapshot() as tx:
            was_open = load_hold(tx, number).is_open
        record = app.ledger.run(lambda tx: end(tx, app.settings.actor))
        with app.ledger.snapshot() as tx:
            found = progress_of(tx, [record])[0]

    def tell() -> None:
        if not was_open:
            desk.say(_("Nothing was changed: it had ended before."))
        _show(desk, found)

    desk.answer({"changed": was_open, "hold": document(found)}, tell)
    return OK


# --- words ---------------------------------------------------------------------------------------------------------


def _table(desk: Desk, found: Sequence[HoldProgress]) -> None:
    from syncworker.interfaces.cli.paper import table
    from syncworker.interfaces.figures import moment

    if not found:
        desk.say(_("Nothing is on hold. Keep goods for a buyer with `syncworker hold create`."))
        return
    rows = [
        [
            str(one.record.id),
            one.record.party,
            moment(one.record.expires_at),
            "; ".join(_gathered(part) for part in one.parts),
            _state(one.record),
            "" if one.ready_at is None else moment(one.ready_at),
        ]
        for one in found
    ]
    table(
        desk, [_("Hold"), _("For"), _("Until"), _("Gathered"), _("State"), _("Ready about")], rows, right=(0,)
    )


def _show(desk: Desk, found: HoldProgress) -> None:
    from syncworker.interfaces.cli.paper import harmless
    from syncworker.interfaces.figures import moment, number

    record = found.record
    desk.say(
        _("Hold {n} for {party}: {state}, until {until}.").format(
            n=record.id,
            party=harmless(record.party),
            state=_state(record),
            until=moment(record.expires_at),
        )
    )
    asked = ", ".join(f"{number(item.units)} × {item.sku}" for item in record.items)
    desk.say(_("Asked for {asked} on {at} by {who}.").format(
        asked=asked, at=moment(record.created_at), who=harmless(record.created_by)))  # fmt: skip
    if record.closed_at is not None:
        desk.say(_("Ended on {at} by {who}.").format(
            at=moment(record.closed_at), who=harmless(record.closed_by or "–")))  # fmt: skip
    for part in found.parts:
        desk.say("  " + ", ".join([_gathered(part), *_rest(part)]))


def _gathered(part: PartProgress) -> str:
    from syncworker.interfaces.figures import number

    return _("{sku}: {n} of {wanted} gathered").format(
        sku=part.sku, n=number(part.gathered), wanted=number(part.wanted)
    )


def _rest(part: PartProgress) -> list[str]:
    """What it waits for, in a few words each."""
    from syncworker.interfaces.cli import words
    from syncworker.interfaces.figures import moment, number

    told = []
    if part.awaited:
        told.append(ngettext("{n} waits for goods-in", "{n} wait for goods-in", part.awaited).format(
            n=number(part.awaited)))  # fmt: skip
    if part.coming:
        told.append(ngettext("{n} is still shown at the shops", "{n} are still shown at the shops", part.coming).format(
            n=number(part.coming)))  # fmt: skip
    if part.lowering:
        told.append(
            ngettext("{n} number is being lowered ({names})", "{n} numbers are being lowered ({names})", len(part.lowering))
            .format(n=number(len(part.lowering)), names=words.names(part.lowering))
        )  # fmt: skip
    if part.ready_at is not None:
        told.append(_("ready about {at}").format(at=moment(part.ready_at)))
    if part.need_leave:
        told.append(_("{names} would go dark for long: later, or with your leave (long_drains)").format(
            names=words.names(part.need_leave)))  # fmt: skip
    if part.unknown:
        told.append(_("the number of {names} is not known yet").format(names=words.names(part.unknown)))
    return told


def _state(record: HoldRecord) -> str:
    if record.outcome is None and record.is_whole:
        return _("ready")
    return _(ENDS[None if record.outcome is None else record.outcome.value])


def document(found: HoldProgress) -> dict[str, object]:
    """The same for programs."""
    return {
        **asdict(found.record),
        "whole": found.record.is_whole,
        "parts": [asdict(part) for part in found.parts],
        "ready_at": found.ready_at,
    }
