"""A pretend shop calls the real `syncworker webhooks` over real HTTP: its sale is in the books long before the next poll."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from syncworker.ledger import open_ledger, orders, pulls
from syncworker.sandbox.pools import ListingSeed
from syncworker.sandbox.process import Sandbox, start_sandbox
from syncworker.sandbox.profile import ShopProfile
from syncworker.sandbox.setup import ShopSetup
from tests.waiting import await_condition

SYNCWORKER = str(Path(sys.executable).with_name("syncworker"))
#: Opening processes on a busy machine.
START_S = 60.0
#: Far beyond what any of this takes.
POLL_S = 900

CHANNELS = """
[channels.pasar]
connector = "marketplace"

[channels.pasar.settings]
base_url = "{pasar}"
token = "token-pasar"
webhook_secret = "webhook-pasar"
allow_private_network = true
visibility_lag_s = 0
poll_s = {poll}

[channels.woo]
connector = "woocommerce"

[channels.woo.settings]
base_url = "{woo}"
key = "key-woo"
secret = "secret-woo"
webhook_secret = "webhook-woo"
allow_private_network = true
visibility_lag_s = 0
poll_s = {poll}
"""


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    seeds = (ListingSeed(sku="BIN", title="Bin", price="85000", quantity=5),)
    kinds = {"pasar": "marketplace", "woo": "woocommerce"}
    setups = [
        ShopSetup(profile=ShopProfile(name=name), token=f"token-{name}", dialect=kind, listings=seeds)
        for name, kind in kinds.items()
    ]
    with start_sandbox(setups) as running:
        yield running


class Seller:
    """One configuration, and what stands in its books."""

    def __init__(self, folder: Path, sandbox: Sandbox) -> None:
        self.folder = folder
        (folder / "catalogue.csv").write_text("sku,title,on_hand,price,currency\nBIN,Bin,5,85000,IDR\n")
        bases = {name: shop.base_url for name, shop in sandbox.shops.items()}
        (folder / "channels.toml").write_text(CHANNELS.format(**bases, poll=POLL_S))
        # It holds secrets, and is refused where others can read it.
        (folder / "channels.toml").chmod(0o600)
        subprocess.run(self.command("product", "import", "catalogue.csv"), cwd=folder, check=True, capture_output=True)  # fmt: skip
        self.ledger = open_ledger(f"sqlite:///{folder.parent / 'syncworker.db'}")

    def command(self, *arguments: str) -> list[str]:
        return [SYNCWORKER, "--lang", "en", *arguments, "--config", str(self.folder)]

    @contextmanager
    def runs(self, *arguments: str) -> Iterator[None]:
        with (self.folder.parent / f"{arguments[0]}.txt").open("wb") as said:
            process = subprocess.Popen(self.command(*arguments), stdout=said, stderr=said)
            try:
                yield
            finally:
                process.terminate()
                process.wait(20)

    def pulls(self, channel: str) -> int:
        """How many there were."""
        with self.ledger.snapshot() as tx:
            latest = pulls.latest(tx, channel, whole=True)
            return 0 if latest is None else latest.sequence

    def knows(self, channel: str) -> int:
        """Orders in the books."""
        with self.ledger.snapshot() as tx:
            return len(orders.latest(tx, channel=channel))


def answers(port: int) -> bool:
    with socket.socket() as knock:
        return knock.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port: int = held.getsockname()[1]
        return port


def test_a_sale_is_told_sooner_than_the_poll_and_a_forged_call_makes_no_pull(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    folder = tmp_path / "config"
    folder.mkdir()
    seller, port = Seller(folder, sandbox), free_port()
    address = f"http://127.0.0.1:{port}"
    pasar, woo = (sandbox.shops[name].control for name in ("pasar", "woo"))
    for name, control in (("pasar", pasar), ("woo", woo)):
        control.call_at(f"{address}/webhooks/{name}")

    with seller.runs("up"), seller.runs("webhooks", "--port", str(port), "--public-url", address):
        await_condition(lambda: answers(port), START_S, "the webhooks' port")
        await_condition(
            lambda: seller.pulls("pasar") > 0 and seller.pulls("woo") > 0, START_S, "the first pulls"
        )
        before = seller.pulls("pasar")
        pasar.order_faults({"kind": "call_forged", "count": 1})
        pasar.buy("BIN", 1)
        await_condition(lambda: len(pasar.calls()) == 1, 20, "the forged call")

        woo.buy("BIN", 1)
        await_condition(lambda: seller.knows("woo") == 1, 60, "the order whose sale was told")

        # Had the forged call rung, it would have rung first.
        assert [(one["forged"], one["status"]) for one in pasar.calls()] == [(True, 401)]
        assert (seller.knows("pasar"), seller.pulls("pasar")) == (0, before)

        pasar.order_faults({"kind": "call_twice", "count": 1})
        pasar.buy("BIN", 1)
        await_condition(lambda: seller.knows("pasar") == 2, 60, "both orders of the other shop")
        assert [one["status"] for one in pasar.calls()[1:]] == [200, 200]
