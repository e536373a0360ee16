from hodei.services.lambda_.polling import pollers

__all__ = ["pollers"]
