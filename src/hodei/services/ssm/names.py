"""Names of parameters: what one may be, and how a request names a parameter, a version, a label.

https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-su-create.html
"""

from __future__ import annotations

import re
from typing import NamedTuple

from hodei.kernel.context import Context
from hodei.services.ssm import errors
from hodei.services.ssm.state import Parameter, Version, arn_of, parameters, versions

LEVELS = 15
ARN_LENGTH = 1011
NAME = re.compile(r"/?[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)*")
PATH = re.compile(r"/|(?:/[A-Za-z0-9_.-]+)+/?")
ARN = re.compile(r"arn:[^:]+:ssm:([^:]+):([0-9]{12}):parameter/([^:]+)(?::(.+))?")
WRONG = (
    'Parameter name: can\'t be prefixed with "ssm" (case-insensitive). If formed as a path, it can consist of '
    "sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the "
    "following 3 symbols .-_"
)
WRONG_PATH = (
    "The parameter doesn't meet the parameter name requirements. The parameter name must begin with a forward slash "
    r""""/". It can't be prefixed with \"aws\" or \"ssm\" (case-insensitive). It must use only letters, numbers, or """
    "the following symbols: . (period), - (hyphen), _ (underscore). Special characters are not allowed. All sub-paths, "
    'if specified, must use the forward slash symbol "/". Valid example: /get/parameters2-/by1./path0_.'
)


class Found(NamedTuple):
    """A parameter and the place where it lies, which may be another account's. `selector` begins with its colon."""

    ctx: Context
    parameter: Parameter
    selector: str = ""

    @property
    def arn(self) -> str:
        return arn_of(self.ctx, self.parameter.name)


def check_new(ctx: Context, name: str) -> None:
    """Raises: ValidationException, AccessDeniedException, HierarchyLevelLimitExceededException."""
    begin = name.removeprefix("/").lower()
    if begin.startswith("aws"):
        raise errors.AccessDeniedException(name=name)
    if begin.startswith("ssm") or not NAME.fullmatch(name):
        raise errors.ValidationException(WRONG)
    if "/" in name and not name.startswith("/"):
        raise errors.ValidationException("Parameter name must be a fully qualified name.")
    if name.removeprefix("/").count("/") >= LEVELS:
        raise errors.HierarchyLevelLimitExceededException(most=LEVELS)
    if len(arn_of(ctx, name)) > ARN_LENGTH:
        raise errors.ValidationException(f"The ARN of a parameter can have at most {ARN_LENGTH} characters.")


def read_path(path: str) -> str:
    """A path without the slash at its end. Raises: ValidationException."""
    path = path.strip()
    if not PATH.fullmatch(path):
        raise errors.ValidationException(WRONG_PATH)
    return path.rstrip("/")


def split(given: str) -> tuple[str, str]:
    """A name, and the version or label behind it with its colon. Raises: ValidationException."""
    name, colon, selector = given.strip().partition(":")
    if not NAME.fullmatch(name) or ("/" in name and not name.startswith("/")):
        raise errors.ValidationException(WRONG)
    return name, colon + selector


def look(ctx: Context, given: str) -> Found | None:
    """The parameter of a name or ARN, either perhaps with a selector. Raises: ValidationException."""
    if not (arn := ARN.fullmatch(given.strip())):
        name, selector = split(given)
        parameter = parameters.get(ctx, name)
        return Found(ctx, parameter, selector) if parameter else None
    region, account, name, selector = arn.groups()
    if region != ctx.region:
        return None
    there = ctx if account == ctx.account else ctx.at(account=account)
    parameter = parameters.get(there, f"/{name}") or parameters.get(there, name)  # the ARN of both is the same
    return Found(there, parameter, f":{selector}" if selector else "") if parameter else None


def find(ctx: Context, given: str) -> Found:
    """Raises: ParameterNotFound, which says nothing; ValidationException."""
    if (found := look(ctx, given)) is None:
        raise errors.ParameterNotFound()
    return found


def find_own(ctx: Context, given: str) -> Found:
    """A parameter by its name alone: what operations that change one want. Raises: as `find`."""
    name, selector = split(given)
    parameter = parameters.get(ctx, name)
    if parameter is None or selector:
        raise errors.ParameterNotFound()
    return Found(ctx, parameter)


def version_of(found: Found) -> Version:
    """The version that is asked for. Raises: ParameterVersionNotFound."""
    ctx, parameter, selector = found
    wanted = selector[1:]
    number = int(wanted) if wanted.isdecimal() else parameter.labels.get(wanted, 0) if wanted else parameter.version
    if (version := versions.get(ctx, parameter.name, number)) is None:
        what = f"version {wanted} of {parameter.name}. Verify the version and try again."
        if not wanted.isdecimal():
            what = f"label {wanted} for parameter {parameter.name}. Verify the label and try again."
        raise errors.ParameterVersionNotFound(f"Systems Manager could not find {what}")
    return version


def number_of(found: Found, number: int) -> Version:
    """Raises: ParameterVersionNotFound."""
    return version_of(found._replace(selector=f":{number}"))
