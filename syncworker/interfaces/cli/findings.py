"""What did the doctor find, in words, and what is to be done about it?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from syncworker.interfaces.language import N_, _

if TYPE_CHECKING:
    from syncworker.sync.finding import Finding

#: What was found, and what to do, by kind.
_TEXTS = {
    "books": (
        N_("The books do not add up: {text}"),
        N_(
            "Rows were changed behind our back. Count the goods and enter them with `syncworker stock set`; or, if the movements"
            " are right, `syncworker doctor --repair --rebuild-counts`."
        ),
    ),
    "reserved": (
        N_("{subject}: {reserved} reserved, but live orders promise {orders} and holds {holds}."),
        N_("Rows were changed behind our back. Keep a copy (`syncworker db backup`) and report it."),
    ),
    "exposed": (
        N_(
            "{subject}: the channels may sell more than there is ({available} available, {free} free), untold."
        ),
        N_("Stop selling (`syncworker channel withdraw --all`) and report it: this must never happen."),
    ),
    "deficit": (
        N_("{subject}: the channels may sell more than there is ({available} available, {free} free)."),
        N_("Numbers are being lowered. See `syncworker explain {sku}` for when that is done."),
    ),
    "adopting": (
        N_("{subject}: not known yet what {unknown} may sell, so nothing is raised."),
        N_("It ends once these are read back and settled; `syncworker up` must run."),
    ),
    "hold": (
        N_("Hold {subject} says that it has {gathered} of {sku}, its movements say {moved}."),
        N_("Rows were changed from outside. Restore a backup, or report it."),
    ),
    "hold_overdue": (
        N_("Hold {subject} should have ended on {expires_at}; it keeps its goods still."),
        N_("Start `syncworker up` and leave it running, or end it: `syncworker hold cancel {subject}`."),
    ),
    "oversold": (
        N_("{subject}: oversold, {available} available."),
        N_("Bring goods in (`syncworker stock receive {sku} N`), or cancel the newest order."),
    ),
    "push_overdue": (
        N_("{subject}: {value} was sent at {stored_at} and nobody knows whether it arrived."),
        N_(
            "`syncworker resync` reads the number back; if the channel cannot answer: `syncworker pool assume {subject} N`."
        ),
    ),
    "lease_overdue": (
        N_("{subject}: whoever did the {job} stopped in the middle, at {since}."),
        N_(
            "Nothing to do while `syncworker up` runs: it takes the work over. Is it running? `--repair` frees it."
        ),
    ),
    "nobody_works": (
        N_("{subject}: a {job} has been due since {since} and nobody does it."),
        N_("Start `syncworker up` and leave it running."),
    ),
    "not_protected": (
        N_("{subject}: {listings} listings sell goods of ours without being linked: {skus}."),
        N_("Link them: `syncworker listing suggest {subject} --apply`."),
    ),
    "orphans": (
        N_("{rows} rows of {table} belong to a {parent} that is not there."),
        N_("Nobody misses them: `syncworker doctor --repair` drops them."),
    ),
    "lost": (
        N_("{rows} rows of {table} belong to a {parent} that is not there, and they count."),
        N_("Rows were deleted from outside. Restore a backup (`syncworker db restore FILE`), or report it."),
    ),
    "number_lost": (
        N_(
            "{channel} sells {sku} from listing {listing}, and its number is not there: nobody counts what it sells."
        ),
        N_(
            "`syncworker doctor --repair`, then link it again: `syncworker listing suggest {channel} --apply`."
        ),
    ),
    "no_listing": (
        N_("{subject}: counted with {exposure}, though no listing of ours sells from it."),
        N_("`syncworker doctor --repair` has it shown as 0 until nothing can be sold from it."),
    ),
    "mark_lost": (
        N_("{subject}: whatever changes, it is not looked at any more."),
        N_("`syncworker doctor --repair` has it looked at again."),
    ),
    "unplanned": (
        N_("{subject}: {value} would be sent, and nothing looks at it."),
        N_("`syncworker doctor --repair` has it looked at again."),
    ),
    "incident_over": (
        N_(
            "Incident {number} about {subject} is over, or about something that is not there, and open still."
        ),
        N_("`syncworker doctor --repair` closes it."),
    ),
    "observing": (
        N_("{subject}: only observed, not protected yet ({pools} numbers, {unlinked} listings not linked)."),
        N_("When you are ready: `syncworker channel go-live {subject}`."),
    ),
}


def finding_texts(finding: Finding) -> tuple[str, str]:
    """What was found, and what to do about it."""
    from syncworker.interfaces.cli import words
    from syncworker.ledger.incidents import Incident, IncidentKind

    facts = finding.facts
    if finding.kind.value not in _TEXTS:
        one = Incident(
            id=0,
            kind=IncidentKind(str(facts["incident"])),
            subject=finding.subject,
            opened_at=facts["opened_at"],  # type: ignore[arg-type]  # a fact of an incident
            closed_at=None,
            details=facts,
        )
        return words.incident(one), words.next_step(one)
    said = {"subject": finding.subject, "sku": finding.subject.partition("@")[0], **spoken(facts)}
    found, step = _TEXTS[finding.kind.value]
    return _(found).format_map(said), _(step).format_map(said)


def spoken(facts: Mapping[str, object]) -> dict[str, str]:
    """Facts as people read them."""
    from datetime import datetime

    from syncworker.interfaces.cli import words
    from syncworker.interfaces.figures import moment, number

    said = {}
    for name, value in facts.items():
        if isinstance(value, datetime):
            said[name] = moment(value)
        elif isinstance(value, int):
            said[name] = number(value)
        elif isinstance(value, list):
            said[name] = words.names([str(each) for each in value])
        else:
            said[name] = _("unknown") if value is None else str(value)
    return said
