"""How is a catalogue kept up to date? ``python -m syncworker.interfaces.locales`` renews the .po files and compiles them.

New sentences come in untranslated, which a test refuses; those that nobody says any more go.
"""

from __future__ import annotations

import io
import sys
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from syncworker.interfaces.language import DOMAIN, LANGUAGES, LOCALES
from syncworker.interfaces.locales.harvest import harvest


def po_file(language: str) -> Path:
    """Where the language's sentences are written by people."""
    return LOCALES / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def read(language: str) -> Catalog:
    """The language's sentences as they stand."""
    path = po_file(language)
    if not path.exists():
        return Catalog(locale=language, domain=DOMAIN)
    with path.open("rb") as file:
        return read_po(file, locale=language, domain=DOMAIN)


def renewed(language: str) -> Catalog:
    """The same with every sentence of today's source, and no other."""
    before, catalogue = read(language), harvest(language)
    for message in catalogue:
        known = before.get(message.id, message.context) if message.id else None
        if known is not None and known.string:
            message.string = known.string
    return catalogue


def compiled(catalogue: Catalog) -> bytes:
    """What the program reads."""
    # Without a date of its own: the same sentences are the same bytes.
    catalogue.creation_date = catalogue.revision_date = datetime(2026, 1, 1, tzinfo=UTC)
    target = io.BytesIO()
    write_mo(target, catalogue)
    return target.getvalue()


def text(catalogue: Catalog) -> bytes:
    """What people read: sorted, and without places or dates, so that it changes only when a sentence does."""
    target = io.BytesIO()
    write_po(target, catalogue, sort_output=True, no_location=True, omit_header=True, width=110)
    header = f'msgid ""\nmsgstr ""\n"Language: {catalogue.locale}\\n"\n'
    header += '"Content-Type: text/plain; charset=utf-8\\n"\n'
    header += f'"Plural-Forms: {catalogue.plural_forms}\\n"\n\n'
    return header.encode() + target.getvalue()


def untranslated(catalogue: Catalog) -> list[str]:
    """Sentences that still have no words in the language."""
    return [str(message.id) for message in catalogue if message.id and not _is_said(message.string)]


def _is_said(string: object) -> bool:
    return all(string) if isinstance(string, tuple | list) else bool(string)


def main() -> int:
    """Renew every language but English; 1 while something is untranslated."""
    missing = 0
    for language in LANGUAGES[1:]:
        catalogue = renewed(language)
        path = po_file(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text(catalogue))
        path.with_suffix(".mo").write_bytes(compiled(read(language)))
        for sentence in untranslated(catalogue):
            missing += 1
            sys.stderr.write(f"{language}: not translated: {sentence}\n")
    return 1 if missing else 0


if __name__ == "__main__":
    raise SystemExit(main())
