"""Policy documents, compiled for evaluation. `grammar.py` reads and checks them."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

from msgspec import Struct

from hodei.kernel.iam import conditions, grammar, matching
from hodei.kernel.iam.conditions import Condition
from hodei.kernel.iam.grammar import Kind, MalformedPolicy
from hodei.kernel.iam.matching import Patterns
from hodei.kernel.iam.principals import Principals
from hodei.kernel.iam.variables import Context, Token, Variable, tokens

__all__ = ["Kind", "MalformedPolicy", "Policy", "Statement", "about", "check", "context_keys", "parse"]

Effect = Literal["Allow", "Deny"]
VARIABLES_SINCE = "2012-10-17"
_CACHED_SIZE = 64 * 1024


class Statement(Struct, frozen=True):
    index: int
    sid: str
    effect: Effect
    principals: Principals | None
    actions: Patterns
    not_actions: bool
    resources: Patterns | None  # None: any, as in trust policies
    not_resources: bool
    conditions: tuple[Condition, ...]

    def holds(self, resource: str, context: Context) -> bool:
        """Whether resource and conditions are those of a request."""
        if self.resources is not None and self.resources.matches(resource, context) == self.not_resources:
            return False
        return not self.conditions or all(condition.holds(context) for condition in self.conditions)


class Policy(Struct, frozen=True, eq=False):
    """A policy document. Two are the same only if they are one object, which makes them cheap keys of `about`."""

    kind: Kind
    version: str
    id: str
    statements: tuple[Statement, ...]


@lru_cache(maxsize=16384)
def about(policy: Policy, action: str) -> tuple[Statement, ...]:
    """The statements about an action, in lower case: all but resource, principal and conditions is settled by that."""
    return tuple(s for s in policy.statements if s.actions.matches(action, {}) != s.not_actions)


def parse(text: str, kind: Kind) -> Policy:
    """Raises: MalformedPolicy with AWS's words if `text` is not a policy of this kind."""
    return _cached(text, kind) if len(text) <= _CACHED_SIZE else _parsed(text, kind)


def check(text: str, kind: Kind) -> None:
    """Raises: MalformedPolicy with AWS's words if `text` is not a policy of this kind."""
    _parsed(text, kind)


def context_keys(text: str, kind: Kind) -> list[str]:
    """The condition keys that a policy mentions, in conditions and as variables. Raises: MalformedPolicy.

    GetContextKeysForCustomPolicy lists them so.
    """
    found: dict[str, str] = {}
    document = grammar.read(text, kind)
    for statement in document.statements:
        mentioned = [key for _, key, _ in statement.conditions]
        texts = [*statement.resources, *(value for _, _, values in statement.conditions for value in values)]
        parts: list[Token] = [part for value in texts for part in tokens(value, variables=True, wildcards=False)]
        mentioned += [part.key for part in parts if isinstance(part, Variable)]
        for key in mentioned:
            found.setdefault(key.lower(), key)
    return list(found.values())


def _parsed(text: str, kind: Kind) -> Policy:
    document = grammar.read(text, kind)
    variables = document.version >= VARIABLES_SINCE
    statements = tuple(_statement(index, raw, variables) for index, raw in enumerate(document.statements))
    return Policy(kind, document.version, document.id, statements)


_cached = lru_cache(maxsize=2048)(_parsed)


def _statement(index: int, raw: grammar.RawStatement, variables: bool) -> Statement:
    return Statement(
        index=index,
        sid=raw.sid,
        effect=raw.effect,
        principals=None if raw.principals is None else Principals.of(raw.principals, negated=raw.not_principals),
        actions=matching.actions(raw.actions),
        not_actions=raw.not_actions,
        resources=matching.resources(raw.resources, variables=variables) if raw.resources else None,
        not_resources=raw.not_resources,
        conditions=tuple(conditions.compiled(*condition, variables=variables) for condition in raw.conditions),
    )
