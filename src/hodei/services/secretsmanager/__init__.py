"""Secrets Manager: secrets with versions and staging labels, deletion with a recovery window, policies, replication.

Not yet real: managed external secrets (`Type`) and rotation by other services. The function of a rotation is not tested
before it rotates. A replica is in sync with the request that makes or changes it. Whether a policy would lock its
author out is not asked.
"""

from hodei.services.secretsmanager import (
    access,
    billing,
    gauges,
    listing,
    passwords,
    policies,
    replicas,
    rotation,
    secrets,
    tagging,
    values,
)

__all__ = [
    "access",
    "billing",
    "gauges",
    "listing",
    "passwords",
    "policies",
    "replicas",
    "rotation",
    "secrets",
    "tagging",
    "values",
]
