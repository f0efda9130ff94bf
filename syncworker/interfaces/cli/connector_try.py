"""What does a channel answer, word for word? ``connector try`` makes one call that changes nothing, and shows its trace."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from syncworker.errors import ChannelError, InputError
from syncworker.interfaces.cli.command import FAILED, OK, Command
from syncworker.interfaces.cli.desk import Desk, pass_desk
from syncworker.interfaces.language import N_, _

if TYPE_CHECKING:
    from syncworker.connector import Channel
    from syncworker.connector.tape import Tape

#: The most of an answer's body that is shown.
_SHOWN = 1500


@click.command(
    cls=Command,
    example="connector try marketplace orders --channel toko --record orders.json",
    help=N_(
        "One call of a channel, its meaning and its trace without secrets and buyers. OPERATION is check, listings, orders"
        " or read. It changes nothing there: numbers are sent by the engine alone.\n\n"
        "--record keeps the answers in a file that tests can replay."
    ),
)
@click.argument("name")
@click.argument("operation", type=click.Choice(["check", "listings", "orders", "read"]))
@click.option("--channel", required=True, metavar="NAME", help=N_("The configured channel to call."))
@click.option("--feed", metavar="NAME", help=N_("Which feed of orders (the first unless given)."))
@click.option(
    "--hours",
    type=click.IntRange(1),
    default=24,
    help=N_("Orders changed in the last so many hours (24 unless given)."),
)
@click.option(
    "--pool", "pools", multiple=True, metavar="KEY", help=N_("A number to read back; repeat it for more.")
)
@click.option(
    "--record",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help=N_("Keep the answers in this file."),
)
@pass_desk
def try_(
    desk: Desk,
    name: str,
    operation: str,
    channel: str,
    feed: str | None,
    hours: int,
    pools: tuple[str, ...],
    record: Path | None,
) -> int:
    """Call it."""
    from syncworker.connector.tape import recording

    configured = desk.settings().channels.get(channel)
    if configured is None or configured.connector != name:
        raise InputError(
            _("There is no channel {channel} with connector {connector}.").format(
                channel=channel, connector=name
            )
        )
    if operation == "read" and not pools:
        raise InputError(
            _(
                "Which number? Name a pool with --pool KEY; `connector try {name} listings` shows them."
            ).format(name=name)
        )
    with desk.app() as app:
        port = app.context.open_channel(channel)
        acts: Mapping[str, Callable[[], object]] = {
            "check": port.check,
            "listings": lambda: port.list_listings(cursor=None),
            "orders": lambda: _orders(port, feed, hours),
            "read": lambda: list(port.read_quantities(pools)),
        }
        with recording(record) as tape:
            meant, error = _called(acts[operation])
    _answer(desk, meant, error, tape)
    return OK if error is None else FAILED


def _orders(port: Channel, feed: str | None, hours: int) -> object:
    feeds = port.capabilities().feeds
    if not feeds or (feed is not None and feed not in feeds):
        raise InputError(_("It has no such feed; there are: {feeds}").format(feeds=", ".join(feeds) or "–"))
    return port.list_orders(feed or feeds[0], since=datetime.now(UTC) - timedelta(hours=hours), cursor=None)


def _called(act: Callable[[], object]) -> tuple[object, ChannelError | None]:
    try:
        return act(), None
    except ChannelError as error:
        return None, error


def _answer(desk: Desk, meant: object, error: ChannelError | None, tape: Tape) -> None:
    from syncworker.interfaces.cli.paper import harmless
    from syncworker.interfaces.sentences import channel_sentence

    problem = None if error is None else {"kind": type(error).__name__, "message": channel_sentence(error)}
    calls = [asdict(one) for one in tape.calls]
    document = {"meaning": None if meant is None else repr(meant), "error": problem, "calls": calls}

    def show() -> None:
        for one in tape.calls:
            query = "&".join(f"{key}={value}" for key, value in one.query)
            desk.say(harmless(f"{one.method} {one.path}{'?' if query else ''}{query}"))
            told = (
                one.status
                if one.status is not None
                else _("no answer ({problem})").format(problem=one.problem)
            )
            desk.say(f"  → {told}, {one.ms} ms")
            if one.body is not None:
                desk.say("  " + harmless(json.dumps(one.body, ensure_ascii=False))[:_SHOWN])
        if problem is not None:
            desk.say(f"✗ {problem['kind']}: {harmless(problem['message'])}")
            return
        desk.say(_("It means:"))
        desk.say("  " + harmless(repr(meant)))

    desk.answer(document, show)
