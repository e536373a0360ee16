"""Application Auto Scaling: capacity of DynamoDB's tables and indexes and of Lambda's versions and aliases, by target
tracking and by schedule.

Not here: what services have to scale that are not here, step and predictive scaling, which only those have.
"""

from hodei.services.application_autoscaling import (
    access,
    activities,
    policies,
    receiving,
    scaling,
    scheduled_actions,
    tagging,
    targets,
)

__all__ = ["access", "activities", "policies", "receiving", "scaling", "scheduled_actions", "tagging", "targets"]
