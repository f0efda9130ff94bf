"""TikTok Shop, and Tokopedia with it: sellers in Indonesia list on both through one TikTok Shop account."""

from syncworker_tiktok.connector import TikTokConnector
from syncworker_tiktok.settings import TikTokSettings

connector = TikTokConnector()

__all__ = ["TikTokConnector", "TikTokSettings", "connector"]
