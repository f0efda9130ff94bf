"""How does a new connector begin? A folder that works: written from templates, its tests pass before anything is changed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from syncworker.errors import InputError

KINDS = ("python", "declarative")
AUTHS = ("none", "api_key", "basic", "bearer", "hmac", "oauth2")
_NAME = re.compile(r"[a-z][a-z0-9]*([_-][a-z0-9]+)*")

_CONSENT_IMPORT = """
from @PACKAGE@.auth import ask_for_token, open_door"""
_CONSENT = '''
    def consent_url(self, request: ConsentRequest) -> str:
        """Where a seller allows us in; the address holds no secret."""
        settings = Settings.own(request.settings)
        asked = {"client_id": settings.client_id, "state": request.state}
        return f"{settings.base_url}/consent?{urlencode({**asked, 'redirect_uri': request.redirect_url})}"

    def token_for(self, request: ConsentRequest, answer: Mapping[str, str]) -> Token:
        """The token for the code that came back."""
        settings = Settings.own(request.settings)
        door = open_door(
            "consent", settings.base_url, settings, allow_private_network=settings.allow_private_network
        )
        code = consent_code(request, answer, channel="@TITLE@")
        fields = {"grant_type": "authorization_code", "code": code}
        return ask_for_token(door, settings, fields)
'''


def write_connector(name: str, *, kind: str, auth: str, into: Path) -> Path:
    """Write the folder of a connector called ``name`` below ``into``; the folder.

    ``InputError`` for a name that no connector can have, and for a folder that exists: nothing is overwritten.
    """
    if not _NAME.fullmatch(name) or len(name) > 40:
        raise InputError(
            f"{name!r} cannot be a connector's name: small letters, digits and single '-' or '_'."
        )
    words = _words(name)
    folder = into / words["DISTRIBUTION"]
    if folder.exists():
        raise InputError(f"The folder {folder} exists already; nothing is overwritten.")
    for target, text in _texts(kind, auth, words).items():
        place = folder / target
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    return folder


def _words(name: str) -> dict[str, str]:
    plain = re.sub(r"[_-]", " ", name)
    package = "syncworker_" + name.replace("-", "_")
    return {
        "NAME": name.replace("-", "_"),
        "PACKAGE": package,
        "DISTRIBUTION": package.replace("_", "-"),
        "CLASS": plain.title().replace(" ", ""),
        "TITLE": plain.title(),
    }


def _texts(kind: str, auth: str, words: Mapping[str, str]) -> dict[str, str]:
    """Path in the folder → text."""
    home = files(__name__)
    pieces = _python(home, auth) if kind == "python" else _declarative(home, auth)
    return {_filled(target, words): _filled(text, words) for target, text in pieces.items()}


def _python(home: Traversable, auth: str) -> dict[str, str]:
    python = home / "python"
    pieces = _common(home, auth)
    pieces |= {
        f"@PACKAGE@/{_plain(one)}": one.read_text(encoding="utf-8") for one in (python / "package").iterdir()
    }
    pieces["@PACKAGE@/auth.py"] = (python / "auth" / f"{auth}.auth.py.txt").read_text(encoding="utf-8")
    pieces["tests/test_mapping.py"] = (python / "tests" / "test_mapping.py.txt").read_text(encoding="utf-8")
    listed = (python / "files.txt").read_text(encoding="utf-8")
    pieces["README.md"] = pieces["README.md"].replace("@FILES@", listed)
    pieces["@PACKAGE@/connector.py"] = _with_consent(pieces["@PACKAGE@/connector.py"], auth)
    return pieces


def _declarative(home: Traversable, auth: str) -> dict[str, str]:
    declarative = home / "declarative"
    pieces = _common(home, auth)
    manifest = (declarative / "manifest.toml.txt").read_text(encoding="utf-8")
    for part in ("settings", "auth"):
        text = (declarative / "auth" / f"{auth}.{part}.toml.txt").read_text(encoding="utf-8")
        manifest = manifest.replace(f"@{part.upper()}@\n", text)
    pieces["@PACKAGE@/@NAME@.toml"] = manifest
    if auth == "hmac":
        # A manifest signs parameters; code may sign headers too.
        pieces["tests/door.py"] = (declarative / "auth" / "hmac.door.py.txt").read_text(encoding="utf-8")
    pieces["@PACKAGE@/__init__.py"] = (declarative / "package.py.txt").read_text(encoding="utf-8")
    listed = (declarative / "files.txt").read_text(encoding="utf-8")
    pieces["README.md"] = pieces["README.md"].replace("@FILES@", listed)
    return pieces


def _common(home: Traversable, auth: str) -> dict[str, str]:
    python = home / "python"
    return {
        "pyproject.toml": (python / "pyproject.toml.txt").read_text(encoding="utf-8"),
        "README.md": (python / "README.md.txt").read_text(encoding="utf-8"),
        "tests/far_side.py": (python / "tests" / "far_side.py.txt").read_text(encoding="utf-8"),
        "tests/conformance_bench.py": (python / "tests" / "conformance_bench.py.txt").read_text(
            encoding="utf-8"
        ),
        "tests/door.py": (python / "auth" / f"{auth}.door.py.txt").read_text(encoding="utf-8"),
    }


def _with_consent(text: str, auth: str) -> str:
    if auth != "oauth2":
        return text.replace("@CONSENT_IMPORT@", "").replace("@CONSENT@\n", "")
    text = text.replace("@CONSENT_IMPORT@", "").replace("@CONSENT@\n", _CONSENT)
    text = text.replace(
        "from @PACKAGE@ import mapping\n", f"from @PACKAGE@ import mapping{_CONSENT_IMPORT}\n"
    )
    text = text.replace(
        "from collections.abc import Sequence\n", "from collections.abc import Mapping, Sequence\n"
    )
    text = text.replace(
        "from datetime import datetime\n",
        "from datetime import datetime\nfrom urllib.parse import urlencode\n",
    )
    text = text.replace("    ChannelCheck,\n", "    ChannelCheck,\n    ConsentRequest,\n")
    return text.replace(
        "    RemoteListing,\n    TokenStore,\n)",
        "    RemoteListing,\n    Token,\n    TokenStore,\n    consent_code,\n)",
    )


def _plain(source: Traversable) -> str:
    return source.name.removesuffix(".txt")


def _filled(text: str, words: Mapping[str, str]) -> str:
    for word, value in words.items():
        text = text.replace(f"@{word}@", value)
    return text
