"""A channel's price rule is read exactly, and every mistake in it is named with what was expected."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from syncworker.core.pricing import PriceRule, Rounding
from syncworker.errors import ConfigurationError
from syncworker.settings import load_settings

COUNTER = '[channels.stall]\nconnector = "counter"\n'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration of its own."""
    monkeypatch.delenv("SYNCWORKER_CONFIG", raising=False)
    return tmp_path


def _write(folder: Path, channels: str) -> None:
    (folder / "channels.toml").write_text(channels, encoding="utf-8")


def _problems_of(folder: Path) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(folder)
    return "\n".join(caught.value.problems)


def test_a_price_rule_is_exact(folder: Path) -> None:
    rule = '[channels.stall.price]\nfactor = "1.05"\nplus = "-250.50"\nround_to = 500\nrounding = "up"\n'
    _write(folder, COUNTER + rule)

    assert load_settings(folder).channels["stall"].price == PriceRule(
        factor=Decimal("1.05"), plus=Decimal("-250.50"), round_to=Decimal(500), rounding=Rounding.UP
    )


def test_without_a_rule_the_prices_are_the_catalogues(folder: Path) -> None:
    _write(folder, COUNTER)

    assert load_settings(folder).channels["stall"].price is None


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("factor = 1.05", 'price.factor: found 1.05, write it in quotes, "1.05", so that it is exact'),
        ('factor = "1,05"', "price.factor: found '1,05', expected an amount in quotes"),
        ("factor = true", "price.factor: found True, expected an amount in quotes"),
        ('factor = "-1"', "price: factor must lie between 0 and"),
        ("round_to = 0", "price: round_to must lie between 0.0001 and"),
        ('rounding = "sideways"', "price.rounding: found 'sideways', expected one of \"up\""),
        ('facto = "1"', "price: 'facto' is unknown; did you mean 'factor'?"),
    ],
)
def test_a_price_rule_that_cannot_be_meant_is_named(folder: Path, line: str, problem: str) -> None:
    _write(folder, f"{COUNTER}[channels.stall.price]\n{line}\n")

    assert problem in _problems_of(folder)


def test_a_price_rule_is_a_table(folder: Path) -> None:
    _write(folder, COUNTER + 'price = "1.05"\n')

    assert "expected a table [channels.stall.price]" in _problems_of(folder)
