"""Do the units, containers and alerts that we ship fit the program that they start?"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import yaml

from syncworker.interfaces.cli.root import load
from syncworker.ledger import open_ledger
from syncworker.ledger.upgrade import upgrade
from syncworker.tasks.metrics import LedgerCollector
from tests.test_repository import COMPOSE, ROOT

DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").iterdir())
SERVICES = [path for path in UNITS if path.suffix == ".service"]
COMPOSE_FILES = [COMPOSE, DEPLOY / "compose.up.yml"]
PROGRAM = "/opt/syncworker/bin/syncworker "


def lines_of(path: Path, key: str) -> list[str]:
    """The values of a key in a unit."""
    found = [line.partition("=") for line in path.read_text().splitlines() if not line.startswith("#")]
    return [value for name, _, value in found if name == key]


def typed() -> Iterator[list[str]]:
    """Every command line of ours that something here starts."""
    for path in SERVICES:
        for line in lines_of(path, "ExecStart"):
            if line.startswith(PROGRAM):
                yield line.removeprefix(PROGRAM).split()
    for path in COMPOSE_FILES:
        for service in yaml.safe_load(path.read_text())["services"].values():
            if service.get("image") == "syncworker:local":
                yield service["command"]
            test = service.get("healthcheck", {}).get("test", [])
            if test[1:2] == ["syncworker"]:
                yield test[2:]
    yield healthcheck()


def healthcheck() -> list[str]:
    found = re.search(r"^HEALTHCHECK .*CMD (\[.*\])$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert found is not None
    program, *arguments = json.loads(found[1])
    assert program == "syncworker"
    return [str(each) for each in arguments]


def test_whatever_is_started_is_a_command_with_options_that_exist() -> None:
    lines = list(typed())

    assert len(lines) >= 12
    for name, *arguments in lines:
        command: click.Command | None = load(name)
        if isinstance(command, click.Group):
            command = command.get_command(click.Context(command), arguments.pop(0))
        assert command is not None
        # Raises for an argument that it does not know.
        command.make_context(name, arguments)


@pytest.mark.parametrize("path", COMPOSE_FILES, ids=lambda path: path.name)
def test_a_compose_file_fits_the_specification_and_rotates_its_logs(path: Path) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(path)]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    ours = [
        one
        for one in yaml.safe_load(path.read_text())["services"].values()
        if one.get("image") == "syncworker:local"
    ]
    assert ours
    assert all(one["logging"]["options"]["max-size"] == "10m" for one in ours)


def test_the_image_is_not_run_by_root() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    last_stage = lines[max(i for i, line in enumerate(lines) if line.startswith("FROM ")) :]

    users = [line.split()[1] for line in last_stage if line.startswith("USER ")]

    assert users == ["10001"]
    assert last_stage.index("USER 10001") < last_stage.index('ENTRYPOINT ["syncworker"]')


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_a_unit_that_runs_on_is_started_again_and_given_time_to_end(path: Path) -> None:
    if lines_of(path, "Type") == ["oneshot"]:
        assert lines_of(path, "Restart") == []
        return

    assert lines_of(path, "Restart") == ["always"]
    assert lines_of(path, "KillMode") == ["mixed"]
    assert lines_of(path, "User") == ["syncworker"]
    assert lines_of(path, "StartLimitIntervalSec") == ["0"]
    assert lines_of(path, "TimeoutStopSec")


def test_every_unit_that_another_names_is_there() -> None:
    named = {name for path in UNITS for name in lines_of(path, "OnFailure")}
    restarted = {
        line.split()[-1] for path in UNITS for line in lines_of(path, "ExecStart") if "systemctl" in line
    }

    assert named | restarted <= {path.name for path in UNITS}
    assert "syncworker-health.service" in {path.name for path in UNITS}


def test_the_alerts_ask_for_figures_that_exist() -> None:
    rules = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text())["groups"][0]["rules"]
    asked = {name for rule in rules for name in re.findall(r"syncworker_[a-z_]+", rule["expr"])}
    ledger = open_ledger("sqlite://")
    upgrade(ledger.engine)
    families = list(LedgerCollector(ledger).collect())
    ledger.close()

    told = {one.name for one in families}
    # One that is told only once there was a tick, and the parts of a histogram.
    told |= {"syncworker_tick_age_seconds", "syncworker_sale_told_seconds_bucket"}

    assert len(rules) >= 10
    assert asked <= told
    assert all({"severity"} == set(rule["labels"]) for rule in rules)
