"""Which channels exist and how is each reached? ``channels.toml``, each account checked by its connector's own model.

Never opens a channel; a secret's value is in no message.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import UnionType
from typing import Union, get_args, get_origin

from pydantic import BaseModel, SecretStr

from syncworker.connector import registry
from syncworker.connector.contract import Connector
from syncworker.core.drift import DriftRules
from syncworker.core.model import MAX_QUANTITY, Policy, PolicyChoice
from syncworker.core.pricing import PriceRule
from syncworker.errors import ConfigurationError
from syncworker.settings.drift import USUAL as USUAL_DRIFT
from syncworker.settings.drift import read_drift
from syncworker.settings.price import read_price
from syncworker.settings.reading import read_text, shown, unknown_key

#: A channel's name stands in rows, logs and addresses.
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
#: Names by which the books call a person's own entries, and the tick's queue: a channel of that name would be taken for them.
TAKEN = frozenset({"hold", "import", "operator", "sync", "tick", "undo"})
NAME_RULE = "small letters, digits, '-' and '_', at most 40, for instance \"tiktok-id\""
#: Keys that hold for every channel, whatever its connector.
OPTIONS = (
    "connector", "location", "policy", "escrow_below", "counts_open_orders", "allow_private_network", "price", "drift",
    "settings",
)  # fmt: skip
PRIVATE = "allow_private_network"
#: Keys that choose a policy, for a channel or as the default.
POLICY_KEYS = ("policy", "escrow_below")
USUAL_POLICY = PolicyChoice(Policy.ESCROW)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSettings:
    """One ``[channels.NAME]``: what exists and how to reach it. Its state is a row in the ledger."""

    name: str
    connector: str
    #: The file that describes the connector, if it is the seller's own manifest.
    manifest: Path | None = None
    #: Validated by the connector's own model; secrets are ``SecretStr``.
    settings: BaseModel = field(repr=False)
    location: str = "main"
    policy: Policy = Policy.ESCROW
    #: Below so many sellable units policy ``shared`` is ``escrow``.
    escrow_below: int | None = None
    #: Whether the policy stands with the channel itself; otherwise it is the default of ``syncworker.toml``.
    own_policy: bool = False
    #: Whether orders that are open when the channel is connected lower our stock.
    counts_open_orders: bool = True
    #: How its prices follow from the catalogue's; ``None``: they are the same.
    price: PriceRule | None = None
    #: What to do when a number there is not as expected, and where a run stops.
    drift: DriftRules = field(default_factory=DriftRules)


@dataclass(slots=True)
class Findings:
    """What was found on the way: mistakes, advice, and values that must never be shown."""

    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    secrets: set[str] = field(default_factory=set)


def read_channels(
    path: Path,
    table: Mapping[str, object],
    findings: Findings,
    default: PolicyChoice = USUAL_POLICY,
) -> dict[str, ChannelSettings]:
    """Every usable channel of the file by name; what is wrong with the others is added to the findings.

    ``default`` holds where a channel says nothing about its policy.
    """
    for key in table:
        if key not in ("channels", "drift"):
            findings.problems.append(unknown_key(str(path), key, ["channels", "drift"]))
    usual = read_drift(f"{path}: drift", table, findings.problems)
    channels = table.get("channels", {})
    if not isinstance(channels, dict):
        findings.problems.append(
            f"{path}: channels: found {shown(channels)}, expected tables [channels.NAME]"
        )
        return {}
    read = {name: read_channel(path, name, raw, findings, default, usual) for name, raw in channels.items()}
    return {name: channel for name, channel in read.items() if channel is not None}


def read_channel(
    path: Path,
    name: str,
    raw: object,
    findings: Findings,
    default: PolicyChoice = USUAL_POLICY,
    usual: DriftRules = USUAL_DRIFT,
) -> ChannelSettings | None:
    """One ``[channels.NAME]``; ``None`` when anything is wrong with it."""
    before, where = len(findings.problems), f"{path}: channels.{name}"
    if NAME.fullmatch(name) is None:
        findings.problems.append(f"{where}: found the name {shown(name)}, expected {NAME_RULE}")
    if name in TAKEN:
        findings.problems.append(f"{where}: this name means something else here; choose another one")
    if not isinstance(raw, dict):
        findings.problems.append(f"{where}: found {shown(raw)}, expected a table [channels.{name}]")
        return None
    findings.problems += [unknown_key(where, key, OPTIONS) for key in raw if key not in OPTIONS]
    location = _option(where, raw, "location", "main", findings)
    choice = read_policy(where, raw, findings.problems, default)
    counts = _flag(where, raw, "counts_open_orders", findings)
    price = read_price(where, raw, findings.problems)
    drift = read_drift(f"{where}.drift", raw, findings.problems, usual)
    manifest = _manifest(path, raw)
    connector = _connector(where, raw, manifest, findings)
    settings = None if connector is None else _settings(path, where, raw, connector, findings)
    if settings is None or connector is None or len(findings.problems) > before:
        return None
    return ChannelSettings(
        name=name,
        connector=connector.name,
        manifest=manifest,
        settings=settings,
        location=location,
        policy=choice.policy,
        escrow_below=choice.escrow_below,
        own_policy=not raw.keys().isdisjoint(POLICY_KEYS),
        counts_open_orders=True if counts is None else counts,
        price=price,
        drift=drift,
    )


def _option(where: str, raw: Mapping[str, object], key: str, default: str, findings: Findings) -> str:
    value = raw.get(key, default)
    if isinstance(value, str) and NAME.fullmatch(value):
        return value
    findings.problems.append(f"{where}.{key}: found {shown(value)}, expected {NAME_RULE}")
    return default


def read_policy(
    where: str, raw: Mapping[str, object], problems: list[str], default: PolicyChoice
) -> PolicyChoice:
    """``policy`` and ``escrow_below`` of a table; without either the ``default`` holds."""
    if raw.keys().isdisjoint(POLICY_KEYS):
        return default
    value, below = raw.get("policy", default.policy.value), raw.get("escrow_below")
    names = [policy.value for policy in Policy]
    if not isinstance(value, str) or value not in names:
        expected = " or ".join(f'"{name}"' for name in names)
        problems.append(f"{where}.policy: found {shown(value)}, expected {expected}")
        return default
    if below is not None and (
        not isinstance(below, int) or isinstance(below, bool) or not 1 <= below <= MAX_QUANTITY
    ):
        problems.append(
            f"{where}.escrow_below: found {shown(below)}, expected a whole number of units, 1 or more"
        )
        return default
    if below is not None and value != Policy.SHARED.value:
        problems.append(
            f'{where}.escrow_below: counts only with policy = "shared"; take it away, or set the policy'
        )
        return default
    return PolicyChoice(Policy(value), below if isinstance(below, int) else None)


def _flag(where: str, raw: Mapping[str, object], key: str, findings: Findings) -> bool | None:
    value = raw.get(key)
    if value is None or isinstance(value, bool):
        return value
    findings.problems.append(f"{where}.{key}: found {shown(value)}, expected true or false")
    return None


def _manifest(path: Path, raw: Mapping[str, object]) -> Path | None:
    """``connector = "./my-shop.toml"``: a file beside ``channels.toml``."""
    name = raw.get("connector")
    return path.parent / name if isinstance(name, str) and name.endswith(".toml") else None


def _connector(
    where: str, raw: Mapping[str, object], manifest: Path | None, findings: Findings
) -> Connector | None:
    name = raw.get("connector")
    if not isinstance(name, str):
        found = "nothing" if name is None else shown(name)
        findings.problems.append(
            f'{where}.connector: found {found}, expected a connector\'s name, for instance "marketplace"'
        )
        return None
    try:
        return registry.load(name, manifest=manifest)
    except ConfigurationError as error:
        findings.problems += [f"{where}: {problem}" for problem in error.problems]
        return None


def _settings(
    path: Path, where: str, raw: Mapping[str, object], connector: Connector, findings: Findings
) -> BaseModel | None:
    given = raw.get("settings", {})
    if not isinstance(given, dict):
        findings.problems.append(
            f"{where}.settings: found {shown(given)}, expected a table [{where.rpartition(': ')[2]}.settings]"
        )
        return None
    before = len(findings.problems)
    values = _with_private(where, raw, dict(given), connector, findings)
    secret_keys = set(_secret_keys(connector.settings))
    resolved = {
        key: _resolved(path, f"{where}.settings.{key}", value, key in secret_keys, findings)
        for key, value in values.items()
    }
    try:
        model = registry.validate(connector, resolved)
    except ConfigurationError as error:
        findings.problems += [f"{where}.settings: {problem}" for problem in error.problems]
        return None
    return model if len(findings.problems) == before else None


def _with_private(
    where: str,
    raw: Mapping[str, object],
    values: dict[str, object],
    connector: Connector,
    findings: Findings,
) -> dict[str, object]:
    """``allow_private_network`` may stand with the channel's own options; it is the connector that heeds it."""
    allowed = _flag(where, raw, PRIVATE, findings)
    if allowed is None:
        return values
    if PRIVATE not in connector.settings.model_fields:
        findings.problems.append(f"{where}.{PRIVATE}: connector {connector.name!r} does not know it")
    elif values.setdefault(PRIVATE, allowed) != allowed:
        findings.problems.append(f"{where}.{PRIVATE}: stands there twice with different values")
    return values


def _resolved(path: Path, where: str, value: object, is_secret: bool, findings: Findings) -> object:
    """``{ env = "NAME" }`` and ``{ file = "path" }`` are replaced by what they name."""
    if isinstance(value, dict) and len(value) == 1 and set(value) <= {"env", "file"}:
        ((kind, name),) = value.items()
        text = _looked_up(path, where, kind, name, findings)
        if text:
            findings.secrets.add(text)
        # Something in its place, so that the other mistakes are found too.
        return text or "missing"
    if is_secret and isinstance(value, str):
        findings.secrets.add(value)
        findings.warnings.append(
            f'{where}: stands in the file itself; better {{ env = "NAME" }} or {{ file = "path" }}'
        )
    return value


def _looked_up(path: Path, where: str, kind: str, name: object, findings: Findings) -> str | None:
    if not isinstance(name, str) or not name:
        findings.problems.append(f"{where}.{kind}: found {shown(name)}, expected a name in quotes")
        return None
    if kind == "env":
        value = os.environ.get(name)
        if not value:
            findings.problems.append(f"{where}: the environment variable {name} is not set")
        return value or None
    text = read_text(path.parent / name, where, findings.problems)
    if text is not None and not text.strip():
        findings.problems.append(f"{where}: the file {path.parent / name} is empty")
        return None
    return None if text is None else text.strip()


def text_settings(path: Path, connector: str) -> frozenset[str]:
    """Settings of a connector that are text, also where it looks like a number; none of a connector that is unknown.

    ``path`` is the ``channels.toml`` that would name it.
    """
    known = _connector("", {"connector": connector}, _manifest(path, {"connector": connector}), Findings())
    if known is None:
        return frozenset()
    fields = known.settings.model_fields
    return frozenset(name for name, info in fields.items() if _holds(info.annotation, {str, SecretStr}))


def _secret_keys(model: type[BaseModel]) -> Iterator[str]:
    for name, info in model.model_fields.items():
        if _holds(info.annotation, {SecretStr}):
            yield name


def _holds(annotation: object, kinds: set[type]) -> bool:
    if get_origin(annotation) in {Union, UnionType}:
        return any(_holds(one, kinds) for one in get_args(annotation))
    return annotation in kinds
