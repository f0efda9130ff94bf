"""How does a manifest become a connector? One line in any distribution, or a file that a seller names in channels.toml."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel

from syncworker.connector.auth import TokenStore
from syncworker.connector.contract import CONTRACT_VERSION, Channel
from syncworker.connector.declarative.account import settings_model
from syncworker.connector.declarative.channel import channel_class
from syncworker.connector.declarative.loaded import LoadedManifest
from syncworker.connector.declarative.loading import load_manifest


class DeclaredConnector:
    """The connector that a manifest describes."""

    contract = CONTRACT_VERSION

    def __init__(self, loaded: LoadedManifest) -> None:
        self.manifest = loaded.manifest
        #: Where it came from, for people.
        self.file = loaded.file
        self.name = loaded.manifest.name
        self.settings: type[BaseModel] = settings_model(self.name, loaded.manifest.settings)
        #: Optional settings without which nothing is listed, for people.
        self.publish_settings = () if loaded.manifest.publish is None else loaded.manifest.publish.settings
        self._channel = channel_class(loaded.manifest)

    def __repr__(self) -> str:
        return f"<DeclaredConnector {self.name} of {self.file}>"

    def open(self, account: str, settings: BaseModel, tokens: TokenStore) -> Channel:
        """One account; needs no network."""
        if type(settings).model_fields.keys() != self.settings.model_fields.keys():
            raise TypeError(f"expected {self.settings.__name__}, not {type(settings).__name__}")
        return self._channel(self.manifest, account, settings, tokens)


def manifest_connector(file: str | Path, *, package: str | None = None) -> DeclaredConnector:
    """The connector of a manifest, checked. ``package`` is the installed package that the file lies in.

    Raises ``ConfigurationError`` that names every mistake.
    """
    return DeclaredConnector(load_manifest(file, package=package))
