"""An author's commands: what a connector is, whether it is sound, how far it is proven, and what a channel answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from syncworker.connector.costs import COSTS, assumed_values
from syncworker.sandbox.pools import ListingSeed
from syncworker.sandbox.process import ShopAddress, start_sandbox
from syncworker.sandbox.profile import ShopProfile
from syncworker.sandbox.setup import ShopSetup
from tests.interfaces.conftest import Shop

TOKEN = "5e2d-token-of-the-author"


@pytest.fixture(scope="module")
def toko() -> Iterator[ShopAddress]:
    seeds = tuple(ListingSeed(sku=f"BIN-{n}", price="1000", quantity=9) for n in range(3))
    with start_sandbox([ShopSetup(profile=ShopProfile(name="toko"), token=TOKEN, listings=seeds)]) as sandbox:
        address = sandbox.shops["toko"]
        address.control.buy("BIN-1", 2, "Siti Aminah")
        yield address


def added(shop: Shop, toko: ShopAddress) -> Shop:
    settings = (f"base_url={toko.base_url}", f"token={TOKEN}", "allow_private_network=true")
    pairs = [word for pair in settings for word in ("--set", pair)]
    shop.ok("channel", "add", "toko", "--connector", "marketplace", *pairs)
    return shop


def test_every_fact_that_can_be_left_out_says_what_that_costs() -> None:
    assert set(assumed_values()) == set(COSTS)


def test_info_tells_settings_abilities_and_costs(shop: Shop) -> None:
    told = shop.ok("connector", "info", "marketplace")
    document = shop.json("connector", "info", "marketplace")

    assert "token  secret  (needed)" in told
    assert f"visibility_lag_s = 120.0: {COSTS['visibility_lag_s']}" in told
    assert document["undeclared"]
    assert "Nothing is undeclared." in shop.ok("connector", "info", "counter")


def test_info_follows_a_channels_settings(shop: Shop, toko: ShopAddress) -> None:
    added(shop, toko)

    document = shop.json("connector", "info", "marketplace", "--channel", "toko")

    declared = document["declared"]
    assert isinstance(declared, dict)
    assert declared["mode"] == "set"
    assert "no channel toko" in shop.refused("connector", "info", "counter", "--channel", "toko")


def test_check_names_every_mistake_of_a_folder(shop: Shop, tmp_path: Path) -> None:
    shop.ok("connector", "new", "kedai", "--kind", "python", "--auth", "api_key", "--into", str(tmp_path))
    folder = tmp_path / "syncworker-kedai"
    sound = shop.ok("connector", "check", str(folder))
    auth = folder / "syncworker_kedai" / "auth.py"
    text = auth.read_text().replace("api_key: SecretStr", "api_key: str")
    auth.write_text(text + "\nfrom syncworker import errors\n\n__all__ = ['errors']\n")

    broken = shop.run("connector", "check", str(folder))

    assert "✓ kedai" in sound
    assert broken.exit_code == 1
    assert "imports syncworker.errors" in broken.stdout
    assert "api_key sounds like a secret" in broken.stdout


def test_check_knows_installed_connectors_and_refuses_strangers(shop: Shop) -> None:
    assert "✓ counter" in shop.ok("connector", "check", "counter")
    assert "unknown" in shop.refused("connector", "check", "no-such-thing")


def test_a_new_folder_is_put_to_the_test(shop: Shop, tmp_path: Path) -> None:
    shop.ok("connector", "new", "kedai", "--into", str(tmp_path))
    folder = str(tmp_path / "syncworker-kedai")

    told = shop.ok("connector", "test", folder, "--only", "plan-again", "--only", "webhooks")
    document = shop.json("connector", "test", folder, "--only", "contract")

    assert "far_side: –; 1 of 2 checks passed" in told
    assert "nothing to prove: webhooks (gold): it hears no webhooks" in told
    assert json.dumps(document).count('"passed"') == 1
    assert "no check sparkle" in shop.refused("connector", "test", folder, "--only", "sparkle")
    assert "no conformance_bench.py" in shop.refused("connector", "test", str(shop.folder))


def test_a_call_is_shown_without_secret_and_buyer_and_recorded(
    shop: Shop, toko: ShopAddress, tmp_path: Path
) -> None:
    added(shop, toko)
    file = tmp_path / "orders.json"

    told = shop.ok("connector", "try", "marketplace", "orders", "--channel", "toko", "--record", str(file))
    document = shop.json("connector", "try", "marketplace", "listings", "--channel", "toko")

    assert "GET /toko/v1/orders?" in told
    assert "→ 200" in told
    assert "ordered=2" in told
    assert "Siti" not in told + file.read_text()
    assert TOKEN not in told + file.read_text() + json.dumps(document)
    assert len(json.loads(file.read_text())["calls"]) == 1


def test_a_call_that_fails_says_why(shop: Shop, toko: ShopAddress) -> None:
    added(shop, toko)
    toko.control.order_faults({"kind": "unauthorized"})
    try:
        failed = shop.run("connector", "try", "marketplace", "check", "--channel", "toko")
    finally:
        toko.control.clear_faults()

    assert failed.exit_code == 1
    assert "→ 401" in failed.stdout
    assert "ChannelMisconfiguredError" in failed.stdout
    assert "Name a pool" in shop.refused("connector", "try", "marketplace", "read", "--channel", "toko")
