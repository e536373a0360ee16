"""Keys: made, described, listed, enabled, disabled."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.kernel.iam.pins import pinned
from hodei.services.kms import errors, key_stores, pages, policies, states, tagging, views
from hodei.services.kms.find import ALIAS, Found, find, find_for_use, read
from hodei.services.kms.making import kept, made
from hodei.services.kms.managed import managed_key, service_of
from hodei.services.kms.material import rotation
from hodei.services.kms.service import kms
from hodei.services.kms.specs import ENCRYPT, SPECS, SYMMETRIC, Spec
from hodei.services.kms.state import Key, aliases, keys
from hodei.services.kms.using import use

PAGE = 100
EXTERNAL = "EXTERNAL"


@kms.operation("CreateKey")
async def create_key(
    ctx: Context,
    *,
    Policy: str = "",
    Description: str = "",
    KeyUsage: str = "",
    CustomerMasterKeySpec: str = "",
    KeySpec: str = "",
    Origin: str = "AWS_KMS",
    CustomKeyStoreId: str = "",
    BypassPolicyLockoutSafetyCheck: bool = False,
    Tags: tagging.Tags = tagging.NO_TAGS,
    MultiRegion: bool = False,
    XksKeyId: str = "",
) -> dict[str, Any]:
    spec = _spec(KeySpec, CustomerMasterKeySpec)
    usage = _usage(spec, KeyUsage)
    key_stores.check_for_key(ctx, Origin, CustomKeyStoreId, XksKeyId)
    tags = tagging.merged({}, Tags)
    if Policy:
        policies.check(ctx, Policy)
    secret = b"" if Origin == EXTERNAL else await made(ctx, spec.name)
    _check_quota(ctx)
    key = Key(
        id=f"mrk-{ctx.ids.hex(32)}" if MultiRegion else ctx.ids.uuid(),
        spec_name=spec.name,
        usage=usage,
        origin=Origin,
        created=ctx.now,
        policy=pinned(ctx, Policy),
        state=states.PENDING_IMPORT if Origin == EXTERNAL else states.ENABLED,
        description=Description,
        primary=ctx.region if MultiRegion else "",
    )
    found = kept(ctx, key, secret)
    ctx.tags.set(ctx, found.arn, tags)
    if Policy:
        policies.check_not_locked_out(found, BypassPolicyLockoutSafetyCheck)
    return {"KeyMetadata": views.metadata(found)}


def _spec(given: str, older: str) -> Spec:
    if given and older:
        raise errors.ValidationException(
            reason="You cannot specify KeySpec and CustomerMasterKeySpec in the same request. CustomerMasterKeySpec is "
            "deprecated."
        )
    return SPECS[given or older or SYMMETRIC]


def _usage(spec: Spec, given: str) -> str:
    if not given and not spec.symmetric:
        raise errors.ValidationException(
            reason="You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys."
        )
    usage = given or ENCRYPT
    if usage not in spec.usages:
        raise errors.ValidationException(reason=f"KeyUsage {usage} is not compatible with KeySpec {spec.name}")
    return usage


def _check_quota(ctx: Context) -> None:
    limit = int(ctx.quota("keys"))
    if keys.count(ctx) >= limit and sum(key.manager == "CUSTOMER" for key in keys.scan(ctx)) >= limit:
        raise errors.LimitExceededException(reason=f"You have reached the limit of {limit} KMS keys in this Region.")


@kms.operation("DescribeKey")
def describe_key(ctx: Context, *, KeyId: str, GrantTokens: use.Tokens = use.NO_TOKENS) -> dict[str, Any]:
    """An alias that AWS reserves for a service gets its key when it is first asked for."""
    use.check_tokens(ctx, GrantTokens)
    where, name = read(ctx, KeyId)
    if name.startswith(ALIAS) and not aliases.get(where, name) and (service := service_of(name)):
        return {"KeyMetadata": views.metadata(managed_key(where, service))}
    return {"KeyMetadata": views.metadata(find_for_use(ctx, KeyId))}


@kms.operation("ListKeys")
def list_keys(ctx: Context, *, Limit: int = PAGE, Marker: str = "") -> dict[str, Any]:
    found = keys.scan(ctx, after=pages.after(ctx, Marker))
    page, rest = pages.cut(ctx, found, Limit, lambda key: (key.id,))
    return {"Keys": [{"KeyId": key.id, "KeyArn": key.arn(ctx)} for key in page], **rest}


@kms.operation("UpdateKeyDescription")
def update_key_description(ctx: Context, *, KeyId: str, Description: str) -> None:
    found = find(ctx, KeyId)
    states.check_not_pending_deletion(found)
    keys.put(ctx, replace(found.key, description=Description))


@kms.operation("EnableKey")
def enable_key(ctx: Context, *, KeyId: str) -> None:
    found = find(ctx, KeyId)
    states.check_not_pending(found)
    enabled = replace(found.key, state=states.ENABLED)
    keys.put(ctx, enabled)
    rotation.catch_up(Found(ctx, enabled))


@kms.operation("DisableKey")
def disable_key(ctx: Context, *, KeyId: str) -> None:
    found = find(ctx, KeyId)
    states.check_not_pending(found)
    keys.put(ctx, replace(found.key, state=states.DISABLED))
