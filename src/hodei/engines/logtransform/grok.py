"""Grok: expressions put together of named patterns, %{NUMBER:http.status:int}."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any

from hodei.engines import linear

REFERENCE = re.compile(r"%\{(?P<pattern>\w+)(?::(?P<field>[^:}]+))?(?::(?P<type>\w+))?\}")
OCTET = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
PATTERNS = {
    "BASE10NUM": r"[+-]?(?:\d+(?:\.\d+)?|\.\d+)",
    "BASE16NUM": r"[+-]?(?:0x)?[0-9A-Fa-f]+",
    "DATA": r".*?",
    "EMAILADDRESS": r"[A-Za-z0-9][\w.+=:-]*@[\w-]+(?:\.[\w-]+)*",
    "GREEDYDATA": r".*",
    "GREEDYDATA_MULTILINE": r"(?s:.*)",
    "HOSTNAME": r"\b[0-9A-Za-z][0-9A-Za-z-]{0,62}(?:\.[0-9A-Za-z][0-9A-Za-z-]{0,62})*\.?",
    "HTTPDATE": r"\d{1,2}/[A-Za-z]{3}/\d{4}:\d{2}:\d{2}:\d{2} [+-]\d{4}",
    "INT": r"[+-]?\d+",
    "IP": rf"(?:{OCTET}(?:\.{OCTET}){{3}}|[0-9A-Fa-f]*:[0-9A-Fa-f:.]+)",
    "IPORHOST": r"(?:%{IP}|%{HOSTNAME})",
    "IPV4": rf"{OCTET}(?:\.{OCTET}){{3}}",
    "IPV6": r"[0-9A-Fa-f]*:[0-9A-Fa-f:.]+",
    "LOGLEVEL": (
        r"(?:[Aa]lert|ALERT|[Tt]race|TRACE|[Dd]ebug|DEBUG|[Nn]otice|NOTICE|[Ii]nfo(?:rmation)?|INFO(?:RMATION)?"
        r"|[Ww]arn(?:ing)?|WARN(?:ING)?|[Ee]rr(?:or)?|ERR(?:OR)?|[Cc]rit(?:ical)?|CRIT(?:ICAL)?|[Ff]atal|FATAL"
        r"|[Ss]evere|SEVERE|[Ee]merg(?:ency)?|EMERG(?:ENCY)?)"
    ),
    "NONNEGINT": r"\b\d+\b",
    "NOTSPACE": r"\S+",
    "NUMBER": r"%{BASE10NUM}",
    "POSINT": r"\b[1-9]\d*\b",
    "QUOTEDSTRING": r"""(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')""",
    "QS": r"%{QUOTEDSTRING}",
    "SPACE": r"\s*",
    "TIMESTAMP_ISO8601": r"\d{4}-\d{2}-\d{2}[T ]\d{2}:?\d{2}(?::?\d{2}(?:[.,]\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?",
    "URIPATH": r"(?:/[\w$.+!*'(){},~:;=@#%&|-]*)+",
    "USER": r"%{USERNAME}",
    "USERNAME": r"[\w.-]+",
    "UUID": r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}",
    "WORD": r"\b\w+\b",
}
TYPES: dict[str, Callable[[str], Any]] = {"int": int, "integer": int, "long": int, "float": float, "double": float}


class UnknownPattern(ValueError):
    """A named pattern that is not here."""


@functools.lru_cache(100)
def parser(match: str) -> Callable[[str], dict[str, Any] | None]:
    """What gives the fields of a text, by their paths, None where it does not match.

    Raises: UnknownPattern; linear.InvalidExpression and Unbounded for what is no expression.
    """
    types: list[tuple[str, Callable[[str], Any]]] = []

    def expand(found: re.Match[str]) -> str:
        name = found["pattern"]
        if name not in PATTERNS:
            raise UnknownPattern(name)
        if not found["field"]:
            return f"(?:{REFERENCE.sub(expand, PATTERNS[name])})"
        types.append((found["field"], TYPES.get(found["type"] or "", str)))
        return f"(?P<f{len(types) - 1}>{REFERENCE.sub(expand, PATTERNS[name])})"

    expression = linear.compile(REFERENCE.sub(expand, match))

    def parse(text: str) -> dict[str, Any] | None:
        found = expression.search(text)
        if found is None:
            return None
        groups = ((name, kind, found[f"f{at}"]) for at, (name, kind) in enumerate(types))
        return {name: kind(value) for name, kind, value in groups if value is not None}

    return parse
