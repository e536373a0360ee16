"""GetParameter, GetParameters, GetParametersByPath, GetParameterHistory."""

from __future__ import annotations

from collections.abc import Coroutine, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.services.ssm import errors, filters, public, references, values, views
from hodei.services.ssm.labels import labels_of
from hodei.services.ssm.names import Found, find, read_path, version_of
from hodei.services.ssm.pages import read_page
from hodei.services.ssm.service import ssm
from hodei.services.ssm.state import Parameter, parameters, versions

Result = dict[str, Any]
BY_PATH_PAGE, HISTORY_PAGE = 10, 50


@ssm.operation("GetParameter")
def get_parameter(ctx: Context, *, Name: str, WithDecryption: bool = False) -> Result | Coroutine[Any, Any, Result]:
    if references.is_reference(Name):
        return _referred(ctx, Name, decrypt=WithDecryption)
    return {"Parameter": one(ctx, Name, decrypt=WithDecryption)}


async def _referred(ctx: Context, name: str, *, decrypt: bool) -> Result:
    return {"Parameter": await references.parameter(ctx, name, decrypt=decrypt)}


def one(ctx: Context, given: str, *, decrypt: bool) -> Result:
    """A parameter by name or ARN. Raises: ParameterNotFound, ParameterVersionNotFound, ValidationException."""
    if public.is_public(given):
        return public.parameter(ctx, given)
    found = find(ctx, given)
    return views.parameter(found, version_of(found), decrypt=decrypt)


@ssm.operation("GetParameters")
def get_parameters(
    ctx: Context, *, Names: Sequence[str], WithDecryption: bool = False
) -> Result | Coroutine[Any, Any, Result]:
    if len(set(Names)) < len(Names):
        raise errors.ValidationException("The list of parameter names contains a name more than once.")
    if any(map(references.is_reference, Names)):
        return _many_referred(ctx, Names, decrypt=WithDecryption)
    got: list[Result] = []
    invalid = []
    for name in Names:
        try:
            got.append(one(ctx, name, decrypt=WithDecryption))
        except (errors.ParameterNotFound, errors.ParameterVersionNotFound):
            invalid.append(name)
    return _many(got, invalid)


async def _many_referred(ctx: Context, names: Sequence[str], *, decrypt: bool) -> Result:
    got: list[Result] = []
    invalid = []
    for name in names:
        try:
            if references.is_reference(name):
                got.append(await references.parameter(ctx, name, decrypt=decrypt))
            else:
                got.append(one(ctx, name, decrypt=decrypt))
        except AwsError as error:
            if error.code not in ("ParameterNotFound", "ParameterVersionNotFound"):
                raise
            invalid.append(name)
    return _many(got, invalid)


def _many(got: list[Result], invalid: list[str]) -> Result:
    return {"Parameters": sorted(got, key=lambda parameter: str(parameter["Name"])), "InvalidParameters": invalid}


@ssm.operation("GetParametersByPath")
def get_parameters_by_path(
    ctx: Context,
    *,
    Path: str,
    Recursive: bool = False,
    ParameterFilters: Sequence[Mapping[str, Any]] = filters.NONE,
    WithDecryption: bool = False,
    MaxResults: int = BY_PATH_PAGE,
    NextToken: str | None = None,
) -> Result:
    path = read_path(Path)
    last = read_page(ctx, NextToken)
    test = filters.for_path(ParameterFilters)
    found: Iterator[Result]
    if public.is_public(path):
        found = public.under(ctx, path, recursive=Recursive, after=last)
    else:
        below = under(ctx, path, recursive=Recursive, after=last)
        labelled = (test(Found(ctx, parameter)) for parameter in below)
        found = (views.parameter(one, version_of(one), decrypt=WithDecryption) for one in labelled if one)
    page = list(islice(found, MaxResults + 1))
    answer: Result = {"Parameters": page[:MaxResults]}
    if len(page) > MaxResults:
        answer["NextToken"] = ctx.token(page[MaxResults - 1]["Name"])
    return answer


def under(ctx: Context, path: str, *, recursive: bool, after: str | None = None) -> Iterator[Parameter]:
    """The parameters below a path, "" for the root, where names without a slash lie too."""
    prefix = f"{path}/"
    bounds: dict[str, Any] = {"start": (prefix,), "end": (f"{path}0",)} if path else {}  # "0" comes after "/"
    for parameter in parameters.scan(ctx, **bounds, after=None if after is None else (after,)):
        if recursive or "/" not in parameter.name.removeprefix(prefix):
            yield parameter


@ssm.operation("GetParameterHistory")
def get_parameter_history(
    ctx: Context,
    *,
    Name: str,
    WithDecryption: bool = False,
    MaxResults: int = HISTORY_PAGE,
    NextToken: str | None = None,
) -> Result:
    there, parameter, _ = find(ctx, Name)
    last = read_page(ctx, NextToken)
    rows = versions.scan(there, parameter.name, after=None if last is None else (last,))
    page = list(islice(rows, MaxResults + 1))
    answer: Result = {
        "Parameters": [
            {
                **views.metadata(version),
                "Value": values.shown(there, version, decrypt=WithDecryption),
                "Labels": labels_of(parameter, version.number),
            }
            for version in page[:MaxResults]
        ]
    }
    if len(page) > MaxResults:
        answer["NextToken"] = ctx.token(page[MaxResults - 1].number)
    return answer
