"""Is a manifest sound? Read from its file and checked whole: keys, expressions, names, and a dry run on its samples.

Every mistake is named at once, with file, key and what was expected. Nothing is sent.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Protocol

from pydantic import ValidationError

from syncworker.connector.declarative.dry_run import problems_of
from syncworker.connector.declarative.loaded import LoadedManifest
from syncworker.connector.declarative.manifest import Manifest
from syncworker.errors import ConfigurationError

#: Beside a manifest stand its samples.
Reader = Callable[[str], str]


class Place(Protocol):
    """What of ``pathlib.Path`` and of a package's resources is used."""

    def read_text(self, encoding: str | None = None) -> str:
        """Its whole text."""

    def __truediv__(self, child: str) -> Place:
        """A file inside it."""


def load_manifest(file: str | Path, *, package: str | None = None) -> LoadedManifest:
    """The manifest in ``file``, of an installed ``package`` if one is named. ``ConfigurationError`` names every mistake."""
    name = str(file)
    folder: Place = files(package) if package is not None else Path(name).parent
    place = folder / name if package is not None else Path(name)
    try:
        text = place.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            [f"{name}: cannot be read: {getattr(error, 'strerror', None) or 'not UTF-8'}"]
        ) from None
    parent = folder / name.rpartition("/")[0] if package is not None and "/" in name else folder
    return parse_manifest(text, name, read=lambda sample: (parent / sample).read_text(encoding="utf-8"))


def parse_manifest(text: str, file: str, *, read: Reader | None = None) -> LoadedManifest:
    """The manifest in ``text``; ``read`` gives the text of a sample file."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError([f"{file}: is not valid TOML: {error}"]) from None
    try:
        manifest = Manifest.model_validate(raw)
    except ValidationError as error:
        raise ConfigurationError([f"{file}: {problem}" for problem in _mistakes(error)]) from None
    samples, problems = _samples(manifest, read)
    loaded = LoadedManifest(manifest, file, samples)
    problems += problems_of(loaded)
    if problems:
        raise ConfigurationError([f"{file}: {problem}" for problem in problems])
    return loaded


def _samples(manifest: Manifest, read: Reader | None) -> tuple[dict[str, str], list[str]]:
    found: dict[str, str] = {}
    problems: list[str] = []
    for number, sample in enumerate(manifest.samples):
        if sample.file is None:
            continue
        try:
            if read is None:
                raise FileNotFoundError
            found[sample.file] = read(sample.file)
        except (OSError, UnicodeDecodeError):
            problems.append(
                f"samples[{number}].file: {sample.file} cannot be read, expected a file beside the manifest"
            )
    return found, problems


def _mistakes(error: ValidationError) -> Iterator[str]:
    seen: set[str] = set()
    for one in error.errors(include_url=False):
        key = _key(one["loc"])
        known = _known(one["loc"])
        message = one["msg"].removeprefix("Value error, ").replace("Input should be", "expected")
        if one["type"] == "extra_forbidden":
            message = "is unknown" + (f"; there are {known}" if known else "")
        elif one["type"] == "missing":
            message = "is missing"
        text = f"{key}: {message}" if key else message
        if text not in seen:
            seen.add(text)
            yield text


#: What pydantic puts into a path to tell which kind of table it took.
_KINDS = frozenset(
    (
        *("none", "page", "offset", "cursor", "link_header", "next_url", "keyset"),
        *("basic", "bearer", "api_key", "oauth2_client", "oauth2_refresh", "session", "hmac", "token"),
    )
)


def _key(where: tuple[int | str, ...]) -> str:
    text = ""
    for position, part in enumerate(where):
        if isinstance(part, int):
            text += f"[{part}]"
        elif not (part in _KINDS and position and _is_tagged(where[:position])):
            text += f".{part}" if text else part
    return text


def _is_tagged(before: tuple[int | str, ...]) -> bool:
    names = [part for part in before if isinstance(part, str)]
    return bool(names) and names[-1] in {"paginate", "auth", "verify"}


def _known(where: tuple[int | str, ...]) -> str:
    return ", ".join(Manifest.model_fields) if len(where) == 1 else ""
