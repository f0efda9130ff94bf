"""Shopify: one shop, one location, through the GraphQL Admin API."""

from syncworker_shopify.connector import ShopifyConnector
from syncworker_shopify.settings import ShopifySettings

connector = ShopifyConnector()

__all__ = ["ShopifyConnector", "ShopifySettings", "connector"]
