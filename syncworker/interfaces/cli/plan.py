"""What does a plan on paper say, and what became of it? ``plan show``, and the answer of ``resync --apply``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from syncworker.errors import InputError
from syncworker.interfaces.cli.command import BUSY, OK, PARTIAL, Group
from syncworker.interfaces.cli.desk import Desk, pass_desk
from syncworker.interfaces.language import N_, _, ngettext

if TYPE_CHECKING:
    from syncworker.bootstrap import App
    from syncworker.sync.applying import ApplyReport, Skipped
    from syncworker.sync.plan_file import PlanFile, PlannedItem

#: Why a quantity of a plan was not sent: what moved since, or what forbids it now.
WHY = {
    "recipe": N_("its parts changed"),
    "rules": N_("what the channel can do changed"),
    "exposure": N_("what it may still sell changed"),
    "pending": N_("a number was settled or read"),
    "open_push": N_("something was sent to it, or settled"),
    "unknown_push": N_("a push is unanswered, or was answered"),
    "shown": N_("the number shown changed"),
    "reserved": N_("the channel's reserved units changed, or could not be read"),
    "limits": N_("a limit changed"),
    "policy": N_("the policy changed"),
    "lowering_only": N_("it may only be lowered now, or no longer so"),
    "frozen": N_("it is kept as it is now, or no longer so"),
    "withdraw": N_("it is withdrawn now, or no longer so"),
    "paused": N_("the channel was paused or resumed"),
    "in_sum": N_("the channel went live or is observed"),
    "available": N_("the stock changed"),
    "gone": N_("there is no such number any more"),
    "busy": N_("another process is sending there"),
    "not_sent_there": N_("nothing is sent there now"),
    "left_alone": N_("the channel or the number waits for its time"),
    "nothing_but_zero": N_("nothing but 0 may be sent now"),
    "no_zero": N_("the channel takes no 0"),
    "unknown_sibling": N_("another number of the same units is not known"),
    "not_free": N_("the units for it are not free"),
}


@click.group(
    cls=Group,
    help=N_("Plans on paper: drawn up by `resync --dry-run --plan`, carried out by `resync --apply`."),
)
def plan() -> None:
    """The noun."""


@plan.command(
    "show",
    example="plan show sunday.json",
    help=N_("What a plan would send, and why; asks no channel and changes nothing."),
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@pass_desk
def show(desk: Desk, file: Path) -> int:
    """The file, and whether it is ours."""
    from syncworker.sync.applying import require_ours

    one = read_plan(file)
    with desk.app() as app, app.ledger.snapshot() as tx:
        try:
            require_ours(tx, one)
            is_ours = True
        except InputError:
            is_ours = False
    document = {**plan_facts(one), "ours": is_ours, "items": [item_document(item) for item in one.items]}
    desk.answer(document, lambda: _show(desk, one, is_ours=is_ours))
    return OK


def read_plan(file: Path) -> PlanFile:
    """The plan in that file; InputError with its name and what is wrong."""
    from syncworker.sync.plan_file import read

    return read(file.read_bytes(), name=file.name)


def write_plan(desk: Desk, app: App, file: Path, names: Sequence[str], skus: Sequence[str]) -> PlanFile:
    """Draw up what would be sent now, and put it into a new file, whole or not at all."""
    from syncworker.sync.applying import draw_up
    from syncworker.sync.plan_file import written

    with app.ledger.snapshot() as tx:
        one = draw_up(tx, app.context, names, skus=skus or None, actor=app.settings.actor)
    beside = file.with_name(f".{file.name}.part")
    try:
        beside.write_text(written(one), encoding="utf-8")
        beside.replace(file)
    except OSError as error:
        raise InputError(
            _("{file} cannot be written: {error}.").format(file=file, error=error.strerror)
        ) from None
    if not desk.as_json:
        text = ngettext(
            "The plan with {n} quantity is in {file}.",
            "The plan with {n} quantities is in {file}.",
            len(one.items),
        )
        desk.say(text.format(n=len(one.items), file=file))
        desk.say(
            _(
                "Look at it with `syncworker plan show {file}`, carry it out with `syncworker resync --apply {file}`."
            ).format(file=file)
        )
    return one


def carry_out(desk: Desk, file: Path) -> int:
    """``resync --apply``: exactly that plan; what moved since is listed."""
    from syncworker.sync.applying import apply

    one = read_plan(file)
    with desk.app() as app:
        report = apply(app.context, one, actor=app.settings.actor)
    document = {
        **plan_facts(one),
        "sent": [{**item_document(each.item), "outcome": each.outcome} for each in report.sent],
        "skipped": [{**item_document(each.item), "why": list(each.why)} for each in report.skipped],
    }
    desk.answer(document, lambda: _tell(desk, report))
    return _exit_code(report)


def _exit_code(report: ApplyReport) -> int:
    from syncworker.connector.contract import Outcome
    from syncworker.sync.applying import BUSY as IS_BUSY

    if report.skipped and all(one.why == (IS_BUSY,) for one in report.skipped) and not report.sent:
        return BUSY
    whole = not report.skipped and report.count(Outcome.APPLIED) == len(report.sent)
    return OK if whole else PARTIAL


def _tell(desk: Desk, report: ApplyReport) -> None:
    from syncworker.connector.contract import Outcome
    from syncworker.interfaces.cli.paper import table

    if report.skipped:
        rows = [[one.item.channel, one.item.sku, push_text(one.item), _why(one)] for one in report.skipped]
        table(desk, [_("Channel"), _("SKU"), _("Not sent"), _("Why")], rows)
    desk.say(
        _(
            "Sent: {applied} accepted, {refused} refused, {unknown} without an answer. Skipped: {skipped}."
        ).format(
            applied=report.count(Outcome.APPLIED),
            refused=report.count(Outcome.REFUSED),
            unknown=report.count(Outcome.UNKNOWN),
            skipped=len(report.skipped),
        )
    )


def _why(one: Skipped) -> str:
    return "; ".join(_(WHY.get(name, name)) for name in one.why)


def _show(desk: Desk, one: PlanFile, *, is_ours: bool) -> None:
    from syncworker.interfaces.cli import words
    from syncworker.interfaces.cli.paper import table
    from syncworker.interfaces.figures import moment, number, number_or_unknown

    desk.say(
        _("Made {at} by {who}, for {channels}{skus}.").format(
            at=moment(one.made_at),
            who=one.made_by,
            channels=words.names(one.channels),
            skus="" if one.skus is None else f" ({words.names(one.skus)})",
        )
    )
    if not is_ours:
        desk.say(_("It was made by another installation, and cannot be carried out here."))
    rows = [
        [
            item.channel,
            item.sku,
            number_or_unknown(item.view.shown),
            number(item.target),
            push_text(item),
            words.reason_named(item.reason),
        ]
        for item in one.items
    ]
    if rows:
        titles = [_("Channel"), _("SKU"), _("Shown"), _("Should show"), _("Push"), _("Why")]
        table(desk, titles, rows, right=(2, 3))
    for reason, count in one.left_alone.items():
        text = ngettext("{n} number stays: {reason}.", "{n} numbers stay: {reason}.", count)
        desk.say(text.format(n=number(count), reason=words.reason_named(reason)))


def push_text(item: PlannedItem) -> str:
    """What would be sent."""
    from syncworker.interfaces.cli import words

    return words.push_value(item.push.kind.value, item.push.value, item.push.expected)


def plan_facts(one: PlanFile) -> dict[str, object]:
    """What a plan says of itself, for programs."""
    return {
        "id": one.id,
        "installation": one.installation,
        "made_at": one.made_at,
        "made_by": one.made_by,
        "channels": list(one.channels),
        "skus": None if one.skus is None else list(one.skus),
        "quantities": len(one.items),
        "left_alone": dict(one.left_alone),
    }


def item_document(item: PlannedItem) -> dict[str, object]:
    """One quantity of a plan for programs."""
    return {
        "channel": item.channel,
        "sku": item.sku,
        "pool_id": item.pool_id,
        "kind": item.push.kind,
        "value": item.push.value,
        "expected": item.push.expected,
        "exposure": item.view.exposure,
        "shown": item.view.shown,
        "available": {part: one.available for part, one in item.parts.items()},
        "target": item.target,
        "reason": item.reason,
    }
