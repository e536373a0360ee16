"""DynamoDB's numbers: up to 38 significant digits, magnitudes from 1E-130 to 9.99...E+125, kept as canonical text.

The canonical text is plain notation without superfluous zeros ("1e3" is "1000", "-0.50" is "-0.5"), so equal numbers
have equal texts.
"""

from __future__ import annotations

import re
from decimal import Context, Decimal
from functools import lru_cache

from hodei.services.dynamodb import errors

DIGITS = 38
SMALLEST, LARGEST = -130, 125  # exponents of the first digit

_NUMBER = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]+))?")
_EXACT = Context(prec=400)  # any sum of two numbers in range, to the last digit


def canonical(text: str) -> str:
    """The text DynamoDB answers for this number. Raises: ValidationException for what is no number or out of range."""
    if len(text) <= DIGITS and text.isascii() and text.isdigit() and (text[0] != "0" or len(text) == 1):
        return text
    return plain(*parts(text))


def parts(text: str) -> tuple[bool, str, int]:
    """Sign, significant digits (none for zero) and the exponent of the first digit. Raises as `canonical`."""
    match = _NUMBER.fullmatch(text)
    if not text:
        raise errors.UnreadableValue("The parameter cannot be converted to a numeric value")
    if match is None or not (match[2] or match[3]):
        raise errors.UnreadableValue(f"The parameter cannot be converted to a numeric value: {text}")
    whole, fraction = match[2], match[3] or ""
    digits = (whole + fraction).lstrip("0")
    if not digits:
        return False, "", 0
    exponent = len(whole) - 1 - (len(whole) + len(fraction) - len(digits)) + _exponent(match[4])
    digits = digits.rstrip("0")
    check_range(digits, exponent)
    return match[1] == "-", digits, exponent


def _exponent(text: str | None) -> int:
    """Of the E notation; beyond nine digits it is out of every range, however long the mantissa."""
    if not text:
        return 0
    digits = text.lstrip("+-0")
    size = int(digits or 0) if len(digits) <= 9 else 10**9
    return -size if text[0] == "-" else size


def check_range(digits: str, exponent: int) -> None:
    if exponent > LARGEST:
        raise errors.UnreadableValue(
            "Number overflow. Attempting to store a number with magnitude larger than supported range"
        )
    if exponent < SMALLEST:
        raise errors.UnreadableValue(
            "Number underflow. Attempting to store a number with magnitude smaller than supported range"
        )
    if len(digits) > DIGITS:
        raise errors.UnreadableValue("Attempting to store more than 38 significant digits in a Number")


def plain(negative: bool, digits: str, exponent: int) -> str:
    """Plain notation of what `parts` gives."""
    if not digits:
        return "0"
    if exponent < 0:
        text = "0." + "0" * (-exponent - 1) + digits
    elif len(digits) <= exponent + 1:
        text = digits + "0" * (exponent + 1 - len(digits))
    else:
        text = digits[: exponent + 1] + "." + digits[exponent + 1 :]
    return "-" + text if negative else text


def value(text: str) -> int | Decimal:
    """A canonical number to compare with others."""
    return Decimal(text) if "." in text else int(text)


def add(left: str, right: str) -> str:
    """The canonical sum of two canonical numbers. Raises: ValidationException when it is out of range."""
    if len(left) <= DIGITS - 1 and len(right) <= DIGITS - 1 and "." not in left and "." not in right:
        return str(int(left) + int(right))
    return canonical(str(_EXACT.add(Decimal(left), Decimal(right))))


def negated(text: str) -> str:
    """Minus a canonical number."""
    if text == "0":
        return text
    return text[1:] if text[0] == "-" else "-" + text


@lru_cache(4096)
def sort_bytes(text: str) -> bytes:
    """Bytes that order as numbers do: sign, exponent, digits in pairs; a negative number's are complemented."""
    negative, digits, exponent = parts(text)
    if not digits:
        return b"\x80"
    pairs = [int(digits[at : at + 2].ljust(2, "0")) for at in range(0, len(digits), 2)]
    if negative:
        return bytes((0x7F, LARGEST - exponent, *(99 - pair for pair in pairs), 0xFF))
    return bytes((0x81, exponent - SMALLEST, *pairs))


def size(text: str) -> int:
    """Bytes that DynamoDB counts for a canonical number: a byte, one for each two digits, one for a minus.

    Pairs of digits are aligned at the decimal point, those of zeros at both ends do not count
    (https://zaccharles.medium.com/calculating-a-dynamodb-items-size-and-consumed-capacity-d1728942eb7c).
    """
    if text == "0":
        return 1
    if text.isdigit():
        first, last = len(text) - 1, len(text) - len(text.rstrip("0"))
    else:
        _, digits, first = parts(text)
        last = first - len(digits) + 1
    return min(21, 2 + (first >> 1) - (last >> 1) + (text[0] == "-"))
