"""What is known of a manifest that was read? Its words, where they stand, and the samples beside it; checked elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from syncworker.connector.declarative.manifest import Manifest


@dataclass(frozen=True, slots=True)
class LoadedManifest:
    """A manifest, and where it came from."""

    manifest: Manifest
    #: For messages.
    file: str
    #: Texts of the sample files it names.
    samples: Mapping[str, str] = field(default_factory=dict)
