"""Which SKUs and channels does a shell offer? Asked of the ledger itself, and fast: a person waits with a finger on Tab.

Says nothing if the ledger cannot be read: a shell that completes a word must never show an error.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

#: Names that are offered at most.
MOST = 50
_SQLITE = "sqlite:///"
#: Parameter → what it names; of ``name`` and ``names`` only where a command says that they are channels.
KINDS = {
    "sku": "sku",
    "skus": "sku",
    "channel": "channel",
    "pool_name": "pool",
}
_CHANNEL_PARAMETERS = frozenset(("name", "names"))
#: Commands whose ``name`` is a channel that is there already.
_ABOUT_CHANNELS = frozenset(
    f"syncworker.interfaces.cli.{module}"
    for module in (
        "channel",
        "channel_check",
        "channel_connect",
        "channel_live",
        "channel_show",
        "channel_withdraw",
        "resync",
    )
)


class Known(click.ParamType[str]):
    """Text, of which a shell knows what it may be."""

    name = "text"

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: ARG002
        return str(value)

    def shell_complete(
        self,
        ctx: click.Context,
        param: click.Parameter,  # noqa: ARG002 - click's signature
        incomplete: str,
    ) -> list[CompletionItem]:
        """Names of the ledger that begin so."""
        with suppress(Exception):
            return [CompletionItem(name) for name in names(_folder(ctx), self.kind, incomplete)]
        return []


def teach(parameters: list[click.Parameter], module: str) -> None:
    """Let the shell complete those of a command's parameters that name a SKU or a channel."""
    for each in parameters:
        kind = KINDS.get(each.name or "")
        if kind is None and each.name in _CHANNEL_PARAMETERS and module in _ABOUT_CHANNELS:
            kind = "channel"
        if kind is not None and each.type is click.STRING:
            each.type = Known(kind)


def names(folder: Path, kind: str, text: str) -> list[str]:
    """Names in the ledger of this configuration that begin so; a pool's as ``CHANNEL/SKU``."""
    if kind != "pool":
        return _ask(folder, kind, text)
    channel, slash, sku = text.partition("/")
    if not slash:
        return [f"{name}/" for name in _ask(folder, "channel", channel)]
    return [f"{channel}/{name}" for name in _ask(folder, "sku", sku)]


def _ask(folder: Path, kind: str, text: str) -> list[str]:
    url = _database_url(folder)
    if url.startswith(_SQLITE):
        from syncworker.ledger.at_once import names_in_file

        return names_in_file(folder.parent / url.removeprefix(_SQLITE), kind, text, most=MOST)
    from syncworker.ledger import lookup
    from syncworker.ledger.ledger import open_ledger

    ledger = open_ledger(url)
    try:
        with ledger.snapshot() as tx:
            find = lookup.skus_from if kind == "sku" else lookup.channels_from
            return find(tx, text, most=MOST)
    finally:
        ledger.close()


def _folder(context: click.Context) -> Path:
    from syncworker.interfaces.cli.desk import Desk

    desk = context.find_object(Desk)
    named = desk.folder if desk is not None else None
    return (named or Path(os.environ.get("SYNCWORKER_CONFIG") or "config")).absolute()


def _database_url(folder: Path) -> str:
    """As `settings` finds it, without all that checks the rest."""
    import tomllib

    url = os.environ.get("SYNCWORKER_DATABASE_URL")
    file = os.environ.get("SYNCWORKER_DATABASE_URL_FILE")
    if not url and file:
        url = Path(file).read_text(encoding="utf-8").strip()
    main = folder / "syncworker.toml"
    if not url and main.exists():
        table: dict[str, Any] = tomllib.loads(main.read_text(encoding="utf-8"))  # Any: as tomllib has it
        url = str(table.get("database_url") or "")
    return url or f"{_SQLITE}syncworker.db"
