"""Is the ledger's database sound, and how does a backup come back? ``db check|restore``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from syncworker.interfaces.cli.command import ATTENTION, OK, Command
from syncworker.interfaces.cli.desk import Desk, pass_desk
from syncworker.interfaces.language import N_, _

if TYPE_CHECKING:
    from syncworker.ledger.restoring import Restored
    from syncworker.ledger.soundness import Check

#: What each check looks at: if it is right, and if it is not.
_TEXTS = {
    "file": (
        N_("The file is whole."),
        N_("The database is damaged: {problem}. Bring a backup back: `syncworker db restore FILE`."),
    ),
    "references": (
        N_("Every row refers to rows that are there."),
        N_("{rows} rows of {tables} refer to rows that are not there. Bring a backup back, and report it."),
    ),
    "durability": (
        N_("A commit survives a power cut."),
        N_("A commit may be lost with the power, so a number that was sent could be sent twice."),
    ),
    "tables": (
        N_("The tables fit this version."),
        N_(
            "The tables do not fit this version; `syncworker db upgrade` brings older ones up to date. {problem}"
        ),
    ),
    "books": (
        N_("The books add up: every count is the sum of its movements."),
        N_("The books do not add up in {count} places. See `syncworker doctor`."),
    ),
    "witness": (
        N_("It is the ledger that was last started here."),
        N_(
            "It is not the ledger that was last started here: an older one was put back. The next `syncworker up` treats every"
            " number as unknown until it is read."
        ),
    ),
    "backup": (N_("There is a backup of this week."), ""),
}
#: What cannot be looked at, or is only worth a word.
_OPEN = {
    "file": N_("Whether the server's files are whole is for the server's own tools."),
    "witness": N_(
        "Nothing bears witness whether an older state was put back: say so with `syncworker db restore`."
    ),
    "backup": N_("No backup of this week is known. Make one: `syncworker db backup FILE`."),
}


@click.command(
    cls=Command,
    example="db check",
    help=N_(
        "Is the database sound? Looks at its file, its references, its tables, whether a commit survives a power cut,"
        " whether the books add up, and whether an older state was put back. Mends nothing, and asks no channel.\n\n"
        "With FILE it looks at a backup instead. Exit code 4: something is wrong."
    ),
)
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@pass_desk
def check(desk: Desk, file: Path | None) -> int:
    """One sentence a check."""
    from syncworker.interfaces.cli.progress import progress
    from syncworker.ledger.ledger import open_ledger
    from syncworker.ledger.soundness import examine

    if file is not None:
        return _check_backup(desk, file)
    ledger = open_ledger(desk.settings().database_url)
    try:
        with progress(_("Looking")):
            found = examine(ledger)
    finally:
        ledger.close()
    healthy = all(one.ok is not False for one in found)
    document = {"ok": healthy, "checks": [{**asdict(one), "sentence": _sentence(one)} for one in found]}
    desk.answer(document, lambda: _show(desk, found))
    return OK if healthy else ATTENTION


def _check_backup(desk: Desk, file: Path) -> int:
    from syncworker.errors import InputError
    from syncworker.interfaces.sentences import sentence
    from syncworker.ledger.restoring import check_backup

    problems: list[str] = []
    try:
        check_backup(file)
    except InputError as error:
        problems.append(sentence(str(error)))
    said = _("{file} is a sound backup; `syncworker db restore {file}` can take it.").format(file=file)
    document = {"ok": not problems, "file": file, "problems": problems}
    desk.answer(document, lambda: desk.say("\n".join(problems) if problems else said))
    return ATTENTION if problems else OK


def _sentence(one: Check) -> str:
    from syncworker.interfaces.sentences import sentence

    if one.ok is None:
        return _(_OPEN[one.name])
    right, wrong = _TEXTS[one.name]
    facts = {
        name: ", ".join(value) if isinstance(value, list) else value for name, value in one.facts.items()
    }
    problem = sentence(str(facts.pop("problem", "")))
    return _(right) if one.ok else _(wrong).format(problem=problem, **facts).rstrip()


def _show(desk: Desk, found: Sequence[Check]) -> None:
    from syncworker.interfaces.cli.paper import harmless

    for one in found:
        sign = {True: "✓", False: "✗", None: "–"}[one.ok]
        desk.say(f"{sign} {harmless(_sentence(one))}")


@click.command(
    cls=Command,
    example="db restore /media/usb/ledger.backup",
    help=N_(
        "Bring a backup back in the ledger's place. Refused while `syncworker up` runs. What stood there is kept beside it."
        " A backup knows less than your shops do: every number there is unknown until it is read, and until then numbers"
        " are only lowered.\n\n"
        "Without FILE: say that an older state was put back already, by a server's own tools; before anything starts. A file"
        " that was put back by hand is noticed by itself."
    ),
)
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help=N_("Do not ask."))
@pass_desk
def restore(desk: Desk, file: Path | None, yes: bool) -> int:
    """An older state comes back."""
    return _told(desk, yes=yes) if file is None else _bring_back(desk, file, yes=yes)


def _bring_back(desk: Desk, file: Path, *, yes: bool) -> int:
    from syncworker.interfaces.cli.progress import progress
    from syncworker.ledger.ledger import open_ledger
    from syncworker.ledger.restoring import check_backup
    from syncworker.ledger.restoring import restore as bring_back

    settings = desk.settings()
    check_backup(file)
    desk.confirm(
        _(
            "Put {file} in the ledger's place? Every number at the channels then counts as unknown until it is read."
        ).format(file=file),
        yes=yes,
    )
    ledger = open_ledger(settings.database_url)
    try:
        with progress(_("Bringing it back")), desk.audited(ledger, settings):
            done = bring_back(ledger, file)
    finally:
        ledger.close()
    document = {"file": file, "unknown": done.numbers, "kept": done.kept, "was_damaged": done.was_damaged}
    desk.answer(document, lambda: _tell(desk, file, done))
    return OK


def _tell(desk: Desk, file: Path, done: Restored) -> None:
    from syncworker.interfaces.figures import number

    desk.say(_("{file} is the ledger now.").format(file=file))
    if done.kept is not None and done.was_damaged:
        desk.say(
            _("What stood there could not be read any more; it is kept as {file}.").format(file=done.kept)
        )
    elif done.kept is not None:
        desk.say(_("What stood there is kept as {file}.").format(file=done.kept))
    desk.say(_unknown(number(done.numbers)))
    desk.say(_("Next: count what was sold or counted since that backup, then `syncworker up`."))


def _unknown(said: str) -> str:
    return _("{n} numbers count as unknown until they are read and proven.").format(n=said)


def _told(desk: Desk, *, yes: bool) -> int:
    from syncworker.errors import AlreadyRunningError
    from syncworker.interfaces.figures import number
    from syncworker.ledger.backup import mark_restored
    from syncworker.ledger.installation import running
    from syncworker.ledger.tallies import jobs

    with desk.app() as app, running(app.ledger):
        with app.ledger.snapshot() as tx:
            busy = {
                one.channel for one in jobs(tx) if one.lease_until is not None and one.lease_until > tx.now
            }
        if busy:
            raise AlreadyRunningError(
                _(
                    "A worker is at {names} at this moment. Stop every worker first, then say it again."
                ).format(names=", ".join(sorted(busy)))
            )
        desk.confirm(
            _(
                "Was the ledger put back to an older state? Every number at the channels then counts as unknown until it is read."
            ),
            yes=yes,
        )
        numbers = app.ledger.run(mark_restored)
    desk.answer({"unknown": numbers}, lambda: desk.say(_unknown(number(numbers))))
    return OK
