"""What Prometheus reads: figures from the ledger, also while something is broken, and on this computer alone."""

from __future__ import annotations

import socket
import urllib.request
from collections.abc import Iterator

import pytest
from prometheus_client.parser import text_string_to_metric_families

from syncworker.bootstrap import App
from syncworker.connector import pace, usage
from syncworker.connector.pace import Pace, share_rate_limits
from syncworker.connector.slots import ProcessSlots
from syncworker.errors import ConfigurationError
from syncworker.ledger import heartbeats
from syncworker.ledger.heartbeats import Sign
from syncworker.settings import load_settings
from syncworker.tasks.metrics import metrics, serve, serving
from tests.servers import free_port

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.fixture(autouse=True)
def own_count(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(pace, "_alone", ProcessSlots())
    yield
    share_rate_limits(None)


def scraped(app: App) -> Samples:
    port = free_port()
    stop = serve("127.0.0.1", port, app.ledger)
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            text = answer.read().decode()
    finally:
        stop()
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def key(name: str, **labels: str) -> tuple[str, frozenset[tuple[str, str]]]:
    return f"syncworker_{name}", frozenset(labels.items())


def test_a_scrape_tells_everything_that_alerts_are_built_on(app: App) -> None:
    app.ledger.run(lambda tx: heartbeats.give(tx, Sign.TICK, name="tick", host="den"))
    app.ledger.run(lambda tx: heartbeats.give(tx, Sign.WORKER, name="worker-1@den", host="den"))
    with Pace("stall", ("10/second", "1000/hour")).turn():
        found = scraped(app)

    assert found[key("up")] == 1
    assert found[key("workers")] == 1
    assert found[key("tick_age_seconds")] < 60
    assert found[key("oversold_units")] == 0
    assert found[key("incidents_open", kind="oversold")] == 0
    assert found[key("channel_exposure_units", channel="stall")] == 0
    assert found[key("oldest_unsent_seconds", channel="stall")] == 0
    assert found[key("quota_calls", account="stall", allowance="1000-3600", state="used")] == 1
    assert found[key("quota_calls", account="stall", allowance="1000-3600", state="left")] == 999


def test_a_ledger_that_is_away_is_told_and_ends_nothing(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    def boom(*_: object) -> None:
        raise ConnectionError("nobody there")

    monkeypatch.setattr(type(app.ledger), "run", boom)

    assert scraped(app)[key("up")] == 0


def test_calls_that_all_workers_share_are_read_where_they_are_counted(redis_url: str) -> None:
    share_rate_limits(redis_url)
    account = f"toko:{free_port()}"
    paced = Pace(account, ("3 per 60 second",))
    with paced.turn():
        (on_its_way,) = [one for one in usage.usage() if one.account == account]
    with paced.turn():
        pass
    (answered,) = [one for one in usage.usage() if one.account == account]

    assert (on_its_way.used, answered.used, answered.calls) == (1, 2, 3)


def test_a_count_that_cannot_be_reached_tells_nothing() -> None:
    share_rate_limits(f"redis://127.0.0.1:{free_port()}/0")

    assert usage.usage() == []


def test_nothing_is_served_unless_a_port_is_set_and_a_taken_one_is_named(app: App) -> None:
    with serving(app.settings, app.ledger):
        pass
    with pytest.raises(ConfigurationError, match="metrics_port: not set"):
        metrics(app)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        wanted = load_settings(app.settings.folder, {"metrics_port": port})
        assert wanted.metrics_host == "127.0.0.1"
        with (
            pytest.raises(ConfigurationError, match=rf"127\.0\.0\.1:{port} cannot be used"),
            serving(wanted, app.ledger),
        ):
            pass
