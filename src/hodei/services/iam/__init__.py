"""IAM: users, groups, roles, their credentials and their policies."""

from hodei.services.iam import entities, identities, policies

__all__ = ["entities", "identities", "policies"]
