"""The rules, as pure functions on frozen values: no SQL, HTTP, Celery, clock, randomness or logging."""
