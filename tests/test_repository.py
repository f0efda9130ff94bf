"""Does the repository keep its promises to a reader: links, dependencies, compose file, locks?"""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import TypedDict

import pytest
import yaml

import syncworker

ROOT = Path(__file__).resolve().parent.parent
COMPOSE = ROOT / "docker-compose.yml"
PAGES = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"]
ROOMS = ["syncworker", "connectors", "tests"]
#: The house's limits (CONTRIBUTING.md, "The bar").
FILE_LINES = 400
FUNCTION_LINES = 45
LINK = re.compile(r"\]\((?!https?://|mailto:|#)([^)#\s]+)(?:#[^)]*)?\)")


class Service(TypedDict, total=False):
    """What the tests read of a service in docker-compose.yml."""

    command: list[str]
    environment: dict[str, str]
    ports: list[str]


#: What the tests read of pyproject's [project].
Project = TypedDict(
    "Project",
    {"version": str, "dependencies": list[str], "optional-dependencies": dict[str, list[str]]},
)


def test_the_compose_file_fits_the_compose_specification() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]

    done = subprocess.run([*command, str(COMPOSE)], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def test_the_compose_file_opens_ports_on_this_computer_only() -> None:
    ports = [port for service in _services().values() for port in service.get("ports", [])]

    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_the_compose_file_runs_a_broker_that_evicts_nothing_and_keeps_no_secret() -> None:
    redis = _services()["redis"]["command"]

    assert redis[redis.index("--appendonly") + 1] == "yes"
    assert redis[redis.index("--appendfsync") + 1] == "everysec"
    assert redis[redis.index("--maxmemory-policy") + 1] == "noeviction"
    assert "${POSTGRES_PASSWORD:?" in _services()["postgres"]["environment"]["POSTGRES_PASSWORD"]
    assert _services()["worker"]["command"] == ["worker"]
    assert _services()["beat"]["command"] == ["beat"]


def test_every_dependency_says_what_it_is_for() -> None:
    documented = set(
        re.findall(
            r"^\| ([a-z0-9][a-z0-9-]*) \| \S", (ROOT / "docs/dependencies.md").read_text(), re.MULTILINE
        )
    )

    assert set(_dependencies()) == documented - {"dependency"}


def test_every_dependency_is_locked_and_no_index_is_named() -> None:
    lock = (ROOT / "requirements-dev.lock").read_text()

    locked = set(re.findall(r"^([a-z0-9-]+)==", lock, re.MULTILINE))

    assert set(_dependencies()) <= locked
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text()
        assert "://" not in text
        assert "index-url" not in text


def test_both_locks_agree() -> None:
    running, working = (_pins(name) for name in ("requirements.lock", "requirements-dev.lock"))

    assert running.items() <= working.items()


def test_the_version_is_one() -> None:
    assert _project()["version"] == syncworker.__version__


def test_no_lock_that_names_an_index_is_tracked() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if tracked.returncode != 0:
        pytest.fail("the tests run in a git clone: git ls-files failed")

    assert "uv.lock" not in {Path(name).name for name in tracked.stdout.splitlines()}


@pytest.mark.parametrize("page", PAGES)
def test_relative_links_lead_somewhere(page: str) -> None:
    assert _broken_links(ROOT / page) == []


def test_relative_links_in_the_docs_lead_somewhere() -> None:
    broken = {str(page.relative_to(ROOT)): _broken_links(page) for page in (ROOT / "docs").rglob("*.md")}

    assert {page: links for page, links in broken.items() if links} == {}


@pytest.mark.parametrize("room", ROOMS)
def test_files_and_functions_stay_short_enough_to_read(room: str) -> None:
    # A migration is drafted by Alembic, table by table, and never changed afterwards.
    sources = {path: path.read_text() for path in (ROOT / room).rglob("*.py") if "versions" not in path.parts}

    long_files = {
        str(path.relative_to(ROOT)) for path, text in sources.items() if text.count("\n") > FILE_LINES
    }
    long_functions = {
        f"{path.relative_to(ROOT)}:{function.lineno} {function.name}"
        for path, text in sources.items()
        for function in ast.walk(ast.parse(text))
        if isinstance(function, ast.FunctionDef) and _lines(function) > FUNCTION_LINES
    }

    assert (long_files, long_functions) == (set(), set())


def _lines(function: ast.FunctionDef) -> int:
    """How long it is to read, its docstring left out."""
    docstring = function.body[0] if ast.get_docstring(function) else None
    said = (docstring.end_lineno or 0) - docstring.lineno + 1 if docstring is not None else 0
    return (function.end_lineno or 0) - function.lineno + 1 - said


def _broken_links(page: Path) -> list[str]:
    links = LINK.findall(page.read_text())
    return [link for link in links if not (page.parent / link).exists()]


def _services() -> dict[str, Service]:
    services: dict[str, Service] = yaml.safe_load(COMPOSE.read_text())["services"]
    return services


def _project() -> Project:
    project: Project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return project


def _dependencies() -> Iterator[str]:
    """Names as the locks write them, of the core and of every extra."""
    project = _project()
    lines = [
        *project["dependencies"],
        *(line for extra in project["optional-dependencies"].values() for line in extra),
    ]
    for line in lines:
        found = re.match(r"[A-Za-z0-9._-]+", line)
        assert found is not None
        yield re.sub(r"[._-]+", "-", found.group()).lower()


def _pins(name: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", (ROOT / name).read_text(), re.MULTILINE))
