from hodei.services.iam.credentials import access_keys

__all__ = ["access_keys"]
