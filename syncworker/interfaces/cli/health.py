"""Does it run? ``health``, for whoever restarts it: a container's check, a supervisor, an alarm."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from syncworker.interfaces.cli.command import FAILED, OK, Command
from syncworker.interfaces.cli.desk import Desk, pass_desk
from syncworker.interfaces.language import N_, _, ngettext

if TYPE_CHECKING:
    from syncworker.tasks.health import Finding

PARTS = ("ledger", "broker", "tick", "worker")

#: What to say of a part as it was found.
_TEXTS = {
    ("ledger", "fine"): N_("ledger reached"),
    ("ledger", "unreachable"): N_("the ledger cannot be used ({error})"),
    ("ledger", "old_tables"): N_("the ledger's tables are of an older version (`syncworker db upgrade`)"),
    ("broker", "fine"): N_("broker reached"),
    ("broker", "inside"): N_("broker inside the process"),
    ("broker", "unreachable"): N_("the broker cannot be reached ({error})"),
    ("tick", "fine"): N_("last tick {age} s ago"),
    ("tick", "never"): N_("no tick yet (does `syncworker up`, or a beat and a worker, run?)"),
    ("tick", "late"): N_("no tick for {age} s (does `syncworker up`, or a beat and a worker, run?)"),
    ("tick", "unknown"): N_("tick unknown"),
    ("worker", "late"): N_("no worker gives a sign of life"),
    ("worker", "unattended"): N_("no worker takes the work of {names}"),
    ("worker", "unknown"): N_("worker unknown"),
}


@click.command(
    cls=Command,
    example="health",
    help=N_(
        "Does it run? One line: ledger and broker can be reached, the last tick is fresh, a worker gave a sign of life."
        " Changes nothing, asks no channel, and answers within seconds; for a container's check, a supervisor or an"
        " alarm.\n\nExit code 0: it runs. 1: it does not. Whether the books add up is for `syncworker doctor`."
    ),
)
@click.option(
    "--only",
    type=click.Choice(PARTS),
    multiple=True,
    help=N_("Look at this part alone; may be given more than once."),
)
@click.option(
    "--here", is_flag=True, help=N_("Only a worker on this computer, or in this container, counts.")
)
@pass_desk
def health(desk: Desk, only: tuple[str, ...], here: bool) -> int:
    """One line and an exit code."""
    from syncworker.tasks.health import Part, examine
    from syncworker.tasks.pulse import this_host
    from syncworker.telemetry import configure_logging, without_secrets

    settings = desk.settings()
    configure_logging(level="critical", secrets=settings.secrets)
    parts = [Part(name) for name in only] or list(Part)
    findings = examine(settings, parts, host=this_host() if here else None)
    healthy = all(one.healthy for one in findings)

    def show() -> None:
        start = _("Healthy: {parts}.") if healthy else _("Not healthy: {parts}.")
        desk.say(start.format(parts=", ".join(map(_said, findings))))

    document = {
        "healthy": healthy,
        "parts": [
            {
                **asdict(one),
                "error": without_secrets(one.error) if one.error else None,
                "healthy": one.healthy,
                "sentence": _said(one),
            }
            for one in findings
        ],
    }
    desk.answer(document, show)
    return OK if healthy else FAILED


def _said(one: Finding) -> str:
    from syncworker.interfaces.cli.paper import harmless
    from syncworker.interfaces.sentences import sentence
    from syncworker.telemetry import without_secrets

    if one.part.value == "worker" and one.found.value == "fine":
        count = one.workers or 0
        text = ngettext("{n} worker, last sign {age} s ago", "{n} workers, last sign {age} s ago", count)
        return text.format(n=count, age=one.age_s)
    error = harmless(sentence(without_secrets(one.error or ""))).rstrip(".")
    text = _(_TEXTS[one.part.value, one.found.value])
    return text.format(age=one.age_s, names=", ".join(one.unattended), error=error)
