"""What did the person configure? Command line over environment over files over defaults, checked as one whole.

Opens no database, calls no channel; the only place that reads the environment.
"""

from syncworker.settings.channels import ChannelSettings
from syncworker.settings.loading import (
    CHANNELS_FILE,
    MAIN_FILE,
    MEMORY_BROKER,
    Settings,
    load_settings,
    require_shared_broker,
)
from syncworker.settings.writing import add_channel

__all__ = [
    "CHANNELS_FILE",
    "MAIN_FILE",
    "MEMORY_BROKER",
    "ChannelSettings",
    "Settings",
    "add_channel",
    "load_settings",
    "require_shared_broker",
]
