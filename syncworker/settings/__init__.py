"""What did the person configure? Command line over environment over files over defaults, checked as one whole.

Opens no database, calls no channel; the only place that reads the environment.
"""

from syncworker.settings.channels import ChannelSettings, text_settings
from syncworker.settings.loading import (
    CHANNELS_FILE,
    MAIN_FILE,
    MEMORY_BROKER,
    Settings,
    load_settings,
    require_counted_calls,
    require_shared_broker,
)
from syncworker.settings.reading import file_stamp
from syncworker.settings.writing import (
    add_channel,
    remove_channel,
    set_channel_policy,
    set_default_policy,
)

__all__ = [
    "CHANNELS_FILE",
    "MAIN_FILE",
    "MEMORY_BROKER",
    "ChannelSettings",
    "Settings",
    "add_channel",
    "file_stamp",
    "load_settings",
    "remove_channel",
    "require_counted_calls",
    "require_shared_broker",
    "set_channel_policy",
    "set_default_policy",
    "text_settings",
]
