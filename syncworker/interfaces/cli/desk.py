"""Where does a command get its engine from, and where does its answer go? One desk a command; no rule of the trade here."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from syncworker.errors import InputError
from syncworker.interfaces.cli.plain import plain
from syncworker.interfaces.cli.typed import arguments_of, command_of
from syncworker.interfaces.language import _, speak, usual

if TYPE_CHECKING:
    from syncworker.bootstrap import App
    from syncworker.ledger.audits import Auditor
    from syncworker.ledger.ledger import Ledger
    from syncworker.settings import Settings

#: Columns of a terminal that does not know how wide it is.
USUAL_WIDTH = 80
#: What `--json` can hold.
Document = Mapping[str, object]


class Desk:
    """What one command works with: the configuration's folder, the engine, the language, and the two ways to answer."""

    def __init__(self) -> None:
        self.folder: Path | None = None
        self.as_json = False
        #: The language asked for by ``--lang``; otherwise the settings and the environment decide.
        self.language: str | None = None
        #: Who does it, where ``--as`` says so; otherwise the settings and the login decide.
        self.actor: str | None = None
        #: Where sentences are gathered instead of being said, line by line.
        self._page: list[str] | None = None
        speak(usual())

    def listen(self, language: str) -> None:
        """The person asked for this language."""
        self.language = language
        speak(language)

    # --- the engine ------------------------------------------------------------------------------------------------

    def settings(self) -> Settings:
        """The configuration, or a ConfigurationError that names every mistake."""
        from dataclasses import replace

        from syncworker.settings import load_settings

        settings = load_settings(self.folder)
        if self.actor is not None:
            settings = replace(settings, actor=self.actor)
        if self.language is None and settings.language is not None:
            speak(settings.language)
        return settings

    @contextmanager
    def app(self, *, changed: bool = False) -> Iterator[App]:
        """The engine with its tables and channels up to date, closed afterwards. Its log tells of breakdowns alone.

        Whatever the block changes in the ledger leaves a row that says who typed what; ``changed`` says that the command
        changes something else, a file for instance, and leaves one in any case.
        """
        from syncworker.bootstrap import build, register_channels
        from syncworker.interfaces.cli.nearest import better_named
        from syncworker.telemetry import configure_logging

        settings = self.settings()
        configure_logging(level="critical", secrets=settings.secrets)
        with build(settings) as app:
            register_channels(app)
            with self.audited(app.ledger, settings) as auditor, better_named(app.ledger):
                if changed:
                    auditor.changed_elsewhere()
                yield app

    @contextmanager
    def audited(self, ledger: Ledger, settings: Settings) -> Iterator[Auditor]:
        """Whatever the block changes in this ledger leaves a row that says who typed what."""
        from syncworker.ledger.audits import audited

        context = click.get_current_context()
        arguments = arguments_of(context, settings.secrets)
        with audited(
            ledger, actor=settings.actor, command=command_of(context), arguments=arguments
        ) as auditor:
            yield auditor

    # --- answers ---------------------------------------------------------------------------------------------------

    def give(self, document: Document) -> None:
        """The answer for programs: one JSON document on standard output; nothing without ``--json``."""
        if self.as_json:
            click.echo(json.dumps(document, default=plain, ensure_ascii=False, indent=2, allow_nan=False))

    def say(self, text: str = "") -> None:
        """The answer for people: on standard output, or on standard error beside ``--json``."""
        if self._page is not None:
            self._page.append(text)
            return
        click.echo(text, err=self.as_json)

    @contextmanager
    def on_page(self) -> Iterator[list[str]]:
        """What is said in the block is gathered there, and not shown."""
        lines: list[str] = []
        self._page = lines
        try:
            yield lines
        finally:
            self._page = None

    def note(self, text: str) -> None:
        """What goes on meanwhile, always on standard error."""
        click.echo(text, err=True)

    def answer(self, document: Document, show: Callable[[], None]) -> None:
        """Either the document, or what ``show`` says."""
        if self.as_json:
            self.give(document)
        else:
            show()

    def confirm(self, question: str, *, yes: bool) -> None:
        """Ask before something hard to undo; refuses where nobody can answer, unless ``--yes`` was given."""
        if yes:
            return
        if self.as_json or not sys.stdin.isatty():
            raise InputError(
                _("{question} Nobody can answer here: add --yes if you mean it.").format(question=question)
            )
        if not click.confirm(question, err=True):
            raise click.Abort


def desk_of(context: click.Context) -> Desk:
    """The desk of this command."""
    return context.ensure_object(Desk)


#: Hands a command its desk as the first argument.
pass_desk = click.make_pass_decorator(Desk, ensure=True)


def width() -> int:
    """Columns of the screen; wide where there is none, so that nothing is cut in a pipe."""
    if sys.stdout.isatty():
        # A terminal that does not know its size says 0.
        return os.get_terminal_size(sys.stdout.fileno()).columns or USUAL_WIDTH
    return 160
