"""The filter pattern language of CloudWatch Logs: terms, JSON selectors, space-delimited fields, regular expressions.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html

    pattern = compile_pattern('{ $.status >= 500 && $.path = "/api/*" }')
    pattern.matches(message)     # whether an event matches
    pattern.extract(message)     # {"$.status": "503", "$.path": "/api/x"}
"""

from __future__ import annotations

import functools

from hodei.engines.filterpatterns.delimited import compile_delimited
from hodei.engines.filterpatterns.jsonpatterns import compile_json
from hodei.engines.filterpatterns.pattern import InvalidPattern, Pattern
from hodei.engines.filterpatterns.terms import compile_terms

__all__ = ["InvalidPattern", "Pattern", "compile_pattern"]


@functools.lru_cache(1000)
def compile_pattern(text: str) -> Pattern:
    """Raises: InvalidPattern."""
    stripped = text.strip()
    if stripped.startswith("{"):
        return compile_json(stripped)
    if stripped.startswith("["):
        return compile_delimited(stripped)
    return compile_terms(stripped)
