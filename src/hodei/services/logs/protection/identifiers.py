"""Managed data identifiers: what AWS finds in texts by these names. Where it weighs the words around, this does not.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/protect-sensitive-log-data-types.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from hodei.engines import linear

ARN = re.compile(r"arn:[\w-]+:dataprotection::aws:data-identifier/([\w-]+)")
Find = Callable[[str], Iterator[tuple[int, int]]]


def _luhn(digits: str) -> bool:
    total = 0
    for at, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + at % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _card(text: str) -> bool:
    digits = re.sub(r"\D", "", text)
    return 13 <= len(digits) <= 19 and _luhn(digits)


def _octets(text: str) -> bool:
    return ":" in text or all(int(part) < 256 for part in text.split("."))


EXPRESSIONS: dict[str, tuple[str, Callable[[str], bool] | None]] = {
    "Address": (
        r"\b\d{1,5} (?:[A-Z][a-z]+ ){1,3}(?:Street|St|Avenue|Ave|Road|Rd|Lane|Ln|Drive|Dr|Boulevard|Blvd)\b", None,
    ),
    "AwsSecretKey": (r"(?<![A-Za-z0-9/+])(?=[A-Za-z0-9/+=]{0,39}[/+\d])[A-Za-z0-9/+=]{40}(?![A-Za-z0-9/+=])", None),
    "CreditCardNumber": (r"(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w-])", _card),
    "EmailAddress": (r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}", None),
    "IpAddress": (
        r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.]\d)|(?<![\w:])(?:[0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}", _octets,
    ),
    "OpenSshPrivateKey": (
        r"-----BEGIN OPENSSH PRIVATE KEY-----(?s:.+?)-----END OPENSSH PRIVATE KEY-----", None,
    ),
    "PgpPrivateKey": (
        r"-----BEGIN PGP PRIVATE KEY BLOCK-----(?s:.+?)-----END PGP PRIVATE KEY BLOCK-----", None,
    ),
    "PhoneNumber-US": (r"(?<![\w.])(?:\+?1[ .-]?)?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}(?!\w)", None),
    "PkcsPrivateKey": (
        r"-----BEGIN (?:RSA |EC |ENCRYPTED )?PRIVATE KEY-----(?s:.+?)-----END (?:RSA |EC |ENCRYPTED )?PRIVATE KEY-----",
        None,
    ),
    "Ssn-US": (r"(?<![\w-])(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-])", None),
}  # fmt: skip


def managed(name: str) -> Find | None:
    """What finds a managed identifier in a text; None where Hodei does not have it."""
    known = EXPRESSIONS.get(name)
    return finding(_compiled(known[0]), known[1]) if known else None


def _compiled(body: str) -> re.Pattern[str]:
    """Those with lookaround are of bounded length, so that they cannot take long either."""
    try:
        return linear.compile(body)
    except linear.Unbounded:
        return re.compile(body)


def finding(expression: re.Pattern[str], valid: Callable[[str], bool] | None = None) -> Find:
    """What gives the beginnings and ends of what an expression finds."""

    def find(text: str) -> Iterator[tuple[int, int]]:
        for found in expression.finditer(text):
            if valid is None or valid(found[0]):
                yield found.span()

    return find
