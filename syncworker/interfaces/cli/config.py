"""Is the configuration right? ``config check``."""

from __future__ import annotations

import click

from syncworker.interfaces.cli.command import OK, Group
from syncworker.interfaces.cli.desk import Desk, pass_desk
from syncworker.interfaces.language import N_, _, ngettext


@click.group(cls=Group, help=N_("What stands in syncworker.toml and channels.toml."))
def config() -> None:
    """The noun."""


@config.command(
    "check",
    example="config check",
    help=N_(
        "Read both files and name every mistake at once: which file, which key, what was found, what is expected. Asks no"
        " channel and opens no ledger.\n\nExit code 2: there are mistakes."
    ),
)
@pass_desk
def check(desk: Desk) -> int:
    """Read, and say what was understood."""
    from syncworker.interfaces.sentences import sentence

    settings = desk.settings()
    channels = [
        {"name": one.name, "connector": one.connector, "location": one.location, "policy": one.policy}
        for one in settings.channels.values()
    ]
    warnings = [sentence(warning) for warning in settings.warnings]
    document = {
        "ok": True,
        "folder": settings.folder,
        "database": _without_password(settings.database_url),
        "embedded": settings.is_embedded,
        "language": settings.language,
        "channels": channels,
        "warnings": warnings,
    }

    def show() -> None:
        desk.say(_("Folder: {folder}").format(folder=settings.folder))
        desk.say(_("Ledger: {database}").format(database=document["database"]))
        count = len(channels)
        text = ngettext("{n} channel: {names}", "{n} channels: {names}", count)
        desk.say(text.format(n=count, names=", ".join(str(one["name"]) for one in channels) or "–"))
        for warning in warnings:
            desk.say("! " + warning)
        desk.say(_("The configuration can be used."))

    desk.answer(document, show)
    return OK


def _without_password(url: str) -> str:
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    return url if parts.password is None else url.replace(f":{parts.password}@", ":…@", 1)
