"""How is the engine run? ``up``, or ``worker`` and ``beat`` apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import click

from syncworker.interfaces.cli.command import Command
from syncworker.interfaces.cli.desk import Desk, pass_desk
from syncworker.interfaces.language import N_, _, ngettext

if TYPE_CHECKING:
    from syncworker.bootstrap import Registered
    from syncworker.settings import Settings


@click.command(
    cls=Command,
    example="up",
    help=N_(
        "Run everything in this one window: pull orders, keep the count, tell the shops. Stop it with Ctrl-C; nothing is"
        " lost, and what was under way is finished at the next start.\n\n"
        "Other commands work beside it. Exit code 6: it runs already."
    ),
)
@pass_desk
def up(desk: Desk) -> int:
    """One process."""
    from syncworker.bootstrap import build
    from syncworker.tasks import up as run

    settings = _ready(desk)

    def tell(registered: Registered) -> None:
        names = list(settings.channels)
        text = ngettext(
            "Running with {n} channel: {names}. Stop with Ctrl-C.",
            "Running with {n} channels: {names}. Stop with Ctrl-C.",
            len(names),
        )
        desk.note(text.format(n=len(names), names=", ".join(names) or "–"))
        for name in registered.new:
            desk.note(_("{channel} is new. Next: `syncworker channel check {channel}`.").format(channel=name))
        for name in registered.missing:
            desk.note(
                _("{channel} is no longer in channels.toml, yet it may still sell: it stays counted.").format(
                    channel=name
                )
            )
        desk.give(
            {
                "running": True,
                "channels": names,
                "new": list(registered.new),
                "missing": list(registered.missing),
            }
        )

    with build(settings) as app:
        return run(app, on_ready=tell)


@click.command(
    cls=Command,
    example="worker",
    help=N_(
        "One worker of many, over a shared broker (Redis, RabbitMQ) and a shared ledger (PostgreSQL). Start as many as you"
        " like, and at least one `syncworker beat`. A channel has a queue of its own, so a slow one can be given to a"
        " worker of its own: `-Q slow-shop` there, `-X slow-shop` at the others."
    ),
)
@click.option(
    "--pool",
    type=click.Choice(["threads", "prefork"]),
    default="threads",
    show_default=True,
    help=N_("Threads, or processes of its own (PostgreSQL only)."),
)
@click.option(
    "--queues",
    "-Q",
    "only",
    multiple=True,
    metavar="NAME,…",
    help=N_("Take the work of these channels alone; `tick` is the look for work that is due."),
)
@click.option(
    "--exclude-queues",
    "-X",
    "without",
    multiple=True,
    metavar="NAME,…",
    help=N_("Take all work but that of these channels."),
)
@pass_desk
def worker(
    desk: Desk, pool: Literal["threads", "prefork"], only: tuple[str, ...], without: tuple[str, ...]
) -> int:
    """A worker."""
    from syncworker.bootstrap import build
    from syncworker.tasks import worker as run

    settings = _ready(desk)
    with build(settings) as app:
        return run(app, pool=pool, only=only, without=without)


@click.command(
    cls=Command,
    example="beat",
    help=N_("Rings the tick that finds all work, over a shared broker. A second one does no harm."),
)
@pass_desk
def beat(desk: Desk) -> int:
    """A beat."""
    from syncworker.tasks import beat as run

    return run(_ready(desk))


@click.command(
    cls=Command,
    example="metrics",
    help=N_(
        "Figures for Prometheus, computed from the ledger when it asks: how soon sales are told, what is unsent, oversold,"
        " different or used up. Needs `metrics_port`; beside `syncworker worker`, since `syncworker up` serves them itself."
    ),
)
@pass_desk
def metrics(desk: Desk) -> int:
    """An exporter."""
    from syncworker.bootstrap import build
    from syncworker.tasks import metrics as run

    def tell(address: str) -> None:
        desk.note(_("Figures for Prometheus at {address}. Stop with Ctrl-C.").format(address=address))
        desk.give({"address": address})

    with build(_ready(desk)) as app:
        return run(app, on_ready=tell)


def _ready(desk: Desk) -> Settings:
    """The configuration, with the log as it wants it."""
    import sys

    from syncworker.telemetry import configure_logging

    settings = desk.settings()
    wants_json = settings.log_format == "json" or (settings.log_format == "auto" and not sys.stderr.isatty())
    configure_logging(
        level=settings.log_level, style="json" if wants_json else "console", secrets=settings.secrets
    )
    for warning in settings.warnings:
        desk.note(f"! {warning}")
    return settings
