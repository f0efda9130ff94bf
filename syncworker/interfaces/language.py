"""In which language is a person spoken to? Marks and looks up every sentence; formats no number and prints nothing."""

from __future__ import annotations

import gettext as _gettext
import os
from pathlib import Path

LOCALES = Path(__file__).with_name("locales")
DOMAIN = "syncworker"
#: English is what the code is written in; the others have a catalogue.
LANGUAGES = ("en", "id")
#: Where POSIX says what a person speaks, strongest first.
_ENVIRONMENT = ("LC_ALL", "LC_MESSAGES", "LANG")


class _Speech:
    """What is spoken now: one process speaks to one person."""

    language = "en"
    catalogue: _gettext.NullTranslations = _gettext.NullTranslations()


def speak(language: str) -> None:
    """From now on speak this language; one that nobody translated is English."""
    _Speech.language = language if language in LANGUAGES else "en"
    _Speech.catalogue = _gettext.translation(
        DOMAIN, localedir=LOCALES, languages=[_Speech.language], fallback=True
    )
    # click asks the process's own catalogue for the few sentences that it says itself.
    _gettext.textdomain(DOMAIN)
    _gettext.bindtextdomain(DOMAIN, str(LOCALES))
    os.environ["LANGUAGE"] = _Speech.language


def spoken() -> str:
    """The language spoken now."""
    return _Speech.language


def usual() -> str:
    """What the person's environment asks for, English if nothing we speak."""
    for name in _ENVIRONMENT:
        value = os.environ.get(name, "")
        if value:
            return "id" if value.lower().startswith(("id_", "id.", "id-")) or value.lower() == "id" else "en"
    return "en"


def _(message: str) -> str:
    """The sentence in the language spoken now."""
    return _Speech.catalogue.gettext(message) if message else ""


def ngettext(one: str, many: str, number: int) -> str:
    """As :func:`_`, by number."""
    return _Speech.catalogue.ngettext(one, many, number)


def N_(message: str) -> str:  # noqa: N802 - the name that every gettext tool knows
    """Mark a sentence that is looked up later, by ``_``."""
    return message
