"""How do the two files change? A channel comes at the end, goes, or gets another policy; every other comment and line stays."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

import tomlkit
from tomlkit import TOMLDocument
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AbstractTable, InlineTable, Table

from syncworker.core.model import PolicyChoice
from syncworker.errors import ConfigurationError, InputError
from syncworker.settings.channels import OPTIONS, ChannelSettings, Findings, read_channel
from syncworker.settings.reading import read_text


def add_channel(path: Path, name: str, connector: str, values: Mapping[str, object]) -> ChannelSettings:
    """Write ``[channels.NAME]`` into the file and return what was understood; the file is made if there is none.

    ``values`` are the channel's own options (location, policy, ...) and its connector's settings, mixed; a secret is
    best given as ``{"env": "NAME"}`` or ``{"file": "path"}``. Checked before anything is written: raises
    ConfigurationError with every mistake, InputError if the name is taken. The file is replaced whole or not at all.
    """
    options = {key: value for key, value in values.items() if key in OPTIONS}
    settings = {key: value for key, value in values.items() if key not in OPTIONS}
    raw: dict[str, object] = {"connector": connector, **options, "settings": settings}
    findings = Findings()
    understood = read_channel(path, name, raw, findings)
    document = _document(path, findings)
    if understood is None or document is None:
        raise ConfigurationError(findings.problems)
    channels = _channels(path, document)
    if name in channels:
        raise InputError(
            f"Channel {name!r} stands in {path} already. Choose another name, or edit that file."
        )
    channels.append(name, _table(connector, options, settings))
    _replace(path, tomlkit.dumps(document))
    return understood


def remove_channel(path: Path, name: str) -> bool:
    """Take ``[channels.NAME]`` out of the file; False, and nothing written, if it is not there."""
    document = _understood(path)
    channels = _channels(path, document)
    if name not in channels:
        return False
    del channels[name]
    _replace(path, tomlkit.dumps(document))
    return True


def set_channel_policy(path: Path, name: str, choice: PolicyChoice | None) -> None:
    """Have the channel's own policy be this one; ``None``: it follows the default. InputError if the file has no such channel."""
    document = _understood(path)
    channels = _channels(path, document)
    if name not in channels:
        raise InputError(f"Channel {name!r} does not stand in {path}. See `syncworker channel list`.")
    table = channels[name]
    if not isinstance(table, AbstractTable | InlineTable):
        raise ConfigurationError([f"{path}: channels.{name} is not a table; expected [channels.{name}]"])
    _set_policy(table, choice)
    _replace(path, tomlkit.dumps(document))


def set_default_policy(path: Path, choice: PolicyChoice | None) -> None:
    """Have this policy be the default of ``syncworker.toml``; ``None``: escrow, as without a word."""
    document = _understood(path)
    _set_policy(document, choice)
    _replace(path, tomlkit.dumps(document))


def _set_policy(table: TOMLDocument | AbstractTable | InlineTable, choice: PolicyChoice | None) -> None:
    below = None if choice is None else choice.escrow_below
    values = {"policy": None if choice is None else choice.policy.value, "escrow_below": below}
    for key, value in values.items():
        if value is None:
            table.pop(key, None)
        else:
            # A key that is there keeps its place; a new one stands before the tables inside.
            table[key] = value


def _understood(path: Path) -> TOMLDocument:
    findings = Findings()
    document = _document(path, findings)
    if document is None:
        raise ConfigurationError(findings.problems)
    return document


def _document(path: Path, findings: Findings) -> TOMLDocument | None:
    text = read_text(path, str(path), findings.problems) if path.exists() else ""
    if text is None:
        return None
    try:
        return tomlkit.parse(text)
    except (TOMLKitError, ValueError, RecursionError) as error:
        findings.problems.append(f"{path}: is not valid TOML: {error}")
        return None


def _channels(path: Path, document: TOMLDocument) -> AbstractTable:
    channels = document.get("channels")
    if channels is None:
        channels = tomlkit.table(is_super_table=True)
        document.append("channels", channels)
        # Read again what was appended: the document hands out its own view of a table.
        channels = document["channels"]
    if not isinstance(channels, AbstractTable):
        raise ConfigurationError([f"{path}: channels is not a table; expected [channels.NAME]"])
    return channels


def _table(connector: str, options: Mapping[str, object], settings: Mapping[str, object]) -> Table:
    table = tomlkit.table()
    for key, value in {"connector": connector, **options}.items():
        table.append(key, tomlkit.item(value))
    if settings:
        inner = tomlkit.table()
        for key, value in settings.items():
            inner.append(key, _item(value))
        table.append("settings", inner)
    return table


def _item(value: object) -> tomlkit.items.Item:
    """A reference to a secret reads best on one line."""
    if not isinstance(value, Mapping):
        return tomlkit.item(value)
    inline = tomlkit.inline_table()
    inline.update(value)
    return inline


def _replace(path: Path, text: str) -> None:
    """Whole or not at all, readable by its owner only if it is new: it may hold a secret."""
    path.parent.mkdir(parents=True, exist_ok=True)
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o600
    handle, fresh = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(fresh).chmod(mode)
        Path(fresh).replace(path)
    except BaseException:
        Path(fresh).unlink(missing_ok=True)
        raise
