"""Any shop that speaks the project's own REST contract, "Marketplace API v1" (docs/marketplace-api.md)."""

from syncworker_marketplace.connector import MarketplaceConnector
from syncworker_marketplace.settings import MarketplaceSettings

connector = MarketplaceConnector()

__all__ = ["MarketplaceConnector", "MarketplaceSettings", "connector"]
