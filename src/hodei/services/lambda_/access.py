"""Which functions and layers a request is about, whose they are, and what their policies say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hodei.kernel.arns import Arn
from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.kernel.iam.hooks import ResourcePolicy
from hodei.kernel.iam.needs import Need
from hodei.services.lambda_ import find
from hodei.services.lambda_.find import Name
from hodei.services.lambda_.functions.roles import SERVICE
from hodei.services.lambda_.layers import content
from hodei.services.lambda_.service import lambda_
from hodei.services.lambda_.state import mappings, policies, urls

Params = Mapping[str, Any]


@lambda_.finds("function")
def functions_named(ctx: Context, params: Params) -> Iterator[str]:
    """With the qualifier that was given. What names no function the operation itself refuses."""
    given = params.get("FunctionName")
    if given is None:
        arn = params.get("Resource", params.get("ResourceArn", ""))
        if ":function:" in arn:
            yield arn
    elif name := _named(ctx, given, params.get("Qualifier", "")):
        yield name.arn


def _named(ctx: Context, given: str, qualifier: str = "") -> Name | None:
    try:
        return find.read(ctx, given, qualifier)
    except AwsError:
        return None


lambda_.finds("function alias")(functions_named)
lambda_.finds("function version")(functions_named)


@lambda_.finds("layer")
def layers_named(ctx: Context, params: Params) -> Iterator[str]:
    if name := params.get("LayerName"):
        yield name if name.startswith("arn:") else ctx.arn(f"layer:{name}")


@lambda_.finds("layerVersion")
def layer_versions_named(ctx: Context, params: Params) -> Iterator[str]:
    if "Arn" in params:
        yield params["Arn"]
    for layer in layers_named(ctx, params):
        yield f"{layer}:{params['VersionNumber']}"


@lambda_.finds("eventSourceMapping")
def mappings_named(ctx: Context, params: Params) -> Iterator[str]:
    if "UUID" in params:
        yield ctx.arn(f"event-source-mapping:{params['UUID']}")
    elif ":event-source-mapping:" in params.get("Resource", ""):
        yield params["Resource"]


@lambda_.finds("code signing config")
def signings_named(ctx: Context, params: Params) -> Iterator[str]:
    arn = params.get("CodeSigningConfigArn", params.get("Resource", ""))
    if ":code-signing-config:" in arn:
        yield arn


@lambda_.needs_of("CreateFunction")
def to_create(ctx: Context, params: Params) -> Iterator[Need]:
    for arn in functions_named(ctx, params):
        yield Need("lambda:CreateFunction", arn)
    yield Need("iam:PassRole", params["Role"])


@lambda_.needs_of("UpdateFunctionConfiguration")
def to_update(ctx: Context, params: Params) -> Iterator[Need]:
    for arn in functions_named(ctx, params):
        yield Need("lambda:UpdateFunctionConfiguration", arn)
    if "Role" in params:
        yield Need("iam:PassRole", params["Role"])


@lambda_.on_resource
def policy_of(ctx: Context, arn: str) -> ResourcePolicy | None:
    try:
        place = Arn.parse(arn)
    except ValueError:
        return None
    if place.resource.startswith("layer:"):
        found = content.find(ctx, arn)
        return ResourcePolicy(place.account, found.version.policy if found else "")
    if place.service == "iam" or not place.resource.startswith("function:"):
        return None
    _, function, *qualifier = place.resource.split(":")
    there = ctx.at(account=place.account, region=place.region)
    policy = policies.get(there, function, qualifier[0] if qualifier else "")
    return ResourcePolicy(place.account, policy.document if policy else "")


@lambda_.without_policy
def unguarded(ctx: Context, params: Params) -> bool:
    if "FunctionName" not in params:
        return False
    name = _named(ctx, params["FunctionName"], params.get("Qualifier", ""))
    return name is not None and name.ctx is ctx and not policies.get(ctx, name.function, name.qualifier)


def _tags_of(ctx: Context, arn: str) -> Mapping[str, str]:
    """Versions and aliases have those of their function."""
    return ctx.tags.get(ctx, ":".join(arn.split(":")[:7]))


lambda_.resource_tags = _tags_of


@lambda_.condition_key("iam:PassedToService")
def passed_to(ctx: Context, params: Params) -> str:
    return SERVICE


@lambda_.condition_key("lambda:FunctionArn")
def function_arn(ctx: Context, params: Params) -> str | None:
    """Of an event source mapping or a URL."""
    if "FunctionName" in params:
        name = _named(ctx, params["FunctionName"], params.get("Qualifier", ""))
        return name.arn if name else None
    mapping = mappings.get(ctx, params["UUID"]) if "UUID" in params else None
    return mapping.function if mapping else None


@lambda_.condition_key("lambda:InvokedViaFunctionUrl")
def via_url(ctx: Context, params: Params) -> bool | None:
    return params.get("InvokedViaFunctionUrl")


@lambda_.condition_key("lambda:FunctionUrlAuthType")
def auth_type(ctx: Context, params: Params) -> str | None:
    given: str | None = params.get("AuthType", params.get("FunctionUrlAuthType"))
    name = _named(ctx, params["FunctionName"], params.get("Qualifier", "")) if "FunctionName" in params else None
    if given is None and name and (url := urls.get(name.ctx, name.function, name.qualifier)):
        return url.auth
    return given
