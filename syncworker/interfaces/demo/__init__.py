"""What does the engine do, seen from the shops? Pretend shops and a stall, one shelf, buyers who compete, told in plain words.

A user of the engine like any other: it decides no number, and it is the shops' own logs that are judged.
"""
