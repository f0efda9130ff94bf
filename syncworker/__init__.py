"""One true stock count across every shop: orders in, quantities out, nothing oversold."""

__version__ = "0.1.0"
