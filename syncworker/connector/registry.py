"""Which connectors are installed, and can they be used? Entry points of one group, loaded when asked for.

A plug-in that is broken in any way is listed with its reason and never stops the others.
"""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from pydantic import BaseModel, ValidationError

from syncworker.connector.contract import CONTRACT_VERSION, Connector
from syncworker.errors import ConfigurationError

#: The entry-point group that a connector's distribution names itself in.
GROUP = "syncworker.connectors"


@dataclass(frozen=True, slots=True)
class RegisteredConnector:
    """One connector that some installed distribution offers."""

    name: str
    #: The distribution that brings it, and its version.
    distribution: str
    version: str
    #: Why it cannot be used; ``None`` when it can.
    problem: str | None = None


def available() -> tuple[RegisteredConnector, ...]:
    """Every connector that is offered, by name, the unusable ones with their reason. Imports them all."""
    offers = _offers()
    return tuple(
        _registered(entry, _problem(entry, offers[name])) for name in sorted(offers) for entry in offers[name]
    )


def load(name: str, *, manifest: Path | None = None) -> Connector:
    """The connector of that name; ``ConfigurationError`` says why not, and what there is instead.

    A ``name`` that ends with ``.toml`` is the path of a manifest; ``manifest`` is one whatever the name.
    """
    if manifest is None and name.endswith(".toml"):
        manifest = Path(name)
    if manifest is not None:
        return _described(manifest.resolve(), _changed_at(manifest))
    offers = _offers()
    if name not in offers:
        raise ConfigurationError([_unknown("connector", name, list(offers))])
    entry = offers[name][0]
    problem = _problem(entry, offers[name])
    if problem is not None:
        raise ConfigurationError([f"connector {name!r} cannot be used: {problem}"])
    connector: Connector = entry.load()
    return connector


def validate(connector: Connector, raw: Mapping[str, object]) -> BaseModel:
    """``raw`` as the connector's settings; ``ConfigurationError`` names every mistake at once, and no value."""
    try:
        return connector.settings.model_validate(dict(raw))
    except ValidationError as error:
        mistakes = error.errors(include_url=False, include_input=False, include_context=False)
        problems = [_mistake(connector, one["loc"], one["type"], one["msg"]) for one in mistakes]
    # Outside the handler: pydantic's own text quotes the values, secrets among them.
    raise ConfigurationError(problems)


@cache
def _described(manifest: Path, _changed_at: int) -> Connector:
    from syncworker.connector.declarative import manifest_connector

    return manifest_connector(manifest)


def _changed_at(manifest: Path) -> int:
    """So that a file that was edited is read again."""
    try:
        return manifest.stat().st_mtime_ns
    except OSError:
        return 0


def _offers() -> dict[str, list[EntryPoint]]:
    offers: dict[str, list[EntryPoint]] = defaultdict(list)
    for entry in entry_points(group=GROUP):
        offers[entry.name].append(entry)
    return dict(offers)


def _registered(entry: EntryPoint, problem: str | None) -> RegisteredConnector:
    distribution, version = _origin(entry)
    return RegisteredConnector(entry.name, distribution, version, problem)


def _origin(entry: EntryPoint) -> tuple[str, str]:
    return (entry.dist.name, entry.dist.version) if entry.dist else ("unknown", "")


def _problem(entry: EntryPoint, offers: list[EntryPoint]) -> str | None:
    if len(offers) > 1:
        # Neither is preferred: which one a channel gets must not depend on the order of a search path.
        rivals = " and ".join(sorted(" ".join(_origin(offer)).strip() for offer in offers))
        return f"{len(offers)} distributions offer this name: {rivals}; uninstall all but one"
    try:
        found: object = entry.load()
        return _contract_problem(entry.name, found)
    except (Exception, SystemExit) as error:  # noqa: BLE001  # a stranger's code may raise anything when imported
        return f"{entry.value} cannot be imported: {type(error).__name__}: {error}"


def _contract_problem(name: str, found: object) -> str | None:
    """The first way in which ``found`` is not a connector for this contract."""
    if isinstance(found, type):
        return "its entry point names a class; it has to name an instance"
    version = getattr(found, "contract", None)
    if version != CONTRACT_VERSION:
        return f"it is written for contract {version!r}; this syncworker speaks {CONTRACT_VERSION}"
    if getattr(found, "name", None) != name:
        return f"it calls itself {getattr(found, 'name', None)!r}, its entry point {name!r}"
    if not callable(getattr(found, "open", None)):
        return "it cannot be opened: `open(account, settings)` is missing"
    settings = getattr(found, "settings", None)
    if not (isinstance(settings, type) and issubclass(settings, BaseModel)):
        return "its `settings` are not a pydantic model"
    if settings.model_config.get("extra") != "forbid":
        return "its `settings` accept unknown keys; set model_config = ConfigDict(extra='forbid')"
    return None


def _mistake(connector: Connector, where: tuple[int | str, ...], kind: str, message: str) -> str:
    key = ".".join(str(part) for part in where) or connector.name
    if kind == "extra_forbidden":
        return _unknown("setting", key, list(connector.settings.model_fields))
    if kind == "missing":
        return f"{key}: is missing"
    if kind == "string_type":
        return f"{key}: must be text: write it in quotes"
    wanted = message.removeprefix("Value error, ").replace("Input should be", "must be")
    return f"{key}: {wanted}"


def _unknown(what: str, name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return f"{what} {name!r} is unknown; {hint}there are: {', '.join(sorted(known)) or 'none'}"
