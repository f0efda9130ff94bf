"""The pages for authors of connectors are true: made from the code, or executed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from syncworker import errors
from syncworker.connector.reference import channels_page, contract_page, quality_table

DOCS = Path(__file__).resolve().parents[2] / "docs" / "connectors"
BLOCK = re.compile(r"```(console|diff|python)\n(.*?)```", re.DOTALL)


def test_the_contract_page_is_made_from_the_code() -> None:
    """If this fails: `python -m syncworker.connector.reference contract > docs/connectors/contract.md`."""
    assert (DOCS / "contract.md").read_text() == contract_page()


def test_the_table_of_checks_is_made_from_the_code() -> None:
    """If this fails: replace the table in docs/connectors/quality.md by `python -m syncworker.connector.reference quality`."""
    assert (DOCS / "quality.md").read_text().endswith(quality_table())


def test_the_table_of_channels_is_made_from_what_they_declare() -> None:
    """If this fails: `python -m syncworker.connector.reference channels > docs/channels/README.md`."""
    assert (DOCS.parent / "channels" / "README.md").read_text() == channels_page()


def test_every_error_has_its_place_in_the_cookbook() -> None:
    page = (DOCS / "errors.md").read_text()
    kinds = [kind.__name__ for kind in errors.ChannelError.__subclasses__()]

    assert [kind for kind in kinds if f"| `{kind}` |" not in page and kind != "AllowanceUsedUpError"] == []


@pytest.mark.timeout(240)
def test_the_tutorial_works_word_by_word(tmp_path: Path) -> None:
    for kind, text in BLOCK.findall((DOCS / "tutorial.md").read_text()):
        if kind == "console":
            for command, wanted in _commands(text):
                _run(command, wanted, tmp_path)
        elif kind == "diff":
            _change(text, tmp_path)
        else:
            target, _, code = text.partition("\n")
            (tmp_path / target.removeprefix("# ")).write_text(code)


def _commands(text: str) -> list[tuple[str, list[str]]]:
    found: list[tuple[str, list[str]]] = []
    for line in text.strip().split("\n"):
        if line.startswith("$ "):
            found.append((line.removeprefix("$ "), []))
        else:
            found[-1][1].append(line.strip())
    return found


def _run(command: str, wanted: list[str], folder: Path) -> None:
    """What the page shows has to be said, in that order."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        command.split(),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": path, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"},
    )
    said, place = done.stdout, 0
    for line in wanted:
        place = said.find(line, place)
        assert place >= 0, f"$ {command}\nwanted: {line}\nsaid:\n{said}\n{done.stderr}"


def _change(text: str, folder: Path) -> None:
    """Lines with a minus are replaced by those with a plus; they stand in the file exactly once."""
    head, *lines = text.rstrip("\n").split("\n")
    file = folder / head.removeprefix("--- ")
    old = "\n".join(line[1:] for line in lines if line.startswith("-"))
    new = "\n".join(line[1:] for line in lines if line.startswith("+"))
    source = file.read_text()
    assert source.count(old) == 1, f"{head}: stands there {source.count(old)} times: {old}"
    file.write_text(source.replace(old, new))
