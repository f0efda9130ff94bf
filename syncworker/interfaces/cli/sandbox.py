"""Is there a shop to try it on? ``sandbox`` serves pretend marketplaces on this computer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from syncworker.errors import InputError
from syncworker.interfaces.cli.command import Command
from syncworker.interfaces.cli.desk import Desk, pass_desk
from syncworker.interfaces.cli.pretend import NOTES, commands
from syncworker.interfaces.language import N_, _

if TYPE_CHECKING:
    from syncworker.sandbox.setup import ShopSetup


@click.command(
    cls=Command,
    example="sandbox --port 8700",
    help=N_(
        "Pretend marketplaces over real HTTP, on this computer alone: three shops (one sets numbers, one compares first,"
        " one adds and subtracts), with buyers and faults to order. Try everything on them before you touch a real shop."
        "\n\nWith --speak they speak the wire format of a real platform instead, and are as strict as it is about"
        " signatures, required fields and limits."
        "\n\nPrints how to add each of them as a channel; stop it with Ctrl-C."
    ),
)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help=N_("0 (the default) picks a free one.")
)
@click.option(
    "--speak",
    "dialects",
    multiple=True,
    metavar="PLATFORM",
    help=N_("A shop that speaks like tiktok, shopee, shopify, ...; repeat it for more."),
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
    help=N_("Goods of the shops, from a catalogue file."),
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
    desk: Desk,
    port: int,
    dialects: tuple[str, ...],
    shops: Path | None,
    catalogue: Path | None,
    seed: int,
    log_dir: Path | None,
) -> int:
    """Serve until stopped."""
    from syncworker.sandbox.server import serve

    if dialects and shops is not None:
        raise InputError(_("--speak and --shops exclude each other: a shops file says how each shop speaks."))
    try:
        setups = _setups(dialects, shops, catalogue)
        return serve(
            setups, port=port, seed=seed, log_dir=log_dir, announce=lambda card: _announce(desk, setups, card)
        )
    except ValueError as error:
        raise InputError(_("The shops cannot be opened: {error}").format(error=error)) from error
    except OSError as error:
        raise InputError(
            _("Port {port} cannot be used ({error}). Choose another one with --port.").format(
                port=port, error=error.strerror
            )
        ) from error


def _setups(dialects: tuple[str, ...], shops: Path | None, catalogue: Path | None) -> tuple[ShopSetup, ...]:
    from syncworker.sandbox.catalogue import load_catalogue
    from syncworker.sandbox.platforms import speaking_shops
    from syncworker.sandbox.setup import builtin_shops, catalogue_listings, load_shops

    if shops is not None:
        return load_shops(shops)
    listings = catalogue_listings(load_catalogue(catalogue)) if catalogue else None
    return speaking_shops(dialects, listings) if dialects else builtin_shops(listings)


def _announce(desk: Desk, setups: Sequence[ShopSetup], card: str) -> None:
    if desk.as_json:
        click.echo(card)
        return
    told = json.loads(card)["shops"]
    desk.say(_("The shops are open. Stop with Ctrl-C."))
    for setup in setups:
        name = setup.profile.name
        desk.say("")
        desk.say(f"{name}  ({setup.dialect})")
        if setup.dialect in NOTES:
            desk.say("  " + _(NOTES[setup.dialect]))
        for command in commands(setup, told[name]["base_url"]):
            desk.say(f"  {command}")
        desk.say("  " + _("control  {url}").format(url=told[name]["control_url"]))
    first = setups[0].profile.name
    sku = setups[0].listings[0].sku if setups[0].listings else "SKU"
    desk.say("")
    desk.say(_("Then `syncworker channel check {channel}`. A buyer comes by:").format(channel=first))
    desk.say(
        f"  curl -X POST {told[first]['control_url']}/buy -H 'Content-Type: application/json'"
        f' -d \'{{"sku": "{sku}", "quantity": 1}}\''
    )
