"""Systems Manager: Parameter Store. The rest of Systems Manager comes with rows of its own.

Not yet real: the data type aws:ec2:image (EC2), sharing through Resource Access Manager (resource policies work), and
public parameters other than the global infrastructure's regions and services. Advanced throughput is a setting that
changes nothing, as nothing is throttled. `aws:ssm:integration` keeps its value as text does.
"""

from hodei.services.ssm import (
    access,
    billing,
    deletion,
    describe,
    get,
    labels,
    policies,
    put,
    settings,
    sharing,
    tagging,
)

__all__ = [
    "access",
    "billing",
    "deletion",
    "describe",
    "get",
    "labels",
    "policies",
    "put",
    "settings",
    "sharing",
    "tagging",
]
