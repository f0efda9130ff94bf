"""Which commands are there? The program's own help, its nouns in their order, and nothing heavy before one is called."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import click
import rich_click

from syncworker.interfaces.cli.command import RootGroup
from syncworker.interfaces.cli.summaries import SUMMARIES
from syncworker.interfaces.language import N_, _

if TYPE_CHECKING:
    from rich_click.rich_context import RichContext
    from rich_click.rich_help_formatter import RichHelpFormatter

#: Command → where it is defined; each is imported when it is needed, and none imports the engine at its top.
COMMANDS = {
    "demo": "demo:demo",
    "init": "init:init",
    "up": "processes:up",
    "status": "status:status",
    "doctor": "doctor:doctor",
    "health": "health:health",
    "explain": "explain:explain",
    "resync": "resync:resync",
    "plan": "plan:plan",
    "undo": "undo:undo",
    "product": "product:product",
    "stock": "stock:stock",
    "sale": "sale_file:sale",
    "order": "order:order",
    "hold": "hold:hold",
    "report": "report:report",
    "channel": "channel:channel",
    "listing": "listing:listing",
    "limit": "limit:limit",
    "price": "price:price",
    "policy": "policy:policy",
    "simulate": "simulate:simulate",
    "pool": "pool:pool",
    "incident": "incident:incident",
    "parked": "parked:parked",
    "run": "run:run",
    "audit": "audit:audit",
    "config": "config:config",
    "connector": "connector:connector",
    "db": "database:database",
    "worker": "processes:worker",
    "beat": "processes:beat",
    "metrics": "processes:metrics",
    "webhooks": "webhooks:webhooks",
    "sandbox": "sandbox:sandbox",
    "completion": "completion:completion",
}


#: Title → commands, as the program's help lists them.
SHELVES = {
    N_("Begin"): ("demo", "init", "up"),
    N_("Every day"): (
        "status",
        "stock",
        "sale",
        "order",
        "hold",
        "explain",
        "report",
        "resync",
        "plan",
        "undo",
    ),
    N_("Goods and shops"): ("product", "channel", "listing", "price", "limit", "policy", "simulate"),
    N_("What needs you"): ("incident", "parked"),
    N_("Look after it"): (
        "doctor",
        "health",
        "run",
        "audit",
        "config",
        "db",
        "pool",
        "connector",
        "completion",
    ),
    N_("Larger and trial runs"): ("worker", "beat", "metrics", "webhooks", "sandbox"),
}


class LazyGroup(RootGroup):
    """Finds a command by importing its file; its own help knows them by their summaries."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # Any: as click's own
        super().__init__(*args, **kwargs)
        self._summed_up: dict[str, click.Command] = {}

    def format_help(self, ctx: RichContext, formatter: RichHelpFormatter) -> None:  # type: ignore[override]
        self._summed_up = {
            name: rich_click.RichCommand(name=name, help=text) for name, text in SUMMARIES.items()
        }
        try:
            super().format_help(ctx, formatter)
        finally:
            self._summed_up = {}

    def shelves(self) -> list[Any]:  # Any: as in Group
        known = set(self.list_commands(click.get_current_context()))
        return [
            {"name": _(title), "commands": [name for name in names if name in known]}
            for title, names in SHELVES.items()
        ]

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name in self._summed_up:
            return self._summed_up[cmd_name]
        if cmd_name not in self.commands and cmd_name in COMMANDS:
            self.add_command(load(cmd_name), cmd_name)
        return self.commands.get(cmd_name)


def load(name: str) -> click.Command:
    """The command of that name."""
    module, attribute = COMMANDS[name].split(":")
    found = getattr(importlib.import_module(f"syncworker.interfaces.cli.{module}"), attribute)
    if not isinstance(found, click.Command):
        raise TypeError(f"{COMMANDS[name]} is no command")
    return found


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": None},
    help=N_(
        "One true stock count across every shop you sell in: orders in, quantities out, nothing oversold.\n\n"
        "New here? `syncworker demo` shows it at work; `syncworker init` starts your own."
    ),
)
@rich_click.version_option(package_name="syncworker", message="syncworker %(version)s")
def cli() -> None:
    """The program."""


__all__ = ["COMMANDS", "cli", "load"]
