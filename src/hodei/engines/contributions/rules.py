"""Rules of Contributor Insights, and what they see in a log event.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/ContributorInsights-RuleSyntax.html
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

PATH = re.compile(r"\$(?:\.[^.\[\]]+(?:\[\d+\])*)+")
STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")
WORD = re.compile(r'"([^"]*)"|\[([^\]]*)\]|(\S+)')
MOST_KEYS = MOST_FILTERS = 4
MOST_VALUES = 10

Test = Callable[[Any], bool]
Field = Callable[[Any], Any]  # of an event that has been read; None: it is not there


class Malformed(ValueError):
    """What is no rule; the message says why."""


@dataclass(frozen=True)
class Rule:
    """`groups` are names of log groups, or with a * at their end what their names begin with."""

    groups: tuple[str, ...]
    labels: tuple[str, ...]
    summed: bool
    of_json: bool
    keys: tuple[Field, ...]
    value: Field | None
    filters: tuple[tuple[Field, Test], ...]

    def among(self, group: str) -> bool:
        """Whether the rule reads a log group."""
        return any(group.startswith(one[:-1]) if one.endswith("*") else group == one for one in self.groups)

    def contribution(self, message: str) -> tuple[tuple[str, ...], float] | None:
        """Who contributes how much by an event; None: nobody."""
        event = _json(message) if self.of_json else _words(message)
        if event is None or not all(test(field(event)) for field, test in self.filters):
            return None
        keys = tuple(text for key in self.keys if (text := _text(key(event))) is not None)
        value = _number(self.value(event)) if self.value else 1.0
        return (keys, value) if value is not None and len(keys) == len(self.keys) else None


def parse(text: str) -> Rule:
    """Raises: Malformed."""
    try:
        given = json.loads(text)
        if given["Schema"] != {"Name": "CloudWatchLogRule", "Version": 1}:
            raise Malformed('Schema must be {"Name": "CloudWatchLogRule", "Version": 1}')
        return _rule(given)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise error if isinstance(error, Malformed) else Malformed(f"it is no rule: {error!r}") from None


def _rule(given: Mapping[str, Any]) -> Rule:
    contribution, format = given["Contribution"], given["LogFormat"]
    aggregate = given["AggregateOn"]
    if format not in ("JSON", "CLF") or aggregate not in ("Count", "Sum"):
        raise Malformed("LogFormat must be JSON or CLF, AggregateOn Count or Sum")
    if (aggregate == "Sum") != ("ValueOf" in contribution):
        raise Malformed("ValueOf goes with AggregateOn Sum, and with that alone")
    groups, keys, filters = given["LogGroupNames"], contribution["Keys"], contribution.get("Filters", [])
    if not groups or not all(isinstance(one, str) for one in groups):
        raise Malformed("LogGroupNames must be names of log groups")
    if not 1 <= len(keys) <= MOST_KEYS or len(filters) > MOST_FILTERS:
        raise Malformed(f"there must be 1 to {MOST_KEYS} Keys and at most {MOST_FILTERS} Filters")

    def field(name: str) -> Field:
        return _path(name) if format == "JSON" else _place(name, given.get("Fields", {}))

    return Rule(
        groups=tuple(groups),
        labels=tuple(keys),
        summed=aggregate == "Sum",
        of_json=format == "JSON",
        keys=tuple(map(field, keys)),
        value=field(contribution["ValueOf"]) if aggregate == "Sum" else None,
        filters=tuple((field(one["Match"]), _test(one)) for one in filters),
    )


def _json(message: str) -> Any:
    try:
        return json.loads(message)
    except (ValueError, RecursionError):
        return None


def _words(message: str) -> list[str]:
    """The fields of the Common Log Format: what stands in quotes or brackets is one."""
    return [found[found.lastindex or 0] for found in WORD.finditer(message)]


def _path(text: str) -> Field:
    if not PATH.fullmatch(text):
        raise Malformed(f"{text} is no field of JSON")
    steps = [int(index) if index else name for name, index in STEP.findall(text)]

    def field(event: Any) -> Any:
        for step in steps:
            if isinstance(step, str) and isinstance(event, dict):
                event = event.get(step)
            elif isinstance(step, int) and isinstance(event, list) and step < len(event):
                event = event[step]
            else:
                return None
        return None if isinstance(event, dict | list) else event

    return field


def _place(text: str, names: Mapping[str, str]) -> Field:
    number = next((place for place, name in names.items() if name == text), text)
    if not number.isdecimal() or int(number) < 1:
        raise Malformed(f"{text} is no field of the Common Log Format")
    at = int(number) - 1
    return lambda words: words[at] if at < len(words) else None


def _test(given: Mapping[str, Any]) -> Test:
    operators = [(name, value) for name, value in given.items() if name != "Match"]
    if len(operators) != 1:
        raise Malformed("a filter has Match and one operator")
    ((name, value),) = operators
    if name in TEXTS and isinstance(value, list) and 1 <= len(value) <= MOST_VALUES:
        texts = tuple(map(str, value))
        return lambda found: (text := _text(found)) is not None and TEXTS[name](text, texts)
    if name in NUMBERS and isinstance(value, int | float) and not isinstance(value, bool):
        return lambda found: (number := _number(found)) is not None and NUMBERS[name](number, value)
    if name == "IsPresent" and isinstance(value, bool):
        return lambda found: (found is not None) is value
    raise Malformed(f"{name} is no operator of filters, or has a wrong value")


TEXTS: dict[str, Callable[[str, tuple[str, ...]], bool]] = {
    "In": lambda found, texts: found in texts,
    "NotIn": lambda found, texts: found not in texts,
    "StartsWith": lambda found, texts: found.startswith(texts),
}
NUMBERS: dict[str, Callable[[float, float], bool]] = {
    "EqualTo": lambda found, value: found == value,
    "GreaterThan": lambda found, value: found > value,
    "LessThan": lambda found, value: found < value,
    "NotEqualTo": lambda found, value: found != value,
}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) or value is None else json.dumps(value)


def _number(value: Any) -> float | None:
    if value is None or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
