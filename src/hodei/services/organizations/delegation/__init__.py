"""What the management account shares: with services, and with members that administer them."""

from hodei.services.organizations.delegation import administrators, resource_policies, trusted_access

__all__ = ["administrators", "resource_policies", "trusted_access"]
