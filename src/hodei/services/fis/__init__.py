"""AWS Fault Injection Service: templates and experiments that really break what is here, on the cloud's clock.

An experiment acts as its role, whose policies count. Errors of calls are the kernel's faults (`hodei fault list` has
them too); a table's replication is stopped by the policies that AWS's FIS writes.

Not here: actions on services that Hodei does not have; reports of experiments.
"""

from hodei.services.fis import access, account_configurations, actions, experiments, levers, running, tagging, templates

__all__ = [
    "access",
    "account_configurations",
    "actions",
    "experiments",
    "levers",
    "running",
    "tagging",
    "templates",
]
