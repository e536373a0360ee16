"""The services that policies know: AWS's service authorization reference."""

from __future__ import annotations

import functools
from collections.abc import Iterable

from hodei.kernel.iam.needs import dataset
from hodei.services.iam.policies.service_access import grants


def granted(documents: Iterable[str]) -> tuple[str, ...]:
    """The services of which policies grant anything, in order."""
    texts = list(documents)
    return tuple(one for one in every() if any(grants(text, one) for text in texts))


@functools.cache
def every() -> tuple[str, ...]:
    return tuple(sorted(_titles()))


def title(namespace: str) -> str:
    """AWS's name of a service."""
    return _titles().get(namespace, namespace)


@functools.cache
def _titles() -> dict[str, str]:
    found: dict[str, str] = dataset("serviceNames.json")
    return found
