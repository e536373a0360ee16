"""Policies of all types: what they say, where they are attached, and what they come to."""

from hodei.services.organizations.policies import attachments, effective, policies, types

__all__ = ["attachments", "effective", "policies", "types"]
