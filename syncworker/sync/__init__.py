"""The use cases: pull, plan, push, settle, read back, reconcile, resync, publish. Free of Celery; each step is one transaction or one call."""
