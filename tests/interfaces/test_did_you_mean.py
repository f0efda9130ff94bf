"""Whoever mistypes a SKU, a channel or an incident is told which one is there, by every command that takes one."""

from __future__ import annotations

import pytest

from tests.interfaces.conftest import Shop

SKUS = (
    "explain BIN-BAMBOO",
    "sale add BIN-BAMBOO 1",
    "stock receive BIN-BAMBOO 1",
    "stock set BIN-BAMBOO 1",
    "stock adjust BIN-BAMBOO -1 --reason broken",
    "stock history BIN-BAMBOO",
    "limit set BIN-BAMBOO --channel counter --pause",
    "limit clear BIN-BAMBOO --channel counter",
    "limit set BIN-BAMBOO --safety-stock 2",
    "policy set shared --sku BIN-BAMBOO --yes",
    "policy show BIN-BAMBOO",
    "price set counter BIN-BAMBOO 1000 IDR",
    "price clear counter BIN-BAMBOO",
    "product set BIN-BAMBOO --maker Sari",
    "pool assume counter/BIN-BAMBOO 0 --reason looked",
    "hold create BIN-BAMBOO=1 --for Sari --until 2099-01-01",
)
CHANNELS = (
    "channel show contuer",
    "channel pause contuer",
    "channel resume contuer",
    "channel withdraw contuer",
    "channel remove contuer --yes",
    "channel go-live contuer --yes",
    "limit set BIN-BAMBU --channel contuer --pause",
    "price set contuer BIN-BAMBU 1000 IDR",
    "resync contuer",
    "listing list --channel contuer",
    "listing suggest contuer",
    "listing publish contuer",
    "order show contuer 1",
    "order map contuer 1 BIN-BAMBU",
    "pool assume contuer/BIN-BAMBU 0 --reason looked",
)


@pytest.mark.parametrize(("commands", "meant"), [(SKUS, "BIN-BAMBU"), (CHANNELS, "counter")])
def test_every_command_names_what_was_meant(stocked: Shop, commands: tuple[str, ...], meant: str) -> None:
    said = {typed: stocked.refused(*typed.split()) for typed in commands}

    assert {typed: text for typed, text in said.items() if f"Did you mean {meant}?" not in text} == {}


def test_in_bahasa_indonesia_too(stocked: Shop) -> None:
    assert "counter?" in stocked.refused("--lang", "id", "channel", "pause", "contuer")
    assert "Did you mean" not in stocked.refused("--lang", "id", "channel", "pause", "contuer")


def test_nothing_alike_is_no_guess(stocked: Shop) -> None:
    assert "Known channels: counter" in stocked.refused("channel", "pause", "zzz")
    assert "Did you mean" not in stocked.refused("explain", "ZZZZZZ")
