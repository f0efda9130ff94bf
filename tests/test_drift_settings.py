"""What is to be done about drift is read from `channels.toml`, for all channels or for one, and each mistake is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncworker.core.drift import DEFAULTS, DriftClass, DriftPolicy, DriftRules
from syncworker.errors import ConfigurationError
from syncworker.settings import load_settings

COUNTER = '[channels.stall]\nconnector = "counter"\n'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration of its own."""
    monkeypatch.delenv("SYNCWORKER_CONFIG", raising=False)
    return tmp_path


def rules(folder: Path, text: str) -> DriftRules:
    (folder / "channels.toml").write_text(text, encoding="utf-8")
    return load_settings(folder).channels["stall"].drift


def problems(folder: Path, text: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        rules(folder, text)
    return "\n".join(caught.value.problems)


def test_nothing_said_is_as_usual(folder: Path) -> None:
    assert rules(folder, COUNTER) == DriftRules(policies=dict(DEFAULTS), brake_share=30, brake_least=10)


def test_what_holds_for_all_holds_for_one_unless_it_says_otherwise(folder: Path) -> None:
    usual = '[drift]\nedit = "ask"\nmissed_order = "freeze"\nbrake_share = 50\n'
    own = '[channels.stall.drift]\nedit = "freeze"\nbrake_least = 3\n'

    found = rules(folder, usual + COUNTER + own)

    assert found.policy(DriftClass.EDIT) is DriftPolicy.FREEZE
    assert found.policy(DriftClass.MISSED_ORDER) is DriftPolicy.FREEZE
    assert found.policy(DriftClass.MAPPING) is DriftPolicy.ASK
    assert (found.brake_share, found.brake_least) == (50, 3)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ('[drift]\nedit = "maybe"\n', 'drift.edit: found \'maybe\', expected one of "correct", "ask", "freeze"'),
        ("[channels.stall.drift]\nbrake_share = 101\n", "stall.drift.brake_share: found 101, expected a whole number"),
        ("[channels.stall.drift]\nbrake_least = 0\n", "from 1 to"),
        ("[channels.stall.drift]\nbrake_share = true\n", "brake_share"),
        ("[drift]\nedits = 1\n", "edits"),
    ],
)  # fmt: skip
def test_each_mistake_is_named_with_what_was_expected(folder: Path, table: str, words: str) -> None:
    assert words in problems(folder, COUNTER + table)


def test_a_drift_that_is_no_table_is_refused(folder: Path) -> None:
    assert "expected a table" in problems(folder, "drift = 3\n" + COUNTER)
