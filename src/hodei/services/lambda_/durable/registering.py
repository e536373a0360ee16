"""All of durable functions that registers itself."""

from hodei.services.lambda_.durable import (
    access,
    callbacks,
    checkpoints,
    history,
    moments,
    reading,
    running,
    state,
)

__all__ = ["access", "callbacks", "checkpoints", "history", "moments", "reading", "running", "state"]
