"""The program's help lists what each command is for, and loads none of them to know it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from syncworker.interfaces.cli.command import first_sentence
from syncworker.interfaces.cli.root import COMMANDS, load
from syncworker.interfaces.cli.summaries import SUMMARIES
from syncworker.interfaces.language import LANGUAGES, _, speak, spoken

LOADED = """
import contextlib, io, json, sys
from syncworker.interfaces.cli import main
sys.argv = ["syncworker", "--help"]
told = io.StringIO()
with contextlib.redirect_stdout(told), contextlib.suppress(SystemExit):
    main()
print(json.dumps([told.getvalue(), sorted(sys.modules)]))
"""


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_summary_is_the_first_sentence_of_the_commands_own_help(language: str) -> None:
    before = spoken()
    speak(language)
    try:
        own = {name: first_sentence(_(load(name).help or "")) for name in COMMANDS}
        assert {name: _(text) for name, text in SUMMARIES.items()} == own
    finally:
        speak(before)


def test_the_help_of_the_program_loads_no_command() -> None:
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)
    told, loaded = json.loads(done.stdout)

    assert all(name in told for name in COMMANDS)
    files = {f"syncworker.interfaces.cli.{where.split(':')[0]}" for where in COMMANDS.values()}
    assert files.isdisjoint(loaded)
