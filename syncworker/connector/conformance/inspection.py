"""What can be said of a connector without a channel? Its form, its settings, its imports; nothing is opened or sent."""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, SecretStr

from syncworker.connector.contract import CONTRACT_VERSION, Channel, Connector

#: Words in a setting's name that promise a secret.
_SECRET_WORDS = ("token", "secret", "password", "api_key", "apikey", "private_key", "consumer_key")
#: What a connector may import of us.
ALLOWED = "syncworker.connector"


def contract_mistakes(connector: object, channel: object | None = None) -> list[str]:
    """Every way in which it is not a connector for this contract."""
    found = []
    if not isinstance(connector, Connector):
        found.append("it lacks a part of `Connector`: name, contract, settings, open")
    name = getattr(connector, "name", None)
    if (
        not isinstance(name, str)
        or not name.replace("_", "").replace("-", "").isalnum()
        or name != name.lower()
    ):
        found.append(f"name = {name!r}: small letters, digits, '-' and '_'")
    version = getattr(connector, "contract", None)
    if version != CONTRACT_VERSION:
        found.append(f"contract = {version!r}: this syncworker speaks {CONTRACT_VERSION}")
    found += settings_mistakes(getattr(connector, "settings", None))
    if channel is not None and not isinstance(channel, Channel):
        missing = [one for one in _methods(Channel) if not callable(getattr(channel, one, None))]
        found.append(f"its channel lacks {', '.join(missing)}")
    return found


def settings_mistakes(settings: object) -> list[str]:
    """What is wrong with a model of settings."""
    if not (isinstance(settings, type) and issubclass(settings, BaseModel)):
        return ["settings are not a pydantic model"]
    found = []
    if settings.model_config.get("extra") != "forbid":
        found.append("settings accept unknown keys: set model_config = ConfigDict(extra='forbid')")
    for key, info in settings.model_fields.items():
        if any(word in key.lower() for word in _SECRET_WORDS) and not _hides(info.annotation):
            found.append(f"setting {key} sounds like a secret: type it SecretStr, or it is shown in errors")
    return found


def _hides(annotation: object) -> bool:
    return SecretStr.__name__ in str(annotation) or annotation in (bool, int, float)


def _methods(protocol: type) -> list[str]:
    return [name for name in vars(protocol) if not name.startswith("_") and callable(vars(protocol)[name])]


def foreign_imports(module: str) -> list[str] | None:
    """Imports of syncworker beyond `syncworker.connector` in the package of that module; ``None`` without such code."""
    root = module.partition(".")[0]
    spec = importlib.util.find_spec(root) if root not in {"syncworker", "__main__", "builtins"} else None
    if spec is None or spec.origin is None:
        return None
    home = Path(spec.origin)
    if home.name != "__init__.py":
        return list(_foreign(home))
    return [line for source in sorted(home.parent.rglob("*.py")) for line in _foreign(source)]


def foreign_imports_of(folder: Path) -> list[str]:
    """The same for every source file below a folder, tests left out: they may start the sandbox."""
    sources = [one for one in sorted(folder.rglob("*.py")) if "tests" not in one.relative_to(folder).parts]
    return [line for source in sources for line in _foreign(source)]


def _foreign(source: Path) -> Iterator[str]:
    tree = ast.parse(source.read_text(encoding="utf-8"), filename=str(source))
    for node in ast.walk(tree):
        for name in _imported(node):
            ours = name == "syncworker" or name.startswith("syncworker.")
            if ours and name != ALLOWED and not name.startswith(f"{ALLOWED}."):
                yield f"{source.name}:{getattr(node, 'lineno', 0)} imports {name}; only {ALLOWED} is promised to stay"


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        if node.module == "syncworker":
            return [f"syncworker.{alias.name}" for alias in node.names]
        return [node.module]
    return []
