"""STS: who the caller is. Roles and temporary credentials come with IAM."""

from hodei.services.sts import identity

__all__ = ["identity"]
