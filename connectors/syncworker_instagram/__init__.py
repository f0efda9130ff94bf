"""Instagram and Facebook shops by way of Meta's product catalogue (docs/channels/instagram.md)."""

from syncworker_instagram.connector import InstagramConnector
from syncworker_instagram.settings import InstagramSettings

connector = InstagramConnector()

__all__ = ["InstagramConnector", "InstagramSettings", "connector"]
