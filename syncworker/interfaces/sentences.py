"""How does an error of the engine read in the person's language? Looked up by its pattern; an unknown one stays English."""

from __future__ import annotations

import re
from functools import cache

from syncworker.interfaces.language import DOMAIN, LOCALES, spoken

#: Marks sentences of the engine in the catalogue: their words in braces are what differs from case to case.
CONTEXT = "engine"
_HOLE = re.compile(r"\{(\w+)\}")


def sentence(text: str) -> str:
    """The engine's sentences, line by line, in the language spoken."""
    if spoken() == "en":
        return text
    return "\n".join(_line(line) for line in text.split("\n"))


def _line(text: str) -> str:
    for pattern, translation in _patterns(spoken()):
        found = pattern.fullmatch(text)
        if found is not None:
            return translation.format_map({name: _line(value) for name, value in found.groupdict().items()})
    return text


@cache
def _patterns(language: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    """Every sentence of the engine as a pattern, those with the most words of their own first."""
    from babel.messages.mofile import read_mo

    path = LOCALES / language / "LC_MESSAGES" / f"{DOMAIN}.mo"
    with path.open("rb") as file:
        catalogue = read_mo(file)
    found = [
        (str(message.id), str(message.string))
        for message in catalogue
        if message.context == CONTEXT and message.string
    ]
    found.sort(key=lambda pair: -len(_HOLE.sub("", pair[0])))
    return tuple((_pattern(template), translation) for template, translation in found)


def _pattern(template: str) -> re.Pattern[str]:
    pieces = _HOLE.split(template)
    text = "".join(
        re.escape(piece) if place % 2 == 0 else f"(?P<{piece}>.*?)" for place, piece in enumerate(pieces)
    )
    return re.compile(text, re.DOTALL)
