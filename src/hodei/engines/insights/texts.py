"""Functions of texts and addresses, as other encodings and formats have them: None of what cannot be read."""

from __future__ import annotations

import base64
import binascii
import hashlib
import ipaddress
import json
import math
import re
from typing import Any
from urllib.parse import quote_plus, unquote_plus

from hodei.engines import linear
from hodei.engines.insights.values import number

EARTH_KM = 6371.0
PRIVATE = [ipaddress.ip_network(one) for one in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")]  # RFC 1918


def decoded_base64(value: str) -> str | None:
    try:
        return base64.b64decode(value, validate=True).decode()
    except (ValueError, binascii.Error):
        return None


def encoded_base64(value: str) -> str:
    return base64.b64encode(value.encode()).decode()


def encoded_url(value: str) -> str:
    return quote_plus(value)


def decoded_url(value: str) -> str:
    return unquote_plus(value)


def hex_to_text(value: str) -> str | None:
    try:
        return bytes.fromhex(value.removeprefix("0x")).decode("ascii")
    except ValueError:
        return None


def hex_to_number(value: str) -> int | None:
    try:
        return int(value, 16)
    except ValueError:
        return None


def number_to_hex(value: float) -> str:
    return hex(int(value))


def md5(value: str) -> str:
    return hashlib.md5(value.encode(), usedforsecurity=False).hexdigest()


def sha256(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


def replaced(value: str, pattern: str, replacement: str) -> str | None:
    """With \\1 in the replacement for the first group."""
    try:
        return linear.compile(pattern).sub(replacement, value)
    except (ValueError, IndexError, re.error):
        return None


def contains(value: str, part: str, insensitive: Any = False) -> int:
    if insensitive and insensitive != "0":
        value, part = value.lower(), part.lower()
    return int(part in value)


def array(value: Any) -> list[Any] | None:
    """A list, or the JSON text of one."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return None
    return value if isinstance(value, list) else None


def array_size(value: Any) -> int | None:
    found = array(value)
    return None if found is None else len(found)


def address_to_number(value: str) -> int | None:
    try:
        return int(ipaddress.IPv4Address(value))
    except ValueError:
        return None


def is_private(value: str) -> bool:
    found = _address(value)
    return found is not None and found.version == 4 and any(found in network for network in PRIVATE)


def is_public(value: str) -> bool:
    found = _address(value)
    return found is not None and found.is_global


def is_reserved(value: str) -> bool:
    found = _address(value)
    return found is not None and found.is_reserved


def _address(value: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(value)
    except ValueError:
        return None


def rounded(value: float, digits: float = 0) -> float:
    """Halves go away from zero."""
    scale = 10.0 ** int(digits)
    found = math.copysign(math.floor(abs(value) * scale + 0.5) / scale, value)
    return int(found) if found.is_integer() else found


def to_integer(value: Any, bits: int) -> int | None:
    """Without what is behind the point; None of what does not fit."""
    found = number(value)
    if found is None or not math.isfinite(found):
        return None
    return int(found) if -(1 << bits - 1) <= int(found) < 1 << bits - 1 else None


def distance(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Kilometres over the globe between two places in degrees."""
    one, other = math.radians(lat1), math.radians(lat2)
    north, east = other - one, math.radians(lon2 - lon1)
    part = math.sin(north / 2) ** 2 + math.cos(one) * math.cos(other) * math.sin(east / 2) ** 2
    return 2 * EARTH_KM * math.asin(math.sqrt(part))
