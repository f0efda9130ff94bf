"""What did ``doctor --repair`` do? Asked first where a person has to be sure, and told afterwards, one sentence a repair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from syncworker.interfaces.cli.desk import Desk
from syncworker.interfaces.language import N_, _

if TYPE_CHECKING:
    from syncworker.bootstrap import App
    from syncworker.sync.repairing import Repair

#: What was done, by kind.
_TEXTS = {
    "dropped": N_("Dropped {rows} rows of {table}: they belonged to a {parent} that is not there."),
    "unlinked": N_(
        "{subject}: listing {listing} is linked no more, since its number was gone. Link it again."
    ),
    "count_rebuilt": N_(
        "{subject}: {on_hand_before} → {on_hand} on hand, {reserved_before} → {reserved} reserved, as its movements add up."
    ),
    "lease_freed": N_("{subject}: {job} is free again; whoever had taken it is gone."),
    "read_back": N_("{subject}: read back from the channel, so that it is known what became of the push."),
    "read_later": N_(
        "{subject}: the channel did not answer for all of it now. It is asked again by itself while `syncworker up` runs."
    ),
    "zeroed": N_("{subject}: is shown as 0 until it is proven that nothing more can be sold from it."),
    "marked": N_("{subject}: is looked at again."),
    "deficit_told": N_("{subject}: its numbers are lowered now, and an incident says so."),
    "incident_closed": N_("Incident about {subject}: closed."),
}


def consent(desk: Desk, app: App, *, yes: bool) -> None:
    """Show each count that would change, and ask; nothing is asked where none would."""
    from syncworker.interfaces.cli.paper import harmless
    from syncworker.ledger.recounting import differences

    with app.ledger.snapshot() as tx:
        found = differences(tx)
    for one in found:
        text = (
            _("{sku} at {location}: {told} → {moved} on hand.")
            if one.is_whole
            else _(
                "{sku} at {location}: stays at {told} on hand, since its movements do not follow on one another."
            )
        )
        desk.note(
            "  "
            + harmless(
                text.format(
                    sku=one.sku, location=one.location, told=one.told.on_hand, moved=one.moved.on_hand
                )
            )
        )
    if any(one.is_whole for one in found):
        desk.confirm(_("Set these counts to what their movements add up to?"), yes=yes)


def repair_text(one: Repair) -> str:
    """What was done, in one sentence."""
    from syncworker.interfaces.cli import words
    from syncworker.interfaces.cli.findings import spoken

    facts = spoken(one.facts)
    if "job" in facts:
        facts["job"] = words.job(facts["job"])
    return _(_TEXTS[one.kind.value]).format_map({"subject": one.subject, **facts})


def show_repairs(desk: Desk, done: Sequence[Repair]) -> None:
    """One line each."""
    from syncworker.interfaces.cli.paper import harmless

    if not done:
        desk.say(_("There was nothing to mend."))
    for one in done:
        desk.say(f"  ✓ {harmless(repair_text(one))}")


def repair_document(done: Sequence[Repair]) -> list[dict[str, object]]:
    """The same for programs."""
    return [{**asdict(one), "sentence": repair_text(one)} for one in done]
