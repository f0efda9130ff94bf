"""How is a marketplace connected without code? By a manifest: one TOML file that says what its API looks like.

One line makes a connector of it: ``connector = manifest_connector("shop.toml", package="my_package")``. The language is
described in docs/manifest.md.
"""

from syncworker.connector.declarative.channel import DeclaredChannel
from syncworker.connector.declarative.connector import DeclaredConnector, manifest_connector
from syncworker.connector.declarative.loaded import LoadedManifest
from syncworker.connector.declarative.loading import load_manifest, parse_manifest
from syncworker.connector.declarative.manifest import MANIFEST_VERSION, Manifest

__all__ = [
    "MANIFEST_VERSION",
    "DeclaredChannel",
    "DeclaredConnector",
    "LoadedManifest",
    "Manifest",
    "load_manifest",
    "manifest_connector",
    "parse_manifest",
]
