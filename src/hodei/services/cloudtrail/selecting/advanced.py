"""Advanced event selectors.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_AdvancedFieldSelector.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from hodei.kernel.ledger.audit import Event, source_of
from hodei.services.cloudtrail import errors
from hodei.services.cloudtrail.records.record import event_name, read_only
from hodei.services.cloudtrail.selecting.basic import resources

Selector = Mapping[str, Any]
Field = Mapping[str, Any]

MOST_VALUES = 500
TYPE = re.compile(r"AWS::[A-Za-z0-9]+::[A-Za-z0-9]+")
OPERATORS: dict[str, tuple[Callable[[str, str], bool], bool]] = {  # what compares, and whether it is negated
    "Equals": (str.__eq__, False),
    "StartsWith": (str.startswith, False),
    "EndsWith": (str.endswith, False),
    "NotEquals": (str.__eq__, True),
    "NotStartsWith": (str.startswith, True),
    "NotEndsWith": (str.endswith, True),
}
FIELDS = {  # of each category of events the fields that trails know
    "Management": ("eventCategory", "eventSource", "readOnly", "eventName", "eventType", "userIdentity.arn",
                   "sessionCredentialFromConsole"),
    "Data": ("eventCategory", "resources.type", "readOnly", "eventName", "resources.ARN", "eventSource", "eventType",
             "userIdentity.arn", "sessionCredentialFromConsole"),
    "NetworkActivity": ("eventCategory", "eventSource", "eventName", "errorCode", "vpcEndpointId", "eventType",
                        "userIdentity.arn"),
}  # fmt: skip
REQUIRED = {"Data": "resources.type", "NetworkActivity": "eventSource"}
ONLY_EQUALS = ("eventCategory", "readOnly", "resources.type", "errorCode")


def checked(selectors: Sequence[Selector]) -> list[dict[str, Any]]:
    """Raises: InvalidEventSelectorsException."""
    if not selectors:
        raise errors.InvalidEventSelectors("Specify at least one advanced event selector.")
    for selector in selectors:
        _check(selector["FieldSelectors"])
    values = sum(len(field[name]) for one in selectors for field in one["FieldSelectors"] for name in _operators(field))
    if values > MOST_VALUES:
        raise errors.InvalidEventSelectors(f"A trail can have at most {MOST_VALUES} values in its event selectors.")
    return [dict(selector) for selector in selectors]


def _check(fields: Sequence[Field]) -> None:
    named = {field["Field"]: field for field in fields}
    if len(named) < len(fields):
        raise errors.InvalidEventSelectors("Each field can be selected only once in an event selector.")
    category = _only(named.get("eventCategory"))
    if category not in FIELDS:
        raise errors.InvalidEventSelectors(
            "eventCategory is required, and must be one of Management, Data, NetworkActivity."
        )
    if (required := REQUIRED.get(category, "eventCategory")) not in named:
        raise errors.InvalidEventSelectors(f"{required} is required when eventCategory is {category}.")
    for name, field in named.items():
        if name not in FIELDS[category]:
            raise errors.InvalidEventSelectors(f"Field {name} is not supported when eventCategory is {category}.")
        _check_field(name, field)


def _check_field(name: str, field: Field) -> None:
    operators = _operators(field)
    if not operators:
        raise errors.InvalidEventSelectors(f"Field {name} has no operator.")
    if name in ONLY_EQUALS and operators != ["Equals"]:
        raise errors.InvalidEventSelectors(f"Field {name} supports the Equals operator only.")
    if name == "readOnly" and _only(field) not in ("true", "false"):
        raise errors.InvalidEventSelectors("The value of readOnly must be either true or false.")
    if name == "resources.type" and not TYPE.fullmatch(_only(field)):
        raise errors.InvalidEventSelectors("resources.type must be one resource type.")


def _operators(field: Field) -> list[str]:
    return [name for name in OPERATORS if name in field]


def _only(field: Field | None) -> str:
    """The one value of a field that has but one."""
    values: Sequence[str] = field.get("Equals", []) if field else []
    return str(values[0]) if len(values) == 1 else ""


def data_types(selectors: Iterable[Selector]) -> set[str]:
    fields = (field for selector in selectors for field in selector["FieldSelectors"])
    return {_only(field) for field in fields if field["Field"] == "resources.type"}


def takes(selector: Selector, event: Event) -> bool:
    return all(_holds(field, VALUES[field["Field"]](event)) for field in selector["FieldSelectors"])


def _holds(field: Field, values: Sequence[str]) -> bool:
    """All operators must hold: those that negate for every value of the event."""
    for name in _operators(field):
        compare, negated = OPERATORS[name]
        found = any(compare(value, wanted) for value in values for wanted in field[name])
        if found is negated:
            return False
    return True


VALUES: dict[str, Callable[[Event], Sequence[str]]] = {
    "eventCategory": lambda event: ("Data" if event.data else "Management",),
    "eventName": lambda event: (event_name(event),),
    "eventSource": lambda event: (source_of(event.service),),
    "eventType": lambda event: ("AwsServiceEvent" if event.service_event else "AwsApiCall",),
    "readOnly": lambda event: ("true" if read_only(event) else "false",),
    "resources.type": lambda event: (event.data,),
    "resources.ARN": resources,
    "userIdentity.arn": lambda event: (event.caller.arn,),
    "sessionCredentialFromConsole": lambda event: ("false",),  # there is no console
    "errorCode": lambda event: (event.error,),
    "vpcEndpointId": lambda event: ("",),  # only network activity has one, of which there is none
}
