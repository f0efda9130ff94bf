"""Who does the work, and when? Celery, here alone: workers, beat, and all of it in one process.

Decides nothing: a task says "look at the rows", so that a lost, doubled or late one changes nothing but time.
"""

from syncworker.tasks.embedded import EmbeddedEngine, up
from syncworker.tasks.metrics import metrics
from syncworker.tasks.processes import beat, worker

__all__ = ["EmbeddedEngine", "beat", "metrics", "up", "worker"]
