"""Marketplaces that are described, not programmed: each is a manifest in manifests/ (docs/manifest.md), read when asked for."""

from __future__ import annotations

from functools import cache

from syncworker.connector.declarative import DeclaredConnector, manifest_connector

#: The manifests that are shipped, by the connector's name.
SHIPPED = ("marketplace", "woocommerce", "channelengine", "mirakl", "medusa")


@cache
def shipped(name: str) -> DeclaredConnector:
    """The connector of a shipped manifest."""
    return manifest_connector(f"manifests/{name}.toml", package="syncworker_marketplace")


def __getattr__(name: str) -> DeclaredConnector:
    # One at a time: a broken manifest harms its own connector alone.
    if name in SHIPPED:
        return shipped(name)
    raise AttributeError(name)


__all__ = ["SHIPPED", "shipped"]
