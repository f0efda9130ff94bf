"""Is there a shop to try it on? ``sandbox`` serves pretend marketplaces on this computer."""

from __future__ import annotations

import json
from pathlib import Path

import click

from syncworker.errors import InputError
from syncworker.interfaces.cli.command import Command
from syncworker.interfaces.cli.desk import Desk, pass_desk
from syncworker.interfaces.language import N_, _


@click.command(
    cls=Command,
    example="sandbox --port 8700",
    help=N_(
        "Pretend marketplaces over real HTTP, on this computer alone: three shops (one sets numbers, one compares first,"
        " one adds and subtracts), with buyers and faults to order. Try everything on them before you touch a real shop."
        "\n\nPrints each shop's address and token; stop it with Ctrl-C."
    ),
)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help=N_("0 (the default) picks a free one.")
)
@click.option(
    "--shops",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help=N_("Other shops, from a JSON file."),
)
@click.option(
    "--catalogue",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help=N_("Goods of the three shops, from a catalogue file."),
)
@click.option("--seed", type=int, default=0, help=N_("Seed of everything that is left to chance."))
@click.option(
    "--log-dir",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help=N_("Folder for one log a shop."),
)
@pass_desk
def sandbox(
    desk: Desk, port: int, shops: Path | None, catalogue: Path | None, seed: int, log_dir: Path | None
) -> int:
    """Serve until stopped."""
    from syncworker.sandbox.catalogue import load_catalogue
    from syncworker.sandbox.server import serve
    from syncworker.sandbox.setup import builtin_shops, catalogue_listings, load_shops

    try:
        if shops is not None:
            setups = load_shops(shops)
        else:
            setups = builtin_shops(catalogue_listings(load_catalogue(catalogue)) if catalogue else None)
        return serve(
            setups, port=port, seed=seed, log_dir=log_dir, announce=lambda card: _announce(desk, card)
        )
    except ValueError as error:
        raise InputError(_("The shops cannot be opened: {error}").format(error=error)) from error
    except OSError as error:
        raise InputError(
            _("Port {port} cannot be used ({error}). Choose another one with --port.").format(
                port=port, error=error.strerror
            )
        ) from error


def _announce(desk: Desk, card: str) -> None:
    if desk.as_json:
        click.echo(card)
        return
    told = json.loads(card)
    desk.say(_("The shops are open. Stop with Ctrl-C."))
    for name, shop in told["shops"].items():
        desk.say(f"  {name}")
        desk.say("    " + _("address  {url}").format(url=shop["base_url"]))
        desk.say("    " + _("token    {token}").format(token=shop["token"]))
        desk.say("    " + _("control  {url}").format(url=shop["control_url"]))
    first, shop = next(iter(told["shops"].items()))
    desk.say(_("For instance:"))
    desk.say(
        f"  syncworker channel add {first} --connector marketplace --set base_url={shop['base_url']}"
        f" --set token={shop['token']} --set allow_private_network=true"
    )
