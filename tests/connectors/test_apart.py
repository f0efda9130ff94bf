"""A connector is the same thing wherever it comes from: it knows the contract alone, and installs as a distribution of its own."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from syncworker.connector import registry
from syncworker.connector.conformance.inspection import contract_mistakes, foreign_imports_of

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = sorted(one for one in (ROOT / "connectors").iterdir() if (one / "__init__.py").is_file())
BENCHES = sorted((ROOT / "tests" / "connectors").rglob("conformance_bench.py"))

PROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "stall-elsewhere"
version = "7.0"
dependencies = ["syncworker"]

[project.entry-points."syncworker.connectors"]
counter = "syncworker_counter:connector"

[tool.hatch.build.targets.wheel]
packages = ["syncworker_counter"]
"""
#: Run with the installed folder first on the path, and none of our own.
LOOK = """
import json, sys
from importlib.metadata import entry_points
(found,) = [one for one in entry_points(group="syncworker.connectors") if one.dist.name == "stall-elsewhere"]
connector = found.load()
print(json.dumps([connector.name, found.dist.version, sys.modules["syncworker_counter"].__file__]))
"""


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda one: one.name)
def test_a_connector_imports_nothing_of_ours_but_the_contract(folder: Path) -> None:
    assert foreign_imports_of(folder) == []


@pytest.mark.parametrize("name", [one.name for one in registry.available()])
def test_every_connector_fulfils_the_contract_and_has_a_bench(name: str) -> None:
    """Its bench is where it is proven to gold: a check that fails there fails the tests."""
    named = {word for file in BENCHES for word in re.findall(r'"([a-z_]+)"', file.read_text())}

    assert contract_mistakes(registry.load(name)) == []
    assert name in named


def test_one_of_ours_installs_as_a_distribution_of_its_own(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "installed"
    shutil.copytree(ROOT / "connectors" / "syncworker_counter", source / "syncworker_counter")
    (source / "pyproject.toml").write_text(PROJECT)

    _done(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist"), cwd=source)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    _done(
        *(sys.executable, "-m", "uv", "pip", "install", "--offline", "--no-deps", "--quiet"),
        *("--target", str(target), str(wheel)),
        cwd=tmp_path,
    )
    told = _done(sys.executable, "-c", f"import sys; sys.path.insert(0, {str(target)!r}){LOOK}", cwd=tmp_path)

    name, version, file = json.loads(told)
    assert (name, version) == ("counter", "7.0")
    assert Path(file).is_relative_to(target)


def _done(*command: str, cwd: Path) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
