"""A newcomer's first hour with the installed command, against real shops in a process of their own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from syncworker.sandbox.process import Sandbox, start_sandbox
from syncworker.sandbox.setup import builtin_shops
from tests.waiting import await_condition

COMMAND = Path(sys.executable).with_name("syncworker")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with start_sandbox(builtin_shops()) as running:
        yield running


class Home:
    """An empty folder, and the program in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
        self.environment = {**kept, "LANG": "C.UTF-8", "TOKEN": "token-warung"}

    def run(self, *args: str, code: int = 0) -> str:
        done = subprocess.run(
            [COMMAND, *args],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    def json(self, *args: str, code: int = 0) -> dict[str, object]:
        document = json.loads(self.run(*args, "--json", code=code))
        assert isinstance(document, dict)
        return document


@pytest.mark.timeout(300)  # forty commands, each a process of its own
def test_from_an_empty_folder_to_a_shop_that_sells_and_stops(sandbox: Sandbox, tmp_path: Path) -> None:
    home, warung = Home(tmp_path), sandbox.shops["warung"]
    home.run("init")
    home.run("product", "import", "config/catalogue.csv")
    home.run(
        "channel", "add", "warung", "--connector", "marketplace", "--set", f"base_url={warung.base_url}",
        "--secret", "token=TOKEN", "--set", "allow_private_network=true", "--set", "readable=true",
        "--set", "visibility_lag_s=1", "--set", "horizon_s=3", "--set", "poll_s=1", "--set", "read_lag_s=0",
        "--set", "clock_skew_s=1", "--set", "feeds=single",
    )  # fmt: skip
    checks = home.json("channel", "check")["checks"]
    published = home.json("listing", "publish", "warung")
    home.run("channel", "go-live", "warung", "--dry-run", code=3)
    home.run("channel", "go-live", "warung", "--yes")
    home.run("resync", "--wait", "--timeout", "60")
    shown = _shown(warung.control.truth())

    sold = warung.control.buy("BIN-BAMBU", 3)["outcome"]
    _pull_until_seen(home)
    explained = home.run("explain", "BIN-BAMBU")
    stopped = home.json("channel", "withdraw", "--all", "--yes", "--timeout", "60")

    assert isinstance(checks, list)
    assert checks[0]["ok"] is True
    assert published["rejected"] == []
    assert shown["BIN-BAMBU"] > 3
    assert sold == "sold"
    assert "promised to orders: on hand 0, reserved +3 (1 movement)" in explained
    assert stopped["may_still_sell"] == {}
    assert set(_shown(warung.control.truth()).values()) == {0}
    assert home.json("doctor")["healthy"] is True


def test_up_runs_beside_other_commands_and_a_second_one_is_refused(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.run("init")
    process = subprocess.Popen(
        [COMMAND, "up"], cwd=home.folder, env=home.environment, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stderr is not None
        first = await_condition(process.stderr.readline, 30, "the first word of up")
        home.run("up", code=6)
        home.run("product", "import", "config/catalogue.csv")
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)

    assert first.startswith("Running with 0 channels")
    assert process.returncode == 130


def test_the_sandbox_says_how_its_shops_are_added(tmp_path: Path) -> None:
    home = Home(tmp_path)
    process = subprocess.Popen(
        [COMMAND, "sandbox", "--json"],
        cwd=home.folder,
        env=home.environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        card = json.loads(process.stdout.readline())
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)

    assert set(card["shops"]) == {"warung", "pasar", "toko"}
    assert process.returncode in (0, 130)


def test_help_imports_nothing_heavy() -> None:
    heavy = {"sqlalchemy", "celery", "pydantic", "requests", "babel", "fastapi", "structlog", "alembic"}
    code = (
        "import sys\nfrom syncworker.interfaces.cli.root import COMMANDS, load\n"
        "for name in COMMANDS: load(name)\nprint(*sys.modules)"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert heavy & set(done.stdout.split()) == set()


def _pull_until_seen(home: Home) -> None:
    """An order is listed a moment after it was placed."""

    def pulled() -> bool:
        home.run("resync", "warung", "--wait", "--timeout", "30")
        return home.json("order", "list")["orders"] != []

    await_condition(pulled, 60, "the order in the books")


def _shown(truth: dict[str, object]) -> dict[str, int]:
    pools = truth["pools"]
    assert isinstance(pools, list)
    return {sku: int(pool["quantity"]) for pool in pools for sku in _skus(pool)}


def _skus(pool: dict[str, object]) -> list[str]:
    listings = pool.get("skus") or pool.get("listings") or [pool.get("sku")]
    assert isinstance(listings, list)
    return [str(one["sku"] if isinstance(one, dict) else one) for one in listings]
