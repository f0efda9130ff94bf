"""What can we sell at? ``connector list``; what one of them is, and an author's own commands, are beside this file."""

from __future__ import annotations

from dataclasses import asdict

import click

from syncworker.interfaces.cli.command import ATTENTION, OK, Group
from syncworker.interfaces.cli.connector_check import check, test
from syncworker.interfaces.cli.connector_info import info
from syncworker.interfaces.cli.connector_new import new
from syncworker.interfaces.cli.connector_try import try_
from syncworker.interfaces.cli.desk import Desk, pass_desk
from syncworker.interfaces.language import N_, _


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

    def show() -> None:
        for one in found:
            desk.say(f"{one.name}  ({one.distribution} {one.version})")
            if one.problem is not None:
                desk.say("  ! " + _("cannot be used: {problem}").format(problem=one.problem))
            for setting in settings[one.name]:
                need = _("needed") if setting["required"] else _("optional")
                desk.say(f"  {setting['name']}  ({need})")

    desk.answer(document, show)
    return ATTENTION if any(one.problem for one in found) else OK


def _settings(name: str) -> list[dict[str, object]]:
    from syncworker.connector import registry

    fields = registry.load(name).settings.model_fields
    return [{"name": key, "required": field.is_required()} for key, field in fields.items()]


connector.add_command(info)
connector.add_command(check)
connector.add_command(test)
connector.add_command(try_, "try")
connector.add_command(new)
