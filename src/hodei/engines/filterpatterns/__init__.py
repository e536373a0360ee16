"""The filter pattern language of CloudWatch Logs: terms, JSON selectors, space-delimited fields, regular expressions.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html

    pattern = compile_pattern('{ $.status >= 500 && $.path = "/api/*" }')
    pattern.matches(message)     # whether an event matches
    pattern.extract(message)     # {"$.status": "503", "$.path": "/api/x"}
"""

from __future__ import annotations

import functools
from collections.abc import Callable

from hodei.engines.filterpatterns.delimited import compile_delimited
from hodei.engines.filterpatterns.jsonpatterns import compile_json
from hodei.engines.filterpatterns.jsonpatterns import extractor as of_json
from hodei.engines.filterpatterns.pattern import InvalidPattern, Pattern
from hodei.engines.filterpatterns.terms import compile_terms

__all__ = ["InvalidPattern", "Pattern", "compile_pattern", "extractor"]


@functools.lru_cache(1000)
def extractor(text: str, names: tuple[str, ...]) -> Callable[[str], dict[str, str]]:
    """A function that gives what messages that match a pattern have for selectors ("$.a", "$bytes"), also such as the
    pattern itself does not name. Raises: InvalidPattern."""
    pattern = compile_pattern(text)
    return of_json(names) if pattern.json else pattern.extract


@functools.lru_cache(1000)
def compile_pattern(text: str) -> Pattern:
    """Raises: InvalidPattern."""
    stripped = text.strip()
    if stripped.startswith("{"):
        return compile_json(stripped)
    if stripped.startswith("["):
        return compile_delimited(stripped)
    return compile_terms(stripped)
