"""From what requests name functions by to functions: names, partial and full ARNs, versions and aliases."""

from __future__ import annotations

import functools
import re
from typing import NamedTuple

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.services.lambda_ import errors
from hodei.services.lambda_.state import LATEST, Alias, Function, Version, aliases, versions
from hodei.services.lambda_.state import functions as _functions

NAME = re.compile(
    r"(?:arn:[a-z-]+:lambda:)?(?:(?P<region>[a-z]+(?:-[a-z]+)+-\d):)?(?:(?P<account>\d{12}):)?(?:function:)?"
    r"(?P<name>[\w.-]+)(?::(?P<qualifier>[\w$.-]+))?"
)


class Name(NamedTuple):
    """What a request means: a context in the function's account, its name, and the qualifier ("": none was given)."""

    ctx: Context
    function: str
    qualifier: str

    @property
    def arn(self) -> str:
        return self.ctx.arn(f"function:{self.function}" + (f":{self.qualifier}" if self.qualifier else ""))


class Found(NamedTuple):
    """A version of a function, a context in its account, and the qualifier that led to it ("": none was given)."""

    ctx: Context
    version: Version
    qualifier: str

    @property
    def arn(self) -> str:
        """As the request named it: with the alias, not with the version behind it."""
        return Name(self.ctx, self.version.function, self.qualifier).arn


def account_of(ctx: Context, given: str) -> str:
    """The account of a function by its name or ARN."""
    return (_parts(given)["account"] if NAME.fullmatch(given) else "") or ctx.account


def read(ctx: Context, given: str, qualifier: str = "") -> Name:
    """Raises: InvalidParameterValueException for two qualifiers that differ, ResourceNotFoundException for a function
    of another region."""
    parts = _parts(given)
    if parts["region"] and parts["region"] != ctx.region:
        raise errors.ResourceNotFoundException(
            reason=f"Functions from '{parts['region']}' are not reachable in this region ('{ctx.region}')"
        )
    if parts["qualifier"] and qualifier and parts["qualifier"] != qualifier:
        raise errors.InvalidParameterValueException(
            reason="The derived qualifier from the function name does not match the specified qualifier."
        )
    if parts["account"] and parts["account"] != ctx.account:
        ctx = ctx.at(account=parts["account"])
    return Name(ctx, parts["name"], parts["qualifier"] or qualifier)


@functools.lru_cache(maxsize=4096)
def _parts(given: str) -> dict[str, str]:
    found = NAME.fullmatch(given)
    return found.groupdict(default="") if found else {"region": "", "account": "", "name": given, "qualifier": ""}


def function_of(name: Name) -> Function:
    """Raises: ResourceNotFoundException, with the qualifier that was given."""
    if (found := _functions.get(name.ctx, name.function)) is None:
        raise missing(name)
    return found


def missing(name: Name) -> AwsError:
    return errors.ResourceNotFoundException(reason=f"Function not found: {name.arn}")


def no_alias(name: Name) -> AwsError:
    return errors.ResourceNotFoundException(reason=f"Cannot find alias arn: {name.arn}")


def qualified(ctx: Context, given: str, qualifier: str = "") -> Version:
    """The version that an invocation runs; see `choose`."""
    return choose(ctx, given, qualifier).version


def choose(ctx: Context, given: str, qualifier: str = "") -> Found:
    """The version that an invocation of a function by its name, partial or full ARN runs: of an alias with two
    versions one by their weights.

    Raises: ResourceNotFoundException (with "$LATEST" where no qualifier was given), InvalidParameterValueException.
    """
    name = read(ctx, given, qualifier)
    if not name.qualifier and versions.get(name.ctx, name.function, LATEST) is None:
        raise missing(name._replace(qualifier=LATEST))
    return _found(name, weighted=True)


def describe(ctx: Context, given: str, qualifier: str = "") -> Found:
    """As `choose`, of an alias always its first version: what is told of a function."""
    return _found(read(ctx, given, qualifier), weighted=False)


def _found(name: Name, *, weighted: bool) -> Found:
    version = name.qualifier or LATEST
    if not version.isdigit() and version != LATEST:
        if (alias := aliases.get(name.ctx, name.function, version)) is None:
            raise missing(name)
        version = _drawn(name.ctx, alias) if weighted else alias.version
    if (found := versions.get(name.ctx, name.function, version)) is None:
        raise missing(name)
    return Found(name.ctx, found, name.qualifier)


def _drawn(ctx: Context, alias: Alias) -> str:
    for version, weight in alias.weights.items():
        if ctx.ids.random() < weight:
            return version
    return alias.version


def published(name: Name) -> None:
    """See that a qualifier is a version or an alias that is there.

    Raises: ResourceNotFoundException, in other words of an alias.
    """
    if name.qualifier == LATEST or name.qualifier.isdigit() or "$" in name.qualifier:
        if versions.get(name.ctx, name.function, name.qualifier) is None:
            raise missing(name)
    elif aliases.get(name.ctx, name.function, name.qualifier) is None:
        raise no_alias(name)
