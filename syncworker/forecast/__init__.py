"""What would these settings do? Shops and buyers in virtual time around the real rules of `core`; no real channel is asked.

Buyers come from a model (`demand`) or from a seller's own orders (`history`), `world` plays them, `outcome` sums many runs.
"""
