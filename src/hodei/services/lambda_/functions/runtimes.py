"""Runtimes: which ones new functions may have, and the ARNs of their versions.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html, and what AWS's refusals list (recorded).
"""

from __future__ import annotations

import hashlib

from hodei.kernel.arns import partition_of
from hodei.kernel.context import Context
from hodei.services.lambda_ import rules

REFUSED = frozenset(
    {
        "nodejs", "nodejs4.3", "nodejs4.3-edge", "nodejs6.10", "nodejs8.10", "nodejs10.x", "nodejs12.x", "nodejs14.x",
        "java8", "python2.7", "python3.6", "python3.7", "dotnetcore1.0", "dotnetcore2.0", "dotnetcore2.1",
        "dotnetcore3.1", "go1.x", "ruby2.5", "ruby2.7", "provided",
    }
)  # fmt: skip
SNAP_STARTED = ("java11", "java17", "java21", "java25", "python3.12", "python3.13", "python3.14", "dotnet8", "dotnet10")


def check(runtime: str) -> None:
    """Raises: InvalidParameterValueException."""
    if runtime in REFUSED:
        raise rules.invalid(
            f"The runtime parameter of {runtime} is no longer supported for creating or updating AWS Lambda functions. "
            "We recommend you use a supported runtime while creating or updating functions."
        )


def version_arn(ctx: Context, runtime: str) -> str:
    """There is one version of each runtime here: what this machine has."""
    digest = hashlib.sha256(runtime.encode()).hexdigest()
    return f"arn:{partition_of(ctx.region)}:lambda:{ctx.region}::runtime:{digest}"
