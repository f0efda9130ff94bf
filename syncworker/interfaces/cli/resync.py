"""Does every channel show what it should? ``resync``, at once or by way of a plan on paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from syncworker.errors import InputError, UnknownSkuError
from syncworker.interfaces.cli.command import ATTENTION, BUSY, DIFFERENCES, OK, PARTIAL, Command
from syncworker.interfaces.cli.desk import Desk, pass_desk
from syncworker.interfaces.cli.plan import carry_out, plan_facts, write_plan
from syncworker.interfaces.cli.resync_run import recorded
from syncworker.interfaces.cli.stock import plan_document, show_plan
from syncworker.interfaces.cli.waiting import timeout, wait_until
from syncworker.interfaces.language import N_, _

if TYPE_CHECKING:
    from syncworker.bootstrap import App
    from syncworker.ledger.ledger import Snapshot
    from syncworker.sync.resync import PlanRow, ResyncReport
    from syncworker.sync.wait import OpenWork


@click.command(
    cls=Command,
    example="resync tiktok --sku BIN-BAMBU --dry-run",
    help=N_(
        "Make every channel show what it should: pulls missed orders first, reads the numbers back, compares, and sends"
        " what is wrong. Safe to repeat, also beside a running `syncworker up`.\n\n"
        "To look first: `--dry-run --plan FILE` puts the plan on paper, `syncworker plan show FILE` shows it, and"
        " `--apply FILE` carries out exactly that, leaving out and naming what moved since.\n\n"
        "Exit codes: 3 a dry run found something to send · 4 not finished in time, or stopped since it would change too much"
        " at once · 5 a channel could not be reached, or something of a plan was skipped ·"
        " 6 somebody else is at it."
    ),
)
@click.argument("names", metavar="[CHANNEL]...", nargs=-1)
@click.option("--sku", "skus", multiple=True, metavar="SKU", help=N_("Only this SKU; repeat it for more."))
@click.option("--dry-run", is_flag=True, help=N_("Pull and read, but only show what would be sent, and why."))
@click.option(
    "--plan",
    "plan_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help=N_("With --dry-run: put the plan into this new file."),
)
@click.option(
    "--apply",
    "apply_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help=N_(
        "Carry out exactly this plan; nothing is pulled or read before (exit code 5 if anything was skipped)."
    ),
)
@click.option("--wait", is_flag=True, help=N_("Wait until nothing is open: sent, settled and shared out."))
@timeout
@pass_desk
def resync(
    desk: Desk,
    names: tuple[str, ...],
    skus: tuple[str, ...],
    dry_run: bool,
    plan_file: Path | None,
    apply_file: Path | None,
    wait: bool,
    timeout_s: int,
) -> int:
    """Pull, read, compare, correct; or carry out a plan."""
    if apply_file is not None:
        if names or skus or dry_run or plan_file is not None or wait:
            raise InputError(_("--apply carries out the plan as it is: nothing else can be given beside it."))
        return carry_out(desk, apply_file)
    if plan_file is not None:
        _refuse_plan(plan_file, dry_run=dry_run)
    return _run(desk, names, skus, dry_run=dry_run, plan_file=plan_file, wait=wait, timeout_s=timeout_s)


def _refuse_plan(file: Path, *, dry_run: bool) -> None:
    if not dry_run:
        raise InputError(
            _("--plan goes with --dry-run: draw up the plan first, then carry it out with --apply.")
        )
    if file.exists():
        raise InputError(_("{file} is there already. Name a new file for the plan.").format(file=file))


def _run(
    desk: Desk,
    names: tuple[str, ...],
    skus: tuple[str, ...],
    *,
    dry_run: bool,
    plan_file: Path | None,
    wait: bool,
    timeout_s: int,
) -> int:
    from syncworker.sync.resync import plan_rows
    from syncworker.sync.resync import resync as run
    from syncworker.sync.wait import open_work

    with desk.app() as app:
        with app.ledger.snapshot() as tx:
            chosen = _chosen(tx, names, skus)
        if dry_run:
            report = run(app.context, chosen, skus=skus or None, dry_run=True)
        else:
            with recorded(app, chosen, skus) as one:
                report = run(app.context, chosen, skus=skus or None)
                one.finish(report)
        errors = _errors(app, report)
        if wait and not dry_run:
            desk.note(_("Waiting until nothing is open …"))
            wait_until(app, chosen, lambda tx: not open_work(tx, chosen), timeout_s=timeout_s)
        with app.ledger.snapshot() as tx:
            left = open_work(tx, chosen)
            after = [row for row in plan_rows(tx, chosen) if not skus or row.sku in skus]
        paper = None if plan_file is None else write_plan(desk, app, plan_file, chosen, skus)
    document = {
        **asdict(report),
        "plan_file": None if paper is None else {"file": plan_file, **plan_facts(paper)},
        "plan": [plan_document(row) for row in report.plan],
        "after": [plan_document(row) for row in after],
        "errors": errors,
        "open": [asdict(work) for work in left],
    }
    shown = after if wait and not dry_run else report.plan
    desk.answer(document, lambda: _show(desk, report, shown, errors, left, dry_run=dry_run, waited=wait))
    return _exit_code(report, errors, left, dry_run=dry_run, wait=wait)


def _chosen(tx: Snapshot, names: Sequence[str], skus: Sequence[str]) -> list[str]:
    from syncworker.ledger import channels, products

    known = products.recipe_of(tx, skus)
    for sku in skus:
        if sku not in known:
            raise UnknownSkuError(sku)
    for name in names:
        channels.load(tx, name)
    return list(names) or [one.name for one in channels.all_channels(tx)]


def _errors(app: App, report: ResyncReport) -> dict[str, str | None]:
    """Why each channel was not reached; ``None``: another worker is at it."""
    from syncworker.ledger import channels

    with app.ledger.snapshot() as tx:
        return {name: channels.load(tx, name).last_error for name in report.unreached}


def _exit_code(
    report: ResyncReport,
    errors: dict[str, str | None],
    left: Sequence[OpenWork],
    *,
    dry_run: bool,
    wait: bool,
) -> int:
    if report.braked and not dry_run:
        return ATTENTION
    if any(errors.values()):
        return PARTIAL
    if errors and not wait:
        return BUSY
    if dry_run:
        return DIFFERENCES if any(row.kind is not None for row in report.plan) else OK
    return ATTENTION if wait and left else OK


def _show(
    desk: Desk,
    report: ResyncReport,
    rows: Sequence[PlanRow],
    errors: dict[str, str | None],
    left: Sequence[OpenWork],
    *,
    dry_run: bool,
    waited: bool,
) -> None:
    from syncworker.interfaces.cli.paper import harmless
    from syncworker.interfaces.sentences import sentence

    show_plan(desk, rows)
    desk.say(
        _(
            "{pulled} orders were new or different, {read} numbers read back, {drifted} of them unexplained."
        ).format(pulled=report.pulled, read=report.read, drifted=report.drifted)
    )
    _tell_drift(desk, report)
    if dry_run:
        desk.say(_("Nothing was sent: this was a dry run."))
    elif not waited:
        desk.say(
            _("Sent: {applied} accepted, {refused} refused, {unknown} without an answer.").format(
                applied=report.applied, refused=report.refused, unknown=report.unknown
            )
        )
    for name, error in errors.items():
        said = sentence(error) if error else _("another process is at work there; ask again in a moment.")
        desk.say(_("{channel} was not reached: {error}").format(channel=name, error=harmless(said)))
    for work in left if not dry_run else ():
        desk.say(_("Still open at {channel}: {what}.").format(channel=work.channel, what=_open_text(work)))
    if not left and not errors and not dry_run and not report.braked:
        desk.say(_("Every channel shows what it should."))


def _tell_drift(desk: Desk, report: ResyncReport) -> None:
    """Why numbers differed, and where the run stopped."""
    from syncworker.interfaces.cli import words

    if report.drift:
        found = ", ".join(f"{words.drift(name)}: {count}" for name, count in report.drift.items())
        desk.say(_("Not as expected: {found}.").format(found=found))
    for one in report.braked:
        desk.say(
            _(
                "{channel}: {changed} of {listings} listings would change, {zeroed} of them to 0. That is too much at once:"
                " nothing is sent there. Look first: `syncworker resync {channel} --dry-run --plan FILE`, then"
                " `syncworker resync --apply FILE`."
            ).format(
                channel=one.channel,
                changed=one.sweep.changed,
                listings=one.sweep.listings,
                zeroed=one.sweep.zeroed,
            )
        )


def _open_text(work: OpenWork) -> str:
    from syncworker.interfaces.figures import moment

    parts = [
        (work.open_pushes, _("{n} pushes on their way or not settled")),
        (work.unsettled, _("{n} numbers to be settled by a pull")),
        (work.unknown, _("{n} numbers not known yet")),
        (work.dirty, _("{n} numbers to be looked at")),
    ]
    said = [text.format(n=count) for count, text in parts if count]
    if work.gate_until is not None:
        said.append(_("left alone until {until}").format(until=moment(work.gate_until)))
    return ", ".join(said)
