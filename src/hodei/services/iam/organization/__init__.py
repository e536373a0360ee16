from hodei.services.iam.organization import root_access

__all__ = ["root_access"]
