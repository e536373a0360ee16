"""The Condition element: operators, their quantifiers (`ForAnyValue:`, `ForAllValues:`) and `IfExists`.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
"""

from __future__ import annotations

import base64
import binascii
import operator
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any

from msgspec import Struct

from hodei.kernel.iam import matching
from hodei.kernel.iam.variables import Context

Test = Callable[[str, Context], bool]
"""Whether one value of the request matches any of the policy's."""
Build = Callable[[Sequence[str], bool], Test]
"""Makes a test of the policy's values; the flag says that they may contain variables."""

ALL, ANY = "ForAllValues:", "ForAnyValue:"
IF_EXISTS = "IfExists"


class Condition(Struct, frozen=True):
    """One key under one operator. Those of a statement are joined by AND, the values of one by OR (NOR if negated)."""

    operator: str  # as written, with quantifier and IfExists
    key: str  # in lower case
    values: tuple[str, ...]
    quantifier: str  # ALL, ANY or ""
    if_exists: bool
    negated: bool
    test: Test | None  # None of Null

    def holds(self, context: Context) -> bool:
        values = context.get(self.key, ())
        if self.test is None:
            return any((value.lower() == "true") == (not values) for value in self.values)
        if not values or (self.quantifier and list(values) == [""]):
            return self._without_value()
        test, negated = self.test, self.negated
        if not self.quantifier:
            for value in values:
                if test(value, context):
                    return not negated
            return negated
        hits = (negated != test(value, context) for value in values)
        return all(hits) if self.quantifier == ALL else any(hits)

    def _without_value(self) -> bool:
        if self.quantifier:
            return self.if_exists or self.quantifier == ALL
        return self.if_exists or self.negated


def exists(name: str) -> bool:
    """Whether AWS has an operator written so."""
    match = _OPERATOR.fullmatch(name)
    return name == "Null" or (match is not None and match["base"] in OPERATORS)


def compiled(name: str, key: str, values: Sequence[str], *, variables: bool) -> Condition:
    """The condition of an operator as written, of one that exists."""
    match = _OPERATOR.fullmatch(name)
    if name == "Null" or match is None:
        return Condition(name, key.lower(), tuple(values), "", False, False, None)
    build, negated = OPERATORS[match["base"]]
    test = build(values, variables)
    return Condition(name, key.lower(), tuple(values), match["quantifier"] or "", bool(match["maybe"]), negated, test)


_OPERATOR = re.compile(f"(?P<quantifier>{ALL}|{ANY})?(?P<base>[A-Za-z]+?)(?P<maybe>{IF_EXISTS})?")


def _equal(values: Sequence[str], variables: bool, *, fold: bool = False) -> Test:
    return matching.strings(values, variables=variables, wildcards=False, fold=fold).matches


def _like(values: Sequence[str], variables: bool) -> Test:
    return matching.strings(values, variables=variables, wildcards=True).matches


def _arn(values: Sequence[str], variables: bool) -> Test:
    return matching.arns(values, variables=variables).matches


def _ordered(
    read: Callable[[str], Any], compare: Callable[[Any, Any], bool], values: Sequence[str], variables: bool
) -> Test:
    """Numbers and dates, which know no variables. A value that is neither matches nothing."""
    bounds = [bound for value in values if (bound := read(value)) is not None]

    def test(text: str, context: Context) -> bool:
        value = read(text)
        return value is not None and any(compare(value, bound) for bound in bounds)

    return test


_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


def _number(text: str) -> Decimal | None:
    return Decimal(text) if _NUMBER.fullmatch(text) else None


@lru_cache(maxsize=1024)
def _moment(text: str) -> float | None:
    """Epoch seconds of a date as W3C's note on ISO 8601 writes them (also a year, a month), or of epoch seconds."""
    if len(text) != 4 and _NUMBER.fullmatch(text):
        return float(text)
    text += {4: "-01-01", 7: "-01"}.get(len(text), "")
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def _binary(values: Sequence[str], variables: bool) -> Test:
    wanted = {_bytes(value) for value in values} - {None}
    return lambda text, context: _bytes(text) in wanted


def _bytes(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _address(values: Sequence[str], variables: bool) -> Test:
    """A range without a prefix is that one address."""
    ranges = [found for value in values if (found := _range(value)) is not None]

    def test(text: str, context: Context) -> bool:
        if (own := _range(text)) is None:
            return False
        version, first, last = own
        return any(version == v and low <= first and last <= high for v, low, high in ranges)

    return test


@lru_cache(maxsize=1024)
def _range(text: str) -> tuple[int, int, int] | None:
    """Version, first and last address of a CIDR block."""
    import ipaddress

    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
    return network.version, int(network.network_address), int(network.broadcast_address)


def _family(prefix: str, read: Callable[[str], Any]) -> dict[str, tuple[Build, bool]]:
    orders = {"LessThan": operator.lt, "LessThanEquals": operator.le, "GreaterThan": operator.gt}
    orders |= {"GreaterThanEquals": operator.ge, "Equals": operator.eq}
    family: dict[str, tuple[Build, bool]] = {
        prefix + name: (partial(_ordered, read, compare), False) for name, compare in orders.items()
    }
    return family | {f"{prefix}NotEquals": (partial(_ordered, read, operator.eq), True)}


OPERATORS: dict[str, tuple[Build, bool]] = {
    "StringEquals": (_equal, False),
    "StringNotEquals": (_equal, True),
    "StringEqualsIgnoreCase": (partial(_equal, fold=True), False),
    "StringNotEqualsIgnoreCase": (partial(_equal, fold=True), True),
    "StringLike": (_like, False),
    "StringNotLike": (_like, True),
    "Bool": (partial(_equal, fold=True), False),
    "BinaryEquals": (_binary, False),
    "IpAddress": (_address, False),
    "NotIpAddress": (_address, True),
    "ArnEquals": (_arn, False),
    "ArnLike": (_arn, False),
    "ArnNotEquals": (_arn, True),
    "ArnNotLike": (_arn, True),
    **_family("Numeric", _number),
    **_family("Date", _moment),
}
"""Of each operator what makes its test, and whether the test is negated."""
