"""How does a channel come? ``channel add`` writes it into channels.toml, checked by its connector first."""

from __future__ import annotations

import tomllib

import click

from syncworker.errors import InputError
from syncworker.interfaces.cli.command import OK, Command
from syncworker.interfaces.cli.desk import Desk, pass_desk
from syncworker.interfaces.language import N_, _


@click.command(
    cls=Command,
    example="channel add toko --connector marketplace --set base_url=https://shop.example/v1 --secret token=TOKO_TOKEN",
    help=N_(
        "Add a channel to channels.toml; your comments there stay. It is only observed at first: nothing is sent.\n\n"
        "`syncworker connector list` shows which connectors there are and what each wants to know. Secrets are best kept"
        " out of the file: --secret names the environment variable that holds one."
    ),
)
@click.argument("name")
@click.option("--connector", required=True, metavar="NAME", help=N_("Which connector reaches it."))
@click.option(
    "--set",
    "pairs",
    multiple=True,
    metavar="KEY=VALUE",
    help=N_("A setting of the channel; repeat it for more."),
)
@click.option(
    "--secret",
    "secrets",
    multiple=True,
    metavar="KEY=VARIABLE",
    help=N_("A secret setting, and the environment variable that holds it."),
)
@click.option("--location", metavar="NAME", help=N_("From which location it sells (main unless given)."))
@click.option(
    "--policy",
    type=click.Choice(["escrow", "shared"]),
    help=N_("escrow never oversells; shared shows all stock everywhere and risks it."),
)
@click.option(
    "--counts-open-orders/--ignores-open-orders",
    default=None,
    help=N_("Whether your count still holds the goods of orders that are open there now (the default)."),
)
@pass_desk
def add(
    desk: Desk,
    name: str,
    connector: str,
    pairs: tuple[str, ...],
    secrets: tuple[str, ...],
    location: str | None,
    policy: str | None,
    counts_open_orders: bool | None,
) -> int:
    """A line in channels.toml, a row in the ledger."""
    from syncworker.interfaces.sentences import sentence
    from syncworker.settings import CHANNELS_FILE, add_channel, text_settings

    file = desk.settings().folder / CHANNELS_FILE
    texts = text_settings(file, connector)
    values: dict[str, object] = dict(_pair(pair, "--set", texts) for pair in pairs)
    values.update(
        {key: {"env": str(variable)} for key, variable in (_split(pair, "--secret") for pair in secrets)}
    )
    options = {"location": location, "policy": policy, "counts_open_orders": counts_open_orders}
    values.update({key: value for key, value in options.items() if value is not None})
    add_channel(file, name, connector, values)
    with desk.app(changed=True) as app, app.ledger.snapshot() as tx:
        from syncworker.ledger.channels import load

        state = load(tx, name).state
        warnings = [one for one in app.settings.warnings if f"channels.{name}." in one]
    for warning in warnings:
        desk.note("! " + sentence(warning))
    document = {"channel": name, "connector": connector, "state": state, "file": file}
    desk.answer(document, lambda: _tell(desk, name, state.value, policy))
    return OK


def _tell(desk: Desk, name: str, state: str, policy: str | None) -> None:
    desk.say(_("{channel} was added to channels.toml.").format(channel=name))
    if policy == "shared":
        desk.say(
            _(
                "Policy shared shows all stock at every channel: with three shops and one piece of a kind, it is sold twice"
                " about one time in four. Escrow never does that."
            )
        )
    if state == "observing":
        desk.say(
            _("It is only observed for now. Next: `syncworker channel check {channel}`.").format(channel=name)
        )
    else:
        desk.say(_("It is live: type in its sales with `syncworker sale add`."))


def _pair(text: str, option: str, texts: frozenset[str]) -> tuple[str, object]:
    """``key=value``; numbers, true and false, and lists as TOML writes them, everything else as text."""
    key, value = _split(text, option)
    if key in texts and not value.startswith(("{", '"', "'")):
        return key, value
    try:
        return key, tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return key, value


def _split(text: str, option: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key.strip() or not value.strip():
        raise InputError(
            _(
                "{option} {text} cannot be read. Write KEY=VALUE, for instance base_url=https://shop.example/v1."
            ).format(option=option, text=repr(text))
        )
    return key.strip(), value.strip()
