"""`health` is true only while everything that has to work does, and says which part does not."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner, Result

from syncworker.bootstrap import App
from syncworker.interfaces.cli.root import cli
from syncworker.ledger import ManualClock, heartbeats
from syncworker.ledger.heartbeats import Sign
from syncworker.settings import Settings, load_settings
from syncworker.tasks import health
from syncworker.tasks.health import Found, Part, examine
from tests.servers import free_port


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "SYNCWORKER_CONFIG", "SYNCWORKER_LANGUAGE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANGUAGE", "en")


@pytest.fixture
def at_work(app: App) -> App:
    """A tick and a worker gave signs just now."""
    give_signs(app, ago_s=0)
    return app


def give_signs(app: App, *, ago_s: float) -> None:
    app.ledger.clock = ManualClock(datetime.now(UTC) - timedelta(seconds=ago_s))
    app.ledger.run(lambda tx: heartbeats.give(tx, Sign.TICK, name="tick", host="den"))
    app.ledger.run(lambda tx: heartbeats.give(tx, Sign.WORKER, name="worker-1@den", host="den"))


def found(settings: Settings, *parts: Part, host: str | None = None) -> dict[Part, Found]:
    return {one.part: one.found for one in examine(settings, parts or tuple(Part), host=host)}


def typed(settings: Settings, *args: str) -> Result:
    return CliRunner().invoke(
        cli, ["health", *args, "--config", str(settings.folder)], prog_name="syncworker"
    )


def test_all_is_well_while_signs_are_fresh(at_work: App) -> None:
    assert found(at_work.settings) == {
        Part.LEDGER: Found.FINE,
        Part.BROKER: Found.INSIDE,
        Part.TICK: Found.FINE,
        Part.WORKER: Found.FINE,
    }
    result = typed(at_work.settings)

    assert result.exit_code == 0
    assert result.stdout.startswith("Healthy: ledger reached")
    assert result.stdout.count("\n") == 1


def test_a_tick_and_a_worker_that_are_silent_are_told(app: App) -> None:
    give_signs(app, ago_s=120)

    assert found(app.settings, Part.TICK, Part.WORKER) == {Part.TICK: Found.LATE, Part.WORKER: Found.LATE}
    result = typed(app.settings)

    assert result.exit_code == 1
    assert "no tick for 12" in result.stdout
    assert "no worker gives a sign of life" in result.stdout


def test_a_ledger_on_which_nothing_ever_ran_is_told(app: App) -> None:
    assert found(app.settings, Part.TICK, Part.WORKER) == {Part.TICK: Found.NEVER, Part.WORKER: Found.LATE}


def test_no_ledger_is_told_and_none_is_made(settings: Settings) -> None:
    document = json.loads(typed(settings, "--json").stdout)

    assert document["healthy"] is False
    assert [one["found"] for one in document["parts"]] == ["unreachable", "inside", "unknown", "unknown"]
    assert not (settings.folder.parent / "syncworker.db").exists()


def test_a_ledger_of_an_older_version_is_told_and_left_as_it_is(
    at_work: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "pending", lambda _: ["0099 something new"])

    assert found(at_work.settings, Part.LEDGER) == {Part.LEDGER: Found.OLD_TABLES}


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_a_broker_that_is_not_there_is_told_soon(
    at_work: App, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "ANSWER_S", 1.0)
    address = f"{scheme}://sari:hunter22@127.0.0.1:{free_port()}/0"
    away = load_settings(at_work.settings.folder, {"broker_url": address})

    assert found(away, Part.BROKER) == {Part.BROKER: Found.UNREACHABLE}


def test_a_broker_that_is_there_is_reached(at_work: App, redis_url: str) -> None:
    there = load_settings(at_work.settings.folder, {"broker_url": redis_url})

    assert found(there, Part.BROKER) == {Part.BROKER: Found.FINE}


def test_a_secret_in_an_error_is_never_said(at_work: App, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Settings) -> None:
        raise ConnectionError("redis://sari:hunter22@den refused")

    monkeypatch.setenv("SYNCWORKER_BROKER_URL", "redis://sari:hunter22@den/0")
    monkeypatch.setattr(health, "_ask_broker", refuse)

    for options in ([], ["--json"]):
        result = typed(at_work.settings, *options)
        assert result.exit_code == 1
        assert "redis://sari:[redacted]@den refused" in result.stdout


def test_here_asks_for_a_worker_of_this_computer(at_work: App) -> None:
    assert found(at_work.settings, Part.WORKER, host="den") == {Part.WORKER: Found.FINE}
    assert found(at_work.settings, Part.WORKER, host="elsewhere") == {Part.WORKER: Found.LATE}


def test_work_that_no_worker_takes_is_told(app: App) -> None:
    app.ledger.run(
        lambda tx: heartbeats.give(tx, Sign.WORKER, name="worker-1@den", host="den", takes=["tick"])
    )

    (one,) = examine(app.settings, [Part.WORKER])

    assert (one.found, one.unattended) == (Found.UNATTENDED, ("stall",))
    app.ledger.run(
        lambda tx: heartbeats.give(tx, Sign.WORKER, name="worker-2@den", host="den", takes=["stall"])
    )
    assert found(app.settings, Part.WORKER) == {Part.WORKER: Found.FINE}


def test_a_turn_is_taken_once_in_a_while_by_one_alone(app: App) -> None:
    clock = ManualClock()
    app.ledger.clock = clock

    def take() -> bool:
        day = timedelta(days=1)
        return app.ledger.run(lambda tx: heartbeats.take_turn(tx, Sign.PRUNE, host="den", every=day))

    assert [take(), take()] == [True, False]
    clock.advance(timedelta(days=1))
    assert [take(), take()] == [True, False]
