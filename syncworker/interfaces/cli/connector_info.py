"""What is a connector? ``connector info``: what it wants to know, what it can do, and what is assumed where it says nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import Enum
from typing import TYPE_CHECKING

import click

from syncworker.errors import InputError
from syncworker.interfaces.cli.command import OK, Command
from syncworker.interfaces.cli.desk import Desk, pass_desk
from syncworker.interfaces.language import N_, _

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic.fields import FieldInfo

    from syncworker.connector import Capabilities, Channel, Connector


@dataclass(frozen=True, slots=True)
class Setting:
    """One key of ``channels.toml``, for people."""

    name: str
    type: str
    required: bool
    default: str | int | float | bool | None
    help: str


@click.command(
    cls=Command,
    example="connector info marketplace",
    help=N_(
        "What a connector wants to know, what it can do, and what each fact that it leaves undeclared costs.\n\n"
        "Where that depends on the settings, --channel tells of a channel of yours."
    ),
)
@click.argument("name")
@click.option("--channel", metavar="NAME", help=N_("As this channel is configured."))
@pass_desk
def info(desk: Desk, name: str, channel: str | None) -> int:
    """One of them."""
    from syncworker.connector import registry
    from syncworker.connector.costs import COSTS, assumed_values

    found = registry.load(name)
    settings = list(settings_of(found))
    opened = _opened(desk, found, channel)
    declared = None if opened is None else opened.capabilities()
    abilities = _abilities(found, opened)
    undeclared = () if declared is None else declared.assumed()
    assumed = assumed_values()
    document = {
        "connector": name,
        "settings": [asdict(one) for one in settings],
        "abilities": abilities,
        "declared": None if declared is None else _declared(declared),
        "undeclared": [{"fact": one, "assumed": assumed[one], "costs": COSTS[one]} for one in undeclared],
    }

    def show() -> None:
        desk.say(_("Settings:"))
        for one in settings:
            desk.say(
                f"  {one.name}  {one.type}  ({_need(one)})" + (f"\n      {one.help}" if one.help else "")
            )
        if declared is None:
            desk.say(_("What it can do depends on its settings: --channel tells of a channel of yours."))
            return
        desk.say(_("Declared:"))
        for fact, value in _declared(declared).items():
            desk.say(f"  {fact} = {value}")
        desk.say(_("It can also: {abilities}").format(abilities=", ".join(abilities) or "–"))
        desk.say(
            _("Undeclared, what is assumed, and what that costs:")
            if undeclared
            else _("Nothing is undeclared.")
        )
        for fact in undeclared:
            desk.say(f"  {fact} = {assumed[fact]}: " + _(COSTS[fact]))

    desk.answer(document, show)
    return OK


def _declared(declared: Capabilities) -> dict[str, object]:
    return {key: value for key, value in asdict(declared).items() if value is not None}


def _need(setting: Setting) -> str:
    if setting.required:
        return _("needed")
    return (
        _("optional") if setting.default is None else _("{value} unless given").format(value=setting.default)
    )


def settings_of(found: Connector) -> Iterator[Setting]:
    own = found.settings.__annotations__
    # What is a connector's own and needed comes first, what all of them have last.
    for key, field in sorted(
        found.settings.model_fields.items(), key=lambda one: (one[0] not in own, not one[1].is_required())
    ):
        yield _setting(key, field)
        table = _table(field.annotation)
        if table is not None:
            yield from (_setting(f"{key}.{name}", one) for name, one in table.model_fields.items())


def _setting(key: str, field: FieldInfo) -> Setting:
    needed = field.is_required()
    default = None if needed else field.get_default(call_default_factory=True, validated_data={})
    shown = default.value if isinstance(default, Enum) else default
    plain = shown if isinstance(shown, str | int | float | bool) else None
    return Setting(key, _type(field.annotation), needed, plain, field.description or "")


def _table(annotation: object) -> type[BaseModel] | None:
    """The model of a table of settings; ``None`` for a single value."""
    from typing import get_args, get_origin

    from pydantic import BaseModel

    if get_origin(annotation) in (tuple, list, dict):
        return None
    return next(
        (
            one
            for one in (annotation, *get_args(annotation))
            if isinstance(one, type) and issubclass(one, BaseModel)
        ),
        None,
    )


def _type(annotation: object) -> str:
    """The type as a person reads it: the words of a choice, or a plain name."""
    from typing import Literal, get_args, get_origin

    if get_origin(annotation) is Literal:
        return " | ".join(map(str, get_args(annotation)))
    inner = [one for one in get_args(annotation) if one is not type(None)]
    if inner and get_origin(annotation) not in (tuple, list, dict):
        return _type(inner[0])
    if _table(annotation) is not None or (get_origin(annotation) or annotation) is dict:
        return "table"
    if (get_origin(annotation) or annotation) in (tuple, list):
        return "list"
    if not isinstance(annotation, type):
        return str(annotation).replace("typing.", "")
    if issubclass(annotation, Enum):
        return " | ".join(str(one.value) for one in annotation)
    names = {
        "str": "text",
        "bool": "true | false",
        "int": "number",
        "float": "number",
        "Decimal": "number",
        "SecretStr": "secret",
    }
    return names.get(annotation.__name__, annotation.__name__)


def _abilities(found: Connector, opened: Channel | None) -> list[str]:
    from syncworker.connector import (
        AcknowledgesOrders,
        CancelsOrders,
        HearsWebhooks,
        NeedsConsent,
        UpdatesListings,
    )

    channel: object = opened
    able = [
        protocol.__name__
        for protocol in (UpdatesListings, CancelsOrders, AcknowledgesOrders, HearsWebhooks)
        if isinstance(channel, protocol)
    ]
    return [*able, NeedsConsent.__name__] if isinstance(found, NeedsConsent) else able


def _opened(desk: Desk, found: Connector, channel: str | None) -> Channel | None:
    """A channel to ask, which needs no network: as configured, or with made-up settings where those are enough."""
    from syncworker.connector import KeptToken
    from syncworker.connector.workshop import example_channel

    if channel is None:
        return example_channel(found)
    return found.open(channel, _configured(desk, found, channel), KeptToken())


def _configured(desk: Desk, found: Connector, channel: str) -> BaseModel:
    configured = desk.settings().channels.get(channel)
    if configured is None or configured.connector != found.name:
        raise InputError(
            _("There is no channel {channel} with connector {connector}.").format(
                channel=channel, connector=found.name
            )
        )
    return configured.settings
