"""Can the books be trusted? ``doctor``: every promise proven again, and what to do about each finding."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from syncworker.errors import InputError
from syncworker.interfaces.cli.command import ATTENTION, OK, Command
from syncworker.interfaces.cli.desk import Desk, pass_desk
from syncworker.interfaces.cli.findings import finding_texts
from syncworker.interfaces.language import N_, _

if TYPE_CHECKING:
    from syncworker.sync.doctor import Diagnosis


@click.command(
    cls=Command,
    example="doctor --repair",
    help=N_(
        "Can the books be trusted, and is anything stuck? Proves from the rows that movements add up to the stock, that"
        " the channels together can sell no more than there is, that what is reserved is promised to somebody, that every"
        " row belongs to something, and that no push and no job hangs.\n\n"
        "--repair mends what can be mended and says what it did: a push without an answer is read back, work whose owner is"
        " gone is freed, rows that belong to nothing are dropped, numbers that nothing looks at are looked at again."
        " A count that differs from its movements is only shown; --rebuild-counts sets it to what they add up to.\n\n"
        "Exit code 0: all is well. 4: something needs you; each finding says what to do."
    ),
)
@click.option("--repair", "mends", is_flag=True, help=N_("Mend what can be mended, and say what was done."))
@click.option(
    "--rebuild-counts",
    is_flag=True,
    help=N_(
        "With --repair: set counts that differ from their movements to what these add up to. Asks first."
    ),
)
@click.option("--yes", is_flag=True, help=N_("Do not ask."))
@pass_desk
def doctor(desk: Desk, mends: bool, rebuild_counts: bool, yes: bool) -> int:
    """Prove the books; with ``mends`` put right what can be."""
    from syncworker.interfaces.cli.doctor_repair import consent, repair_document, show_repairs
    from syncworker.sync.doctor import examine
    from syncworker.sync.repairing import Repair, repair

    if rebuild_counts and not mends:
        raise InputError(_("--rebuild-counts goes with --repair."))
    done: tuple[Repair, ...] = ()
    with desk.app() as app:
        if rebuild_counts:
            consent(desk, app, yes=yes)
        if mends:
            done = repair(app.context, actor=app.settings.actor, rebuild_counts=rebuild_counts)
        with app.ledger.snapshot() as tx:
            diagnosis = examine(tx)
    document = {**_document(diagnosis), **({"repairs": repair_document(done)} if mends else {})}

    def show() -> None:
        if mends:
            show_repairs(desk, done)
        _show(desk, diagnosis)

    desk.answer(document, show)
    return OK if diagnosis.healthy else ATTENTION


def _show(desk: Desk, diagnosis: Diagnosis) -> None:
    from syncworker.interfaces.cli.paper import harmless
    from syncworker.interfaces.figures import number

    looked = diagnosis.looked_at
    desk.say(
        _("Looked at {parts} parts, {channels} channels, {pools} numbers at channels.").format(
            parts=number(looked["parts"]), channels=number(looked["channels"]), pools=number(looked["pools"])
        )
    )
    for finding in diagnosis.findings:
        found, step = finding_texts(finding)
        mark = "!" if finding.needs_attention else "·"
        desk.say(f"  {mark} {harmless(found)}")
        desk.say(f"    {harmless(step)}")
    desk.say(_("All is well.") if diagnosis.healthy else _("Something needs you."))


def _document(diagnosis: Diagnosis) -> dict[str, object]:
    findings = []
    for finding in diagnosis.findings:
        found, step = finding_texts(finding)
        findings.append(
            {
                **asdict(finding),
                "needs_attention": finding.needs_attention,
                "sentence": found,
                "next_step": step,
            }
        )
    return {"healthy": diagnosis.healthy, "looked_at": dict(diagnosis.looked_at), "findings": findings}
