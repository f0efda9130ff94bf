"""With which key are tokens sealed? Configured, or a file beside an SQLite ledger; never in the ledger itself."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.fernet import Fernet, MultiFernet

from syncworker.errors import ConfigurationError
from syncworker.settings.loading import Settings

_SQLITE = "sqlite:///"


def token_cipher(settings: Settings) -> MultiFernet:
    """Seals with the first key and opens with any of them.

    Beside an SQLite ledger a key file is made when there is none. Raises ConfigurationError without a usable key.
    """
    if settings.token_key is not None:
        return _cipher(settings.token_key.get_secret_value(), "token_key")
    if not settings.database_url.startswith(_SQLITE):
        problem = (
            "token_key: is missing, and tokens of connected accounts are stored encrypted only; make one with"
            " `syncworker db key` and give it to every worker as SYNCWORKER_TOKEN_KEY_FILE"
        )
        raise ConfigurationError([problem])
    path = key_file(settings)
    try:
        return _cipher(_read_or_make(path), str(path))
    except OSError as error:
        raise ConfigurationError(
            [f"{path}: the key of the stored tokens cannot be read ({error.strerror})"]
        ) from error


def key_file(settings: Settings) -> Path:
    """Where the key of an SQLite ledger lies. Keep it apart from the backups of the ledger."""
    return Path(settings.database_url.removeprefix(_SQLITE)).with_suffix(".key")


def new_key() -> str:
    """A fresh key for ``token_key``."""
    return Fernet.generate_key().decode()


def _read_or_make(path: Path) -> str:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii")
    key = new_key()
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(key + "\n")
    return key


def _cipher(text: str, where: str) -> MultiFernet:
    keys = [part.strip() for part in text.split(",") if part.strip()]
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except (ValueError, UnicodeError):
        pass
    raise ConfigurationError(
        [
            f"{where}: is no key; make one with `syncworker db key` (several, the newest first, are joined by commas)"
        ]
    )
