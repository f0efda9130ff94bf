"""What is one incident about, and when is it over? ``incident show|resolve``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from syncworker.errors import InputError
from syncworker.interfaces.cli.command import OK, Command
from syncworker.interfaces.cli.desk import Desk, pass_desk
from syncworker.interfaces.language import N_, _

if TYPE_CHECKING:
    from syncworker.ledger.incidents import Incident
    from syncworker.ledger.ledger import Snapshot


@click.command(
    cls=Command,
    example="incident show 12",
    help=N_(
        "One incident with all its facts, what to do about it, and whether it closes by itself or waits for your word."
        " The numbers stand in `syncworker incident list`."
    ),
)
@click.argument("incident_id", type=click.IntRange(1), metavar="NUMBER")
@pass_desk
def show(desk: Desk, incident_id: int) -> int:
    """One incident."""
    from syncworker.interfaces.cli.status import incident_document
    from syncworker.sync.resolving import is_by_person, may_be_resolved

    with desk.app() as app, app.ledger.snapshot() as tx:
        one = _load(tx, incident_id)
        ready = may_be_resolved(tx, one)
    by_person = is_by_person(one)
    document = {
        **incident_document(one),
        "closes": "by_person" if by_person else "by_itself",
        "can_be_resolved": ready,
    }
    desk.answer({"incident": document}, lambda: _show(desk, one, by_person=by_person))
    return OK


def _load(tx: Snapshot, incident_id: int) -> Incident:
    """The incident; InputError that names open ones if there is none of that number."""
    from syncworker.ledger import incidents

    try:
        return incidents.load(tx, incident_id)
    except InputError:
        numbers = sorted(
            (one.id for one in incidents.open_incidents(tx)), key=lambda number: abs(number - incident_id)
        )
        text = _("There is no incident {number}.").format(number=incident_id)
        if not numbers:
            raise InputError(text + " " + _("None is open; see `syncworker incident list --all`.")) from None
        said = ", ".join(str(number) for number in sorted(numbers[:3]))
        raise InputError(text + " " + _("Open ones: {numbers}.").format(numbers=said)) from None


def _show(desk: Desk, one: Incident, *, by_person: bool) -> None:
    from syncworker.interfaces.cli import words
    from syncworker.interfaces.cli.paper import harmless
    from syncworker.interfaces.figures import moment

    desk.say(_("Incident {number}: {sentence}").format(number=one.id, sentence=harmless(words.incident(one))))
    desk.say(_("Opened {at}.").format(at=moment(one.opened_at)))
    if one.closed_at is not None:
        desk.say(_("Closed {at}.").format(at=moment(one.closed_at)))
    for line in _facts(one.details):
        desk.say(f"  {harmless(line)}")
    if one.closed_at is not None:
        return
    desk.say(harmless(words.next_step(one)))
    if by_person:
        desk.say(
            _("It waits for your word: `syncworker incident resolve {number} --reason '…'`.").format(
                number=one.id
            )
        )
    else:
        desk.say(_("It closes by itself once that is mended; no word of yours closes it sooner."))


def _facts(details: Mapping[str, object]) -> list[str]:
    lines = []
    for name, value in details.items():
        if isinstance(value, list):
            lines += [f"{name}: {_flat(each)}" for each in value]
        else:
            lines.append(f"{name}: {_flat(value)}")
    return lines


def _flat(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {each}" for name, each in value.items())
    return _("unknown") if value is None else str(value)


@click.command(
    cls=Command,
    example="incident resolve 12 --reason 'looked at the order at the channel: a test order'",
    help=N_(
        "Close an incident by your word; who said so, when and why stays in the books.\n\n"
        "Only where a person alone can judge: an order that came late, an order's unknown status, a restored backup whose"
        " numbers are all read again. Everything else closes by itself once it is mended, and by no word before that."
    ),
)
@click.argument("incident_id", type=click.IntRange(1), metavar="NUMBER")
@click.option("--reason", required=True, help=N_("Why; it stands in the books for ever."))
@pass_desk
def resolve(desk: Desk, incident_id: int, reason: str) -> int:
    """A person's word."""
    from syncworker.sync.resolving import resolve as close

    with desk.app() as app:
        with app.ledger.snapshot() as tx:
            _load(tx, incident_id)
        one = app.ledger.run(
            lambda tx: close(tx, app.context, incident_id, reason=reason, actor=app.settings.actor)
        )
    text = _("Incident {number} is closed.").format(number=one.id)
    document = {"incident": one.id, "kind": one.kind, "resolved": True, "reason": reason.strip()}
    desk.answer(document, lambda: desk.say(text))
    return OK
