"""Shopee, through version 2 of its Open Platform."""

from syncworker_shopee.connector import ShopeeConnector
from syncworker_shopee.settings import ShopeeSettings

connector = ShopeeConnector()

__all__ = ["ShopeeConnector", "ShopeeSettings", "connector"]
