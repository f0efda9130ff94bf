"""How does a seller let us into an account? ``channel connect``: a link, what came back from there, and a stored token."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from syncworker.errors import InputError
from syncworker.interfaces.cli.command import OK, Command
from syncworker.interfaces.cli.desk import Desk, pass_desk
from syncworker.interfaces.language import N_, _

if TYPE_CHECKING:
    from syncworker.connector.abilities import NeedsConsent
    from syncworker.connector.auth import Token
    from syncworker.settings import ChannelSettings


@click.command(
    cls=Command,
    example="channel connect tiktok",
    help=N_(
        "Let syncworker into your account, on the channel's own pages.\n\n"
        "Prints a link. Open it, agree, and paste the address that your browser ends at (the page itself may be empty)."
        " The token is stored encrypted, and renewed by itself as long as the channel allows."
    ),
)
@click.argument("name")
@click.option(
    "--redirect-url",
    default="http://127.0.0.1:8765/",
    show_default=True,
    metavar="URL",
    help=N_("Where the channel sends you back: as registered with it."),
)
@click.option("--answer", metavar="TEXT", help=N_("The address or the code, instead of being asked for it."))
@pass_desk
def connect(desk: Desk, name: str, redirect_url: str, answer: str | None) -> int:
    """Link, answer, token."""
    from syncworker.sync import consent

    with desk.app() as app:
        configured = app.settings.channels.get(name)
        if configured is None:
            raise InputError(
                _("Channel {channel} is not in {file}. Add it first: `syncworker channel add`.").format(
                    channel=name, file=app.settings.channels_file
                )
            )
        connector = _connector(configured)
        request = consent.ask(configured.settings, redirect_url)
        link = connector.consent_url(request)
        if answer is None:
            answer = _ask(desk, link)
        token = consent.connect(connector, request, consent.read_answer(answer, request), app.vault.of(name))
    desk.answer(_document(name, token), lambda: _tell(desk, name, token))
    return OK


def _connector(configured: ChannelSettings) -> NeedsConsent:
    from syncworker.connector import registry
    from syncworker.connector.abilities import NeedsConsent

    connector = registry.load(configured.connector, manifest=configured.manifest)
    if not isinstance(connector, NeedsConsent):
        raise InputError(
            _("{channel} needs no consent: what it needs stands in channels.toml.").format(
                channel=configured.name
            )
        )
    return connector


def _ask(desk: Desk, link: str) -> str:
    desk.note(_("Open this link, sign in as the seller, and agree:"))
    desk.note(f"\n  {link}\n")
    answer: str = click.prompt(_("Paste the address your browser ends at, or the code"), err=True)
    return answer


def _document(name: str, token: Token) -> dict[str, object]:
    return {
        "channel": name,
        "connected": True,
        "expires_at": token.expires_at,
        "ends_at": token.refresh_expires_at if token.refresh else token.expires_at,
    }


def _tell(desk: Desk, name: str, token: Token) -> None:
    desk.say("✓ " + _("{channel} is connected.").format(channel=name))
    ends_at = token.refresh_expires_at if token.refresh else token.expires_at
    if ends_at is not None:
        text = _("The consent holds until {moment:%Y-%m-%d}; a week before, an incident reminds you.")
        desk.say("  " + text.format(moment=ends_at))
    desk.say("  " + _("Next: `syncworker channel check {channel}`.").format(channel=name))
