"""Why does each channel show what it shows? ``explain SKU``: every number from its rows, the reason, and when it changes."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from syncworker.interfaces.cli.command import OK, Command
from syncworker.interfaces.cli.desk import Desk, pass_desk
from syncworker.interfaces.language import N_, _, ngettext

if TYPE_CHECKING:
    from syncworker.sync.explain import ExplainedPart, ExplainedPool, Explanation, PoolShare


@click.command(
    cls=Command,
    example="explain BIN-BAMBU",
    help=N_(
        "Why does each channel show what it shows? Takes one SKU apart, from the movements in the books to the number"
        " that buyers see, with the reason and the time at which it can change.\n\n"
        "Every number is computed from the rows again, none is remembered."
    ),
)
@click.argument("sku")
@pass_desk
def explain(desk: Desk, sku: str) -> int:
    """Take one SKU apart."""
    from syncworker.sync.explain import explain as take_apart

    with desk.app() as app, app.ledger.snapshot() as tx:
        explanation = take_apart(tx, sku)
    desk.answer(document(explanation), lambda: show(desk, explanation))
    return OK


def show(desk: Desk, explanation: Explanation) -> None:
    """All lines."""
    for line in text(explanation):
        desk.say(line)


def text(explanation: Explanation) -> list[str]:
    """One line a number; a changed row changes its own line, and those that are computed from it."""
    from syncworker.interfaces.cli.paper import harmless
    from syncworker.interfaces.figures import moment, number

    lines = [f"{explanation.sku}  {harmless(explanation.title)}  ({moment(explanation.at)})"]
    if set(explanation.recipe) != {explanation.sku}:
        parts = " + ".join(f"{number(units)} × {part}" for part, units in explanation.recipe.items())
        lines.append(_("One sale takes {parts}; what is there makes {n}.").format(
            parts=parts, n=number(explanation.sellable)))  # fmt: skip
    for part in explanation.parts:
        lines += ["", *_part(part)]
    if not explanation.pools:
        lines += [
            "",
            _("No channel sells it. See `syncworker listing publish` and `syncworker listing link`."),
        ]
    for pool in explanation.pools:
        lines += ["", *_pool(pool)]
    return lines


def _part(one: ExplainedPart) -> list[str]:
    from syncworker.interfaces.cli import words
    from syncworker.interfaces.cli.paper import harmless
    from syncworker.interfaces.figures import number, number_or_unknown, signed

    lines = [_("Stock of {part}").format(part=one.part)]
    for each in one.sums:
        times = ngettext("{n} movement", "{n} movements", each.movements).format(n=number(each.movements))
        lines.append(_("  {what}: on hand {on_hand}, reserved {reserved} ({times})").format(
            what=words.movement(each.kind), on_hand=signed(each.on_hand), reserved=signed(each.reserved), times=times))  # fmt: skip
    lines.append(
        _("  on hand   {n}").format(n=number(one.level.on_hand))
        + _differs(one.level.on_hand, one.moved.on_hand)
    )
    lines.append(
        _("  reserved  {n}  (orders {orders}, holds {holds})").format(
            n=number(one.level.reserved),
            orders=number(one.reserved_by_orders),
            holds=number(one.reserved_by_holds),
        )
        + _differs(one.level.reserved, one.moved.reserved)
    )
    lines += [
        _("    hold {id} for {party}: {gathered} of {wanted}").format(
            id=each.id,
            party=harmless(each.party),
            gathered=number(each.gathered),
            wanted=number(each.wanted),
        )
        for each in one.holds
    ]
    lines.append(_("  available {n}").format(n=number(one.level.available)))
    if one.safety_stock:
        lines.append(_("  safety stock {n}, shown nowhere").format(n=number(one.safety_stock)))
    lines += [_share(share) for share in one.shares]
    lines.append(_("  free      {n}").format(n=number_or_unknown(one.free)))
    return lines


def _differs(told: int, moved: int) -> str:
    from syncworker.interfaces.figures import number

    if told == moved:
        return ""
    return "  " + _("! the movements add up to {n}: see `syncworker doctor`").format(n=number(moved))


def _share(share: PoolShare) -> str:
    from syncworker.interfaces.figures import number, number_or_unknown

    times = f"{number(share.units_per_sale)} × " if share.units_per_sale != 1 else ""
    line = _("  {channel} may sell {units} ({sku})").format(
        channel=share.channel, units=times + number_or_unknown(share.exposure), sku=share.sku
    )
    return line if share.counts else line + " " + _("– not in the sum")


def _pool(one: ExplainedPool) -> list[str]:
    from syncworker.interfaces.cli import words
    from syncworker.interfaces.cli.paper import harmless
    from syncworker.interfaces.figures import number, number_or_unknown

    lines = [
        _("{channel} ({state}) shows {shown}").format(
            channel=one.channel, state=words.state(one.state.value), shown=number_or_unknown(one.shown)
        )
    ]
    pending = "" if one.pending is None else _(", {n} once settled").format(n=number(one.pending))
    if one.takes_orders or one.exposure != 0:
        lines.append(_("  may sell {n}").format(n=number_or_unknown(one.exposure)) + pending)
    else:
        lines.append(_("  takes no orders: it shows what is in stock, and nothing is kept for it"))
    lines.append(_last_read(one))
    lines.append(_last_push(one))
    if one.unlinking:
        told = _("  unlinked once nothing can be sold from it: {listings}")
        lines.append(told.format(listings=", ".join(map(harmless, one.unlinking))))
    if (limits := limits_text(asdict(one.limits))) != "":
        lines.append(_("  limits: {limits}").format(limits=limits))
    why = harmless(one.parked) if one.parked else words.reason(one.decision.reason)
    lines.append(_("  should show {target}: {why}").format(target=number(one.decision.target), why=why))
    if one.decision.push is not None:
        push = one.decision.push
        lines.append(
            _("  next push {what}").format(what=words.push_value(push.kind.value, push.value, push.expected))
        )
    if one.waits:
        lines += [_("  waits: {what}").format(what=words.wait(each, one.channel)) for each in one.waits]
    else:
        lines.append(_("  changes when something is sold, counted or changed by you"))
    return lines


def _last_read(one: ExplainedPool) -> str:
    from syncworker.interfaces.cli import words
    from syncworker.interfaces.figures import moment, number_or_unknown

    read = one.last_read
    if read is None:
        return _("  last read back: never")
    return _("  last read back: {n} at {at} ({outcome})").format(
        n=number_or_unknown(read.answer), at=moment(read.answered_at), outcome=words.state(read.outcome)
    )


def _last_push(one: ExplainedPool) -> str:
    from syncworker.interfaces.cli import words
    from syncworker.interfaces.cli.paper import harmless
    from syncworker.interfaces.figures import moment

    push = one.last_push
    if push is None:
        return _("  last push: none")
    said = f" “{harmless(push.message)}”" if push.message else ""
    return _("  last push: {what} at {at}, {state}: {why}").format(
        what=words.push_value(push.kind.value, push.value, push.expected),
        at=moment(push.stored_at),
        state=words.state(push.state.value),
        why=words.reason_named(push.reason) + said,
    )


def limits_text(limits: dict[str, object]) -> str:
    """The limits of one SKU at one channel in a few words; empty without any."""
    from syncworker.interfaces.figures import number

    names = {
        "pause": _("paused"),
        "at_most": _("at most {n}"),
        "fixed": _("fixed at {n}"),
        "at_least": _("at least {n}"),
        "share": _("{n} % of the units"),
    }
    given = [(name, value) for name, value in limits.items() if value is not None and value is not False]
    return ", ".join(
        names[name].format(n=number(int(str(value))) if name != "pause" else "") for name, value in given
    )


def document(explanation: Explanation) -> dict[str, object]:
    """The same for programs."""
    from syncworker.interfaces.cli import words

    found = asdict(explanation)
    for part, one in zip(found["parts"], explanation.parts, strict=True):
        part["available"] = one.level.available
        part["moved"] = asdict(one.moved)
    for pool, each in zip(found["pools"], explanation.pools, strict=True):
        pool["target"] = each.decision.target
        pool["reason"] = each.decision.reason
        pool["sentence"] = each.parked or words.reason(each.decision.reason)
        pool["push"] = pool.pop("decision")["push"]
        for wait, one_wait in zip(pool["waits"], each.waits, strict=True):
            wait["sentence"] = words.wait(one_wait, each.channel)
    return found
