from hodei.services.lambda_.invoking import asynchronous, invoke

__all__ = ["asynchronous", "invoke"]
