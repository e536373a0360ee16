from hodei.services.lambda_.invoking import invoke

__all__ = ["invoke"]
