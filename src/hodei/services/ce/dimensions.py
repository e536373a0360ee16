"""What costs are grouped and filtered by: dimensions, tags."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hodei.kernel.context import Context
from hodei.kernel.ledger import Line
from hodei.kernel.ledger.prices import product
from hodei.services.ce import errors
from hodei.services.organizations.api import account_name

SELLER = "Amazon Web Services, Inc."

# Of which a line has a value. Of all others, and where it has none, that is "No" and the name: NoInstanceType.
VALUES: dict[str, Callable[[Line], str]] = {
    "BILLING_ENTITY": lambda line: "AWS",
    "INVOICING_ENTITY": lambda line: SELLER,
    "LEGAL_ENTITY_NAME": lambda line: SELLER,
    "LINKED_ACCOUNT": lambda line: line.account,
    "OPERATION": lambda line: line.operation,
    "PAYER_ACCOUNT": lambda line: line.payer,
    "RECORD_TYPE": lambda line: "Usage",
    "REGION": lambda line: "global" if line.usage.global_ else line.region,
    "RESOURCE_ID": lambda line: line.resource,
    "SERVICE": lambda line: product(line.service),
    "USAGE_TYPE": lambda line: line.usage_type,
}
GROUPS = (
    "AZ",
    "INSTANCE_TYPE",
    "LINKED_ACCOUNT",
    "OPERATION",
    "PURCHASE_TYPE",
    "SERVICE",
    "USAGE_TYPE",
    "PLATFORM",
    "TENANCY",
    "RECORD_TYPE",
    "LEGAL_ENTITY_NAME",
    "INVOICING_ENTITY",
    "DEPLOYMENT_OPTION",
    "DATABASE_ENGINE",
    "CACHE_ENGINE",
    "INSTANCE_TYPE_FAMILY",
    "REGION",
    "BILLING_ENTITY",
    "RESERVATION_ID",
    "SAVINGS_PLANS_TYPE",
    "SAVINGS_PLAN_ARN",
    "OPERATING_SYSTEM",
)
ONLY_RULES = ("LINKED_ACCOUNT_NAME", "SERVICE_CODE")  # "can only be used in CostCategoryRule"
RESOURCE = "RESOURCE_ID"
FILTERS = frozenset(VALUES).union(GROUPS, ("USAGE_TYPE_GROUP", "SUBSCRIPTION_ID"))
MOST_GROUPS = 2
TOO_MANY = "GroupBy takes two groups at most"  # in words of our own
INCOMPLETE = "Group Definition is invalid. Both type an key need to be set to a non-empty value."

Group = Callable[[Line], str]


def value(dimension: str) -> Group:
    read = VALUES.get(dimension)
    missing = "No" + "".join(word if word == "AZ" else word.title() for word in dimension.split("_"))
    return lambda line: (read(line) if read else "") or missing


def group(given: Mapping[str, str], *, by_resource: bool) -> Group:
    """How a GroupDefinition calls the group of a line. Raises: ValidationException, NotImplemented."""
    kind, key = given.get("Type", ""), given.get("Key", "")
    if not kind or not key:
        raise errors.ValidationException(INCOMPLETE)
    if kind == "TAG":
        return lambda line: f"{key}${line.tags.get(key, '')}"
    if kind != "DIMENSION":
        raise errors.NotImplementedParameter(parameter=f"GroupBy {kind}")
    valid = (*GROUPS, RESOURCE) if by_resource else GROUPS
    if key not in valid:
        raise errors.ValidationException(f"Group Definition dimension is invalid. Valid values are {', '.join(valid)}")
    return value(key)


def attributes(ctx: Context, dimension: str, name: str) -> dict[str, str]:
    """What is said of a value besides: the name of an account."""
    return {"description": account_name(ctx, name) or name} if dimension == "LINKED_ACCOUNT" else {}
