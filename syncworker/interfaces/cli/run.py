"""What was set in motion, and how far is it? ``run list|show``: imports, resyncs and whatever else a person began."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from syncworker.errors import InputError
from syncworker.interfaces.cli import paging
from syncworker.interfaces.cli.command import OK, Group
from syncworker.interfaces.cli.desk import Desk, pass_desk
from syncworker.interfaces.language import N_, _

if TYPE_CHECKING:
    from syncworker.ledger.ledger import Snapshot
    from syncworker.ledger.runs import RunItem, RunRecord


@click.group(cls=Group, help=N_("What was set in motion: imports, resyncs, and what a person vouched for."))
def run() -> None:
    """The noun."""


@run.command(
    "list",
    example="run list --kind import",
    help=N_("The latest runs, newest first: what, who, when, and how far."),
)
@click.option("--kind", metavar="KIND", help=N_("Only these: import, resync, assume, resolve …"))
@paging.most
@paging.after
@pass_desk
def list_(desk: Desk, kind: str | None, most: int, after: str | None) -> int:
    """The latest ones."""
    from syncworker.ledger import runs

    with desk.app() as app, app.ledger.snapshot() as tx:
        before = None if after is None else _find(tx, after).id
        found = runs.latest(tx, kind=kind, before=before, most=most + 1)
    rest = None if len(found) <= most else found[most - 1].id
    shown = found[:most]
    document = {"runs": [_document(one) for one in shown], "next": rest}
    desk.answer(document, lambda: _show_list(desk, shown, rest))
    return OK


def _document(one: RunRecord) -> dict[str, object]:
    return {**asdict(one), "state": _state(one)}


def _state(one: RunRecord) -> str:
    return "done" if one.finished_at is not None else "running"


def _show_list(desk: Desk, found: Sequence[RunRecord], rest: str | None) -> None:
    from syncworker.interfaces.cli import words
    from syncworker.interfaces.cli.paper import table
    from syncworker.interfaces.figures import moment

    if not found:
        desk.say(_("Nothing was set in motion yet."))
        return
    rows = [
        [
            one.id,
            words.run_kind(one.kind),
            one.actor,
            moment(one.started_at),
            moment(one.finished_at) if one.finished_at is not None else _so_far(one.details),
            _summary(one.details),
        ]
        for one in found
    ]
    titles = [_("Run"), _("What"), _("Who"), _("Began"), _("Done"), _("Facts")]
    table(desk, titles, rows)
    paging.tell_more(desk, rest)


def _so_far(details: Mapping[str, object]) -> str:
    done, total = details.get("done"), details.get("total")
    if done is None:
        return _("not finished")
    return _("not finished: {done} of {total}").format(
        done=done, total=_("unknown") if total is None else total
    )


def _summary(details: Mapping[str, object]) -> str:
    """The facts that fit on a line."""
    plain = [
        f"{name} {value}" for name, value in details.items() if isinstance(value, str | int) and value != ""
    ]
    said = ", ".join(plain)
    return said if len(said) <= 80 else said[:79] + "…"


@run.command(
    "show",
    example="run show 0197a3c4",
    help=N_(
        "One run with its facts and everything that it did. The beginning of its id is enough if no other begins so."
    ),
)
@click.argument("run_id", metavar="RUN")
@paging.most
@paging.after
@pass_desk
def show(desk: Desk, run_id: str, most: int, after: str | None) -> int:
    """One of them."""
    from syncworker.ledger import runs

    with desk.app() as app, app.ledger.snapshot() as tx:
        one = _find(tx, run_id)
        found = runs.items(tx, one.id, after=after, most=most + 1)
        counts = runs.count_items(tx, one.id)
    rest = None if len(found) <= most else found[most - 1].subject
    shown = found[:most]
    document = {
        "run": _document(one),
        "counts": counts,
        "items": [asdict(item) for item in shown],
        "next": rest,
    }
    desk.answer(document, lambda: _show(desk, one, counts, shown, rest))
    return OK


def _find(tx: Snapshot, text: str) -> RunRecord:
    """The run whose id begins so; InputError that names others if it is none or several."""
    from syncworker.ledger import runs

    found = runs.starting_with(tx, text.strip().lower())
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(one.id for one in found[:3])
        raise InputError(
            _("{run} is the beginning of several runs: {names} …").format(run=repr(text), names=names)
        )
    latest = runs.latest(tx, most=3)
    said = _("There is no run {run}.").format(run=repr(text))
    if not latest:
        raise InputError(said + " " + _("Nothing was set in motion yet."))
    names = ", ".join(one.id for one in latest)
    raise InputError(said + " " + _("The latest ones: {names}.").format(names=names))


def _show(
    desk: Desk, one: RunRecord, counts: Mapping[str, int], items: Sequence[RunItem], rest: str | None
) -> None:
    from syncworker.interfaces.cli import words
    from syncworker.interfaces.cli.paper import harmless, table
    from syncworker.interfaces.figures import moment, number

    desk.say(
        _("{what} by {actor}, begun {started}, {state}.").format(
            what=words.run_kind(one.kind),
            actor=harmless(one.actor),
            started=moment(one.started_at),
            state=_so_far(one.details)
            if one.finished_at is None
            else _("done {at}").format(at=moment(one.finished_at)),
        )
    )
    for name, value in one.details.items():
        desk.say(f"  {harmless(name)}: {harmless(_flat(value))}")
    if not items:
        desk.say(_("It names no items."))
        return
    said = ", ".join(f"{number(n)} {words.state(state)}" for state, n in counts.items())
    desk.say(_("Items: {counts}.").format(counts=said))
    desk.say()
    rows = [[item.subject, words.state(item.state), _flat(item.details)] for item in items]
    table(desk, [_("Item"), _("State"), _("Facts")], rows)
    paging.tell_more(desk, rest)


def _flat(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_flat(each)}" for name, each in value.items())
    if isinstance(value, list):
        return "; ".join(_flat(each) for each in value)
    return "–" if value is None else str(value)
