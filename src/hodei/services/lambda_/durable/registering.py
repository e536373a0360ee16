"""All of durable functions that registers itself."""

from hodei.services.lambda_.durable import (
    access,
    burying,
    callbacks,
    checkpoints,
    history,
    moments,
    reading,
    running,
    state,
)

__all__ = ["access", "burying", "callbacks", "checkpoints", "history", "moments", "reading", "running", "state"]
