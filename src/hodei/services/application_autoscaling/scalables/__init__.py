"""What can be scaled: the capacity of a resource, read and set by its service's operations, as a service-linked role.

https://docs.aws.amazon.com/autoscaling/application/userguide/integrated-services-list.html
"""

from __future__ import annotations

from hodei.kernel import errors as kernel
from hodei.services.application_autoscaling import errors
from hodei.services.application_autoscaling.scalables import functions, tables
from hodei.services.application_autoscaling.scalables.scalable import Capacity, Missing, Scalable, TrackedMetric
from hodei.services.application_autoscaling.state import Dimension

__all__ = ["Capacity", "Missing", "Scalable", "TrackedMetric", "scalable"]

UNSUPPORTED = "Unsupported service namespace, resource type or scalable dimension"
MAKERS = {
    "dynamodb:table:ReadCapacityUnits": tables.of_table,
    "dynamodb:table:WriteCapacityUnits": tables.of_table,
    "dynamodb:index:ReadCapacityUnits": tables.of_index,
    "dynamodb:index:WriteCapacityUnits": tables.of_index,
    "lambda:function:ProvisionedConcurrency": functions.of_function,
}


def scalable(of: Dimension) -> Scalable:
    """Raises: ValidationException, NotImplemented for what belongs to a service that is not here."""
    if not of.name.startswith(f"{of.namespace}:"):
        raise errors.ValidationException(reason=UNSUPPORTED)
    if (make := MAKERS.get(of.name)) is None:
        raise kernel.NotImplementedByHodei(f"Scaling {of.name} is not implemented by Hodei.")
    if (found := make(of)) is None:
        raise errors.ValidationException(reason=UNSUPPORTED)
    return found
