"""Where results of asynchronous invocations may go.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
"""

from __future__ import annotations

from hodei.kernel.arns import Arn
from hodei.kernel.errors import AwsError
from hodei.services.lambda_ import rules
from hodei.services.lambda_.find import Name, describe
from hodei.services.lambda_.functions import roles
from hodei.services.lambda_.state import LATEST, Wire, versions

ACTIONS = {
    "sqs": ("sqs:SendMessage", "SendMessage on SQS"),
    "sns": ("sns:Publish", "Publish on SNS"),
    "events": ("events:PutEvents", "PutEvents on EventBridge"),
    "lambda": ("lambda:InvokeFunction", "InvokeFunction on Lambda"),
    "s3": ("s3:PutObject", "PutObject on S3"),
}
MEMBERS = ("OnSuccess", "OnFailure")


def read(name: Name, config: Wire) -> dict[str, str]:
    """The destinations of a DestinationConfig, checked; "" takes one away. Raises: InvalidParameterValueException."""
    found = {member: config[member].get("Destination", "") for member in MEMBERS if member in config}
    for arn in filter(None, found.values()):
        _check(name, arn, config)
    return found


def _check(name: Name, arn: str, config: Wire) -> None:
    service = Arn.parse(arn).service
    if service not in ACTIONS or (service == "s3" and "Destination" in config.get("OnSuccess", {})):
        raise rules.invalid(f"The provided destination config {_java(config)} is invalid.")
    if service == "lambda":
        _check_function(name, arn)
    latest = versions.get(name.ctx, name.function, LATEST)
    action, words = ACTIONS[service]
    resource = f"{arn}/*" if service == "s3" else arn
    if latest and not roles.may(name.ctx, name.function, latest.role, action, resource):
        raise rules.invalid(f"The function's execution role does not have permissions to call {words}")


def _check_function(name: Name, arn: str) -> None:
    try:
        other = describe(name.ctx, arn)
    except AwsError:
        raise rules.invalid(f"The destination ARN {arn} is invalid.") from None
    if other.version.function == name.function and other.ctx.account == name.ctx.account:
        raise rules.invalid("You can't specify the function as a destination for itself.")


def _java(config: Wire) -> str:
    parts = []
    for member in MEMBERS:
        arn = config.get(member, {}).get("Destination")
        words = f"{member}(destination={arn})" if arn else "null"
        parts.append(f"{member[0].lower()}{member[1:]}={words}")
    return f"DestinationConfig({', '.join(parts)})"
