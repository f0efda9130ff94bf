"""What would a real marketplace do to us? Pretend shops with ground truth, faults to order and a referee.

It imports nothing of the engine: it is the judge. `model` is pure and driven by a caller's clock, `app` and
`control` put it on real HTTP, `process` runs that in a process of its own, `referee` judges the logs.
"""
