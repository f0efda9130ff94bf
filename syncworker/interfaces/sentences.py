"""How does an error of the engine read in the person's language? Looked up by its pattern; an unknown one stays English."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from syncworker.errors import (
    ChannelError,
    ChannelMisconfiguredError,
    MalformedAnswerError,
    OutcomeUnknownError,
    RequestRefusedError,
    RetryLaterError,
)
from syncworker.interfaces.language import DOMAIN, LOCALES, N_, _, spoken

#: Marks sentences of the engine in the catalogue: their words in braces are what differs from case to case.
CONTEXT = "engine"
_HOLE = re.compile(r"\{(\w+)\}")


def sentence(text: str) -> str:
    """The engine's sentences, line by line, in the language spoken."""
    if spoken() == "en":
        return text
    return "\n".join(_line(line) for line in text.split("\n"))


@contextmanager
def at_channel(name: str) -> Iterator[None]:
    """Whatever the channel raises inside carries its name to the sentence."""
    try:
        yield
    except ChannelError as error:
        error.add_note(name)
        raise


def channel_sentence(error: ChannelError) -> str:
    """What went wrong at a channel, where, and what a person can do about it."""
    said = sentence(str(error)).rstrip(".")
    name = "".join(f"{note}: " for note in getattr(error, "__notes__", ()))
    if isinstance(error, MalformedAnswerError):
        said = _("its answer cannot be read ({problem})").format(problem=said)
    step = next((_(text) for kind, text in _STEPS.items() if isinstance(error, kind)), "")
    return f"{name}{said}. {step}".rstrip()


_STEPS: dict[type[ChannelError], str] = {
    RetryLaterError: N_("Is it up, and can this computer reach it? It is tried again by itself."),
    MalformedAnswerError: N_("Does base_url lead to its API, and not to a page for people?"),
    ChannelMisconfiguredError: N_(
        "Mend it in channels.toml or at the channel, then `syncworker channel check`."
    ),
    OutcomeUnknownError: N_("Nothing is sent there again before its number is read back."),
    RequestRefusedError: N_("Nothing was changed there. Ask its support if the words do not help."),
}


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
        # Babel hands contexts out as the bytes that it read.
        if message.context in (CONTEXT, CONTEXT.encode()) and message.string
    ]
    found.sort(key=lambda pair: -len(_HOLE.sub("", pair[0])))
    return tuple((_pattern(template), translation) for template, translation in found)


def _pattern(template: str) -> re.Pattern[str]:
    pieces = _HOLE.split(template)
    text = "".join(
        re.escape(piece) if place % 2 == 0 else f"(?P<{piece}>.*?)" for place, piece in enumerate(pieces)
    )
    return re.compile(text, re.DOTALL)
