"""What was typed, as the books may keep it? The command's name and what it was given, with every secret cut out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping

import click

from syncworker.interfaces.cli.plain import plain

#: Stands where a secret stood.
HIDDEN = "[redacted]"
#: A list longer than this is cut; how many there were is kept.
LONGEST_LIST = 50
#: A text longer than this is cut.
LONGEST_TEXT = 500
#: What a person pastes to connect an account holds a code that opens it.
_SECRET_PARAMETERS = frozenset({"answer"})
_PAIR = re.compile(r"(?P<key>[A-Za-z0-9_.-]+)=(?P<value>.*)", re.DOTALL)
#: Options whose values only name where a secret is.
_NAMES_ALONE = frozenset({"secrets"})


def command_of(context: click.Context) -> str:
    """``stock set``: the command without the program's name."""
    return context.command_path.partition(" ")[2] or context.command_path


def arguments_of(context: click.Context, secrets: Iterable[str]) -> dict[str, object]:
    """What was given, by parameter; defaults are left out, and so is every secret."""
    known = sorted((secret for secret in secrets if secret), key=len, reverse=True)
    given = {name: value for name, value in context.params.items() if _was_given(context, name)}
    document: Mapping[str, object] = json.loads(json.dumps(given, default=plain))
    return {name: _safe(name, value, known) for name, value in document.items()}


def _was_given(context: click.Context, name: str) -> bool:
    return context.get_parameter_source(name) not in (
        click.core.ParameterSource.DEFAULT,
        click.core.ParameterSource.DEFAULT_MAP,
        None,
    )


def _safe(name: str, value: object, secrets: Iterable[str]) -> object:
    if isinstance(value, list):
        kept = [_safe(name, each, secrets) for each in value[:LONGEST_LIST]]
        return kept if len(value) <= LONGEST_LIST else [*kept, f"… ({len(value)})"]
    if not isinstance(value, str):
        return value
    if name in _SECRET_PARAMETERS:
        return HIDDEN
    return _text(name, value, secrets)


def _text(name: str, value: str, secrets: Iterable[str]) -> str:
    from syncworker.telemetry import SECRET_KEY

    pair = _PAIR.fullmatch(value)
    if pair is not None and name not in _NAMES_ALONE and SECRET_KEY.search(pair["key"]):
        return f"{pair['key']}={HIDDEN}"
    for secret in secrets:
        value = value.replace(secret, HIDDEN)
    return value if len(value) <= LONGEST_TEXT else value[:LONGEST_TEXT] + "…"
