"""What lies in an author's folder? Its connectors and benches, found by the files' own words and imported from there."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args, get_origin

from pydantic import BaseModel

from syncworker.connector.auth import KeptToken
from syncworker.connector.conformance.bench import OpenBench, benches
from syncworker.connector.conformance.inspection import contract_mistakes, foreign_imports, foreign_imports_of
from syncworker.connector.contract import Channel, Connector
from syncworker.connector.declarative import load_manifest
from syncworker.connector.registry import GROUP, load
from syncworker.errors import ConfigurationError, InputError

BENCH_FILE = "conformance_bench.py"
_SKIPPED = frozenset((".venv", "venv", "node_modules", "site-packages", "build", "dist", "__pycache__"))


def example_channel(connector: Connector) -> Channel | None:
    """A channel with made-up settings, to be asked what it can; ``None`` where made-up ones are not enough."""
    for text in ("example-text", "1234567890"):
        try:
            settings = connector.settings.model_validate(_made_up(connector.settings, text))
            return connector.open("example", settings, KeptToken())
        except Exception:  # noqa: BLE001, S112 - made-up settings need not suit a stranger's code
            continue
    return None


def _made_up(model: type[BaseModel], text: str) -> dict[str, object]:
    values: dict[str, object] = {}
    for name, field in model.model_fields.items():
        if field.is_required():
            choices = get_args(field.annotation) if get_origin(field.annotation) is Literal else ()
            plain = "https://shop.example" if "url" in name else text
            values[name] = 1 if field.annotation in (int, float) else choices[0] if choices else plain
    return values


@dataclass(frozen=True, slots=True)
class Inspected:
    """What was looked at, and every mistake in it."""

    name: str
    mistakes: tuple[str, ...]


def inspect(target: str) -> tuple[Inspected, ...]:
    """Look at a folder, a manifest, or an installed connector by name; nothing is opened or sent."""
    path = Path(target)
    if path.suffix == ".toml" and path.is_file():
        return (_manifest(path),)
    if path.is_dir():
        return _folder(path)
    connector = load(target)
    module = type(connector).__module__
    return (Inspected(target, (*contract_mistakes(connector), *(foreign_imports(module) or ()))),)


def offers(folder: Path) -> dict[str, str]:
    """Connectors that the folder's ``pyproject.toml`` offers: name → ``module:attribute``."""
    file = folder / "pyproject.toml"
    if not file.is_file():
        raise InputError(f"{folder} holds no pyproject.toml, so it offers no connector.")
    try:
        project = tomllib.loads(file.read_text(encoding="utf-8")).get("project", {})
    except (ValueError, OSError) as error:
        raise InputError(f"{file} cannot be read: {error}") from error
    found = project.get("entry-points", {}).get(GROUP, {})
    return {str(name): str(value) for name, value in found.items()}


def bench_files(folder: Path) -> list[Path]:
    """Every bench file below the folder."""
    found = sorted(folder.rglob(BENCH_FILE))
    return [one for one in found if not _SKIPPED & set(one.relative_to(folder).parts)]


@contextmanager
def bench_file_opened(file: Path, folder: Path) -> Iterator[dict[str, OpenBench]]:
    """The benches of a file, imported with its own folder and the author's on the path; both are taken off again."""
    with _on_path(folder, folder / "src", file.parent):
        spec = importlib.util.spec_from_file_location(f"_bench_{abs(hash(file))}", file)
        if spec is None or spec.loader is None:
            raise InputError(f"{file} cannot be imported.")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield benches(vars(module))


def _folder(folder: Path) -> tuple[Inspected, ...]:
    offered = offers(folder)
    if not offered:
        return (Inspected(folder.name, (f"pyproject.toml names no connector under {GROUP}",)),)
    strangers = tuple(foreign_imports_of(folder))
    found = [_offered(folder, name, place, strangers) for name, place in offered.items()]
    manifests = [one for one in sorted(folder.rglob("*.toml")) if _is_manifest(one, folder)]
    return (*found, *(_manifest(one) for one in manifests))


def _offered(folder: Path, name: str, place: str, strangers: tuple[str, ...]) -> Inspected:
    module, _, attribute = place.partition(":")
    with _on_path(folder, folder / "src"):
        try:
            connector = getattr(importlib.import_module(module), attribute or "connector")
        except Exception as error:  # noqa: BLE001 - a stranger's code may raise anything when imported
            problems = error.problems if isinstance(error, ConfigurationError) else (str(error),)
            return Inspected(name, (*(f"{place}: {problem}" for problem in problems), *strangers))
    wrong = [*contract_mistakes(connector), *strangers]
    if getattr(connector, "name", name) != name:
        wrong.append(f"it calls itself {connector.name!r}, its entry point {name!r}")
    return Inspected(name, tuple(wrong))


def _is_manifest(file: Path, folder: Path) -> bool:
    if file.name == "pyproject.toml" or _SKIPPED & set(file.relative_to(folder).parts):
        return False
    return any(line.startswith("manifest") for line in file.read_text(encoding="utf-8").splitlines())


def _manifest(file: Path) -> Inspected:
    try:
        load_manifest(file)
    except ConfigurationError as error:
        return Inspected(file.name, tuple(error.problems))
    return Inspected(file.name, ())


@contextmanager
def _on_path(*folders: Path) -> Iterator[None]:
    """These folders first on the import path; modules that came from them are forgotten afterwards."""
    added = [str(one.resolve()) for one in folders if one.is_dir()]
    before, known = list(sys.path), set(sys.modules)
    sys.path[:0] = added
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path[:] = before
        for name in set(sys.modules) - known:
            origin = getattr(sys.modules[name], "__file__", None)
            if origin is not None and any(origin.startswith(f"{one}/") for one in added):
                del sys.modules[name]
