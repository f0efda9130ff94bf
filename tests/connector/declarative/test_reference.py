"""Does docs/manifest.md say what the code does?"""

from __future__ import annotations

from pathlib import Path

from syncworker.connector.declarative.reference import MARK, reference, tables

PAGE = Path(__file__).resolve().parents[3] / "docs" / "manifest.md"


def test_the_reference_is_made_from_the_code() -> None:
    """If this fails: replace the page from "## Reference" on by `python -m syncworker.connector.declarative.reference`."""
    text = PAGE.read_text()

    assert text[text.index(MARK) :] == reference()


def test_every_key_has_a_meaning_but_those_that_tell_the_kind_of_a_table() -> None:
    silent = {
        (model.__name__, name)
        for _, model in tables()
        for name, info in model.model_fields.items()
        if not info.description
    }

    assert {name for _, name in silent} <= {"type", "style"}
