"""What can we sell at? ``connector list``; what one of them is, and an author's own commands, are beside this file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from syncworker.interfaces.cli.command import ATTENTION, OK, Group
from syncworker.interfaces.cli.connector_check import check, test
from syncworker.interfaces.cli.connector_info import info
from syncworker.interfaces.cli.connector_new import new
from syncworker.interfaces.cli.connector_try import try_
from syncworker.interfaces.cli.desk import Desk, pass_desk
from syncworker.interfaces.language import N_, _

if TYPE_CHECKING:
    from syncworker.connector.registry import RegisteredConnector


@click.group(cls=Group, help=N_("The code for one platform each; a package of anybody's can bring one."))
def connector() -> None:
    """The noun."""


@connector.command(
    "list",
    example="connector list",
    help=N_(
        "The connectors that are installed and what each wants to know. Exit code 4: one of them cannot be used."
    ),
)
@pass_desk
def list_(desk: Desk) -> int:
    """All of them."""
    from syncworker.connector import registry

    found = registry.available()
    settings = {one.name: _settings(one.name) if one.problem is None else [] for one in found}
    document = {"connectors": [{**asdict(one), "settings": settings[one.name]} for one in found]}
    wide = max((len(one.name) for one in found), default=0)

    def show() -> None:
        for one in found:
            ours = one.distribution == "syncworker"
            origin = "" if ours else f"  ({one.distribution} {one.version})"
            desk.say(f"{one.name:<{wide}}  " + _told(one, settings[one.name]) + origin)
        desk.say(_("What one can do, and every setting: syncworker connector info NAME"))

    desk.answer(document, show)
    return ATTENTION if any(one.problem for one in found) else OK


def _told(one: RegisteredConnector, settings: Sequence[dict[str, object]]) -> str:
    """What nobody can leave out, for the rest has a value of its own."""
    if one.problem is not None:
        return "! " + _("cannot be used: {problem}").format(problem=one.problem)
    needed = [str(each["name"]) for each in settings if each["required"]]
    if not needed:
        return _("needs nothing")
    return _("needs {settings}").format(settings=", ".join(needed))


def _settings(name: str) -> list[dict[str, object]]:
    from syncworker.connector import registry

    fields = registry.load(name).settings.model_fields
    return [{"name": key, "required": field.is_required()} for key, field in fields.items()]


connector.add_command(info)
connector.add_command(check)
connector.add_command(test)
connector.add_command(try_, "try")
connector.add_command(new)
