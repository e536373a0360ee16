"""Code signing configurations. Signatures come from AWS Signer, which is not there, so that no package is signed: where
a configuration is to be enforced none can be deployed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.kernel.ids import ALPHANUMERIC
from hodei.kernel.tags import EMPTY
from hodei.services.lambda_ import errors, pages, rules
from hodei.services.lambda_.find import Name, function_of, read
from hodei.services.lambda_.service import lambda_
from hodei.services.lambda_.state import NONE, Function, Signing, Wire, functions, signings

WARN, ENFORCE = "Warn", "Enforce"
PREFIX = "code-signing-config:"


@lambda_.operation("CreateCodeSigningConfig")
def create_code_signing_config(
    ctx: Context,
    *,
    AllowedPublishers: Wire,
    Description: str = "",
    CodeSigningPolicies: Wire = NONE,
    Tags: Mapping[str, str] = NONE,
) -> dict[str, Any]:
    rules.check_tags(Tags)
    signing = Signing(
        id="csc-" + "".join(ctx.ids.choices(ALPHANUMERIC.lower(), k=17)),
        publishers=tuple(AllowedPublishers["SigningProfileVersionArns"]),
        policy=CodeSigningPolicies.get("UntrustedArtifactOnDeployment", WARN),
        description=Description,
        modified=ctx.now,
    )
    signings.put(ctx, signing)
    ctx.tags.set(ctx, _arn(ctx, signing), Tags)
    return {"CodeSigningConfig": _shown(ctx, signing)}


@lambda_.operation("GetCodeSigningConfig")
def get_code_signing_config(ctx: Context, *, CodeSigningConfigArn: str) -> dict[str, Any]:
    return {"CodeSigningConfig": _shown(ctx, _existing(ctx, CodeSigningConfigArn))}


@lambda_.operation("UpdateCodeSigningConfig")
def update_code_signing_config(
    ctx: Context,
    *,
    CodeSigningConfigArn: str,
    Description: str | None = None,
    AllowedPublishers: Wire = NONE,
    CodeSigningPolicies: Wire = NONE,
) -> dict[str, Any]:
    signing = _existing(ctx, CodeSigningConfigArn)
    signing = replace(
        signing,
        description=signing.description if Description is None else Description,
        publishers=tuple(AllowedPublishers.get("SigningProfileVersionArns", signing.publishers)),
        policy=CodeSigningPolicies.get("UntrustedArtifactOnDeployment", signing.policy),
        modified=ctx.now,
    )
    signings.put(ctx, signing)
    return {"CodeSigningConfig": _shown(ctx, signing)}


@lambda_.operation("DeleteCodeSigningConfig")
def delete_code_signing_config(ctx: Context, *, CodeSigningConfigArn: str) -> None:
    signing = _existing(ctx, CodeSigningConfigArn)
    if functions.count(ctx, CodeSigningConfigArn, index="signing"):
        raise errors.ResourceConflictException(
            reason="Cannot delete the code signing configuration: it is attached to functions."
        )
    signings.delete(ctx, signing.id)
    ctx.tags.set(ctx, CodeSigningConfigArn, EMPTY)


@lambda_.operation("ListCodeSigningConfigs")
def list_code_signing_configs(ctx: Context, *, Marker: str = "", MaxItems: int = pages.MANY) -> dict[str, Any]:
    found = signings.scan(ctx, after=pages.after(ctx, Marker))
    page, rest = pages.cut(ctx, found, MaxItems, lambda signing: (signing.id,))
    return {"CodeSigningConfigs": [_shown(ctx, signing) for signing in page], **rest}


@lambda_.operation("ListFunctionsByCodeSigningConfig")
def list_functions_by_code_signing_config(
    ctx: Context, *, CodeSigningConfigArn: str, Marker: str = "", MaxItems: int = pages.MANY
) -> dict[str, Any]:
    _existing(ctx, CodeSigningConfigArn)
    found = functions.by("signing", ctx, CodeSigningConfigArn, after=pages.after(ctx, Marker))
    page, rest = pages.cut(ctx, found, MaxItems, lambda function: (function.name,))
    return {"FunctionArns": [ctx.arn(f"function:{function.name}") for function in page], **rest}


# What a function has of it.


@lambda_.operation("PutFunctionCodeSigningConfig")
def put_function_code_signing_config(ctx: Context, *, CodeSigningConfigArn: str, FunctionName: str) -> dict[str, Any]:
    check_used(ctx, CodeSigningConfigArn)
    name, function = _function(ctx, FunctionName)
    functions.put(name.ctx, replace(function, signing=CodeSigningConfigArn), old=function)
    return {"CodeSigningConfigArn": CodeSigningConfigArn, "FunctionName": name.function}


@lambda_.operation("GetFunctionCodeSigningConfig")
def get_function_code_signing_config(ctx: Context, *, FunctionName: str) -> dict[str, Any]:
    name, function = _function(ctx, FunctionName)
    if function.signing is None:
        return {}
    return {"CodeSigningConfigArn": function.signing, "FunctionName": name.function}


@lambda_.operation("DeleteFunctionCodeSigningConfig")
def delete_function_code_signing_config(ctx: Context, *, FunctionName: str) -> None:
    name, function = _function(ctx, FunctionName)
    functions.put(name.ctx, replace(function, signing=None), old=function)


def check_used(ctx: Context, arn: str) -> None:
    """That a configuration that a function is to have is there. Raises: CodeSigningConfigNotFoundException."""
    if arn and find(ctx, arn) is None:
        raise errors.CodeSigningConfigNotFoundException(arn=arn)


def check_deployable(ctx: Context, arn: str | None) -> None:
    """Raises: CodeVerificationFailedException."""
    if arn and (signing := find(ctx, arn)) and signing.policy == ENFORCE:
        raise errors.CodeVerificationFailedException(
            reason="Lambda cannot deploy the function. The function or layer might be signed using a signature that "
            "the client is not configured to accept. Check the provided signature for unsigned."
        )


def find(ctx: Context, arn: str) -> Signing | None:
    """The configuration of an ARN of this account and region."""
    id = arn.rpartition(":")[2]
    return signings.get(ctx, id) if arn == ctx.arn(f"{PREFIX}{id}") else None


def missing(arn: str) -> AwsError:
    return errors.ConfigurationNotFound(arn=arn)


def _existing(ctx: Context, arn: str) -> Signing:
    if (found := find(ctx, arn)) is None:
        raise missing(arn)
    return found


def _function(ctx: Context, given: str) -> tuple[Name, Function]:
    name = read(ctx, given)
    return name, function_of(name)


def _arn(ctx: Context, signing: Signing) -> str:
    return ctx.arn(f"{PREFIX}{signing.id}")


def _shown(ctx: Context, signing: Signing) -> dict[str, Any]:
    return {
        "CodeSigningConfigId": signing.id,
        "CodeSigningConfigArn": _arn(ctx, signing),
        "Description": signing.description,
        "AllowedPublishers": {"SigningProfileVersionArns": list(signing.publishers)},
        "CodeSigningPolicies": {"UntrustedArtifactOnDeployment": signing.policy},
        "LastModified": rules.timestamp(signing.modified),
    }
