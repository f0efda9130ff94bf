"""From a configuration to an engine: channels registered, opened, found again when the file changes."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from syncworker.bootstrap import App, build, register_channels, started
from syncworker.connector.contract import Channel
from syncworker.errors import AlreadyRunningError, ChannelMisconfiguredError, ConfigurationError
from syncworker.ledger import channels, incidents, pools, products
from syncworker.ledger.channels import ChannelState
from syncworker.ledger.incidents import IncidentKind
from syncworker.ledger.jobs import JobKind
from syncworker.sandbox.pools import ListingSeed
from syncworker.sandbox.process import Sandbox, start_sandbox
from syncworker.sandbox.setup import ShopSetup
from syncworker.settings import add_channel, load_settings
from syncworker.sync.listings import discover
from tests.business import declared, profile

BIN = products.Product(sku="BIN-BAMBU", title="Tempat sampah bambu")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    seeds = (ListingSeed(sku="BIN-BAMBU", title="Bin", price="85000", quantity=5),)
    setups = [
        ShopSetup(profile=profile("warung", "set"), token="token-warung", listings=seeds),
        ShopSetup(profile=profile("toko", "delta"), token="token-toko", listings=seeds),
    ]
    with start_sandbox(setups) as running:
        yield running


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """``channels.toml`` with a counter."""
    file = tmp_path / "config" / "channels.toml"
    add_channel(file, "stall", "counter", {})
    return file


@pytest.fixture
def app(file: Path) -> Iterator[App]:
    with build(load_settings(file.parent)) as app:
        yield app


def states(app: App) -> dict[str, ChannelState]:
    with app.ledger.snapshot() as tx:
        return {record.name: record.state for record in channels.all_channels(tx)}


def skus_at(app: App, channel: str) -> list[str]:
    with app.ledger.snapshot() as tx:
        return [record.sku for record in pools.of_channel(tx, channel)]


def test_two_channels_of_a_file_reach_their_shops(file: Path, sandbox: Sandbox) -> None:
    add_channel(file, "warung", "marketplace", declared(sandbox.shops["warung"], "set"))
    add_channel(file, "toko", "marketplace", declared(sandbox.shops["toko"], "delta"))

    with build(load_settings(file.parent)) as app:
        registered = register_channels(app)

        assert registered.new == ("stall", "warung", "toko")
        assert [app.context.open_channel(name).check().name for name in ("warung", "toko")] == [
            "warung",
            "toko",
        ]
        assert discover(app.context, "warung") == 1
        assert states(app) == {
            "stall": ChannelState.LIVE,
            "warung": ChannelState.OBSERVING,
            "toko": ChannelState.OBSERVING,
        }


def test_registering_again_changes_nothing_and_takes_over_changed_facts(app: App, file: Path) -> None:
    assert register_channels(app).new == ("stall",)
    assert register_channels(app).new == ()

    file.write_text(
        file.read_text().replace('connector = "counter"', 'connector = "counter"\nlocation = "market"')
    )
    with build(load_settings(file.parent)) as again:
        register_channels(again)
        with again.ledger.snapshot() as tx:
            assert channels.load(tx, "stall").location == "market"


def test_a_counter_gets_a_pool_for_every_product(app: App) -> None:
    register_channels(app)
    app.ledger.run(lambda tx: products.save_products(tx, [BIN]))

    register_channels(app)

    assert skus_at(app, "stall") == ["BIN-BAMBU"]


def test_a_channel_that_left_the_file_is_named_and_can_no_longer_be_opened(app: App, file: Path) -> None:
    register_channels(app)
    file.write_text("")

    with build(load_settings(file.parent)) as without:
        assert register_channels(without).missing == ("stall",)
        with pytest.raises(ChannelMisconfiguredError, match="stands in the ledger but not in"):
            without.context.open_channel("stall")


def test_every_channel_that_cannot_be_opened_is_named_at_once_and_none_is_registered(file: Path) -> None:
    shop = {"base_url": "https://shop.example", "token": "some-token", "rate_limits": ["many"]}
    add_channel(file, "warung", "marketplace", shop)
    add_channel(file, "toko", "marketplace", shop)

    with build(load_settings(file.parent)) as app:
        with pytest.raises(ConfigurationError) as caught:
            register_channels(app)

        assert [problem.split(": ")[1] for problem in caught.value.problems] == [
            "channels.warung",
            "channels.toko",
        ]
        assert states(app) == {}


def test_a_thread_keeps_its_channel_and_shares_it_with_no_other(app: App) -> None:
    mine = app.context.open_channel("stall")
    others: list[Channel] = []
    thread = threading.Thread(target=lambda: others.append(app.context.open_channel("stall")))
    thread.start()
    thread.join()

    assert app.context.open_channel("stall") is mine
    assert others[0] is not mine


def test_a_channel_added_beside_a_running_engine_is_found(app: App, file: Path) -> None:
    with pytest.raises(ChannelMisconfiguredError):
        app.context.open_channel("bazaar")

    add_channel(file, "bazaar", "counter", {"title": "Bazaar"})

    assert app.context.open_channel("bazaar").check().name == "Bazaar"


def test_a_mended_setting_is_taken_over_and_a_broken_file_changes_nothing(app: App, file: Path) -> None:
    before = app.context.open_channel("stall")

    file.write_text("[channels")
    assert app.context.open_channel("stall") is before

    file.write_text('[channels.stall]\nconnector = "counter"\nsettings = { title = "Sunday" }\n')
    assert app.context.open_channel("stall").check().name == "Sunday"


def test_hints_reach_whoever_asked_for_them(app: App) -> None:
    heard: list[tuple[str, JobKind]] = []

    app.with_hint(lambda channel, kind: heard.append((channel, kind))).context.hint("stall", JobKind.PUSH)

    assert heard == [("stall", JobKind.PUSH)]


def test_a_ledger_is_run_by_one_and_free_again_afterwards(app: App) -> None:
    with (
        started(app) as registered,
        build(app.settings) as second,
        pytest.raises(AlreadyRunningError),
        started(second),
    ):
        pass
    assert registered.new == ("stall",)

    with started(app):
        pass


def test_a_restored_backup_opens_an_incident(app: App, tmp_path: Path) -> None:
    ledger = Path(app.settings.database_url.removeprefix("sqlite:///"))
    with started(app):
        pass
    copy = sqlite3.connect(tmp_path / "old.db")
    source = sqlite3.connect(ledger)
    source.backup(copy)
    source.close()
    copy.close()
    with started(app):
        pass
    app.close()
    for name in (ledger, ledger.with_name(f"{ledger.name}-wal"), ledger.with_name(f"{ledger.name}-shm")):
        name.unlink(missing_ok=True)
    (tmp_path / "old.db").replace(ledger)

    with build(app.settings) as restored, started(restored), restored.ledger.snapshot() as tx:
        told = incidents.open_incidents(tx, kind=IncidentKind.RESTORED)

    assert [one.subject for one in told] == ["ledger"]
