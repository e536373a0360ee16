from hodei.services.iam.entities import (
    boundaries,
    groups,
    instance_profiles,
    memberships,
    roles,
    service_linked_roles,
    users,
)

__all__ = [
    "boundaries",
    "groups",
    "instance_profiles",
    "memberships",
    "roles",
    "service_linked_roles",
    "users",
]
