"""Who may do what with which key: the key policy, grants, and the condition keys of KMS.

https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from hodei.kernel.arns import Arn, partition_of
from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.kernel.iam.hooks import ResourcePolicy
from hodei.kernel.iam.needs import Need
from hodei.services.kms import policies
from hodei.services.kms.find import ALIAS, Found, find_for_use, read, target
from hodei.services.kms.grants import WITH_CONTEXT, retirable
from hodei.services.kms.material.rotation import DAY, DEFAULT_DAYS
from hodei.services.kms.service import kms
from hodei.services.kms.specs import ENCRYPT, SYMMETRIC
from hodei.services.kms.state import Grant, Key, aliases, grants, keys, usages
from hodei.services.kms.using import ciphers

Params = Mapping[str, Any]
NAMES_A_KEY = ("KeyId", "TargetKeyId")


# What requests are about.


@kms.finds("key")
def keys_named(ctx: Context, params: Params) -> Iterator[str]:
    """What names no key the operation itself refuses."""
    for member in NAMES_A_KEY:
        if member in params:
            yield from _arn_of(ctx, params[member])
    if ctx.operation in ("UpdateAlias", "DeleteAlias"):
        yield from _arn_of(ctx, params["AliasName"])
    if "KeyId" not in params and "CiphertextBlob" in params:
        try:
            about = ciphers.reference(params["CiphertextBlob"])
        except AwsError:
            return
        yield ctx.at(account=about.account).arn(f"key/{about.key}")


@kms.finds("alias")
def aliases_named(ctx: Context, params: Params) -> Iterator[str]:
    if "AliasName" in params:
        yield ctx.arn(params["AliasName"])


def _arn_of(ctx: Context, given: str) -> Iterator[str]:
    """The ARN of the key that is named so, whether it is there or not."""
    try:
        where, name = read(ctx, given)
        yield where.arn(f"key/{target(where, name) if name.startswith(ALIAS) else name}")
    except AwsError:
        return


@kms.needs_of("ReEncrypt")
def of_re_encrypt(ctx: Context, params: Params) -> Iterator[Need]:
    """Two keys, each with its own encryption context."""
    source = {
        "EncryptionContext": params.get("SourceEncryptionContext", {}),
        "EncryptionAlgorithm": params.get("SourceEncryptionAlgorithm", SYMMETRIC),
        **{name: params[given] for name, given in (("KeyId", "SourceKeyId"),) if given in params},
        **{name: params[name] for name in ("CiphertextBlob", "ViaService") if name in params},
    }
    destination = {
        "KeyId": params["DestinationKeyId"],
        "EncryptionContext": params.get("DestinationEncryptionContext", {}),
        "EncryptionAlgorithm": params.get("DestinationEncryptionAlgorithm", SYMMETRIC),
        **{name: params[name] for name in ("ViaService",) if name in params},
    }
    named = [list(keys_named(ctx, part)) for part in (source, destination)]
    same = {"ReEncryptOnSameKey": named[0] == named[1]}
    for action, part, arns in zip(("kms:ReEncryptFrom", "kms:ReEncryptTo"), (source, destination), named):
        for arn in arns:
            yield Need(action, arn, {**part, **same})


@kms.needs_of("RetireGrant")
def of_retire_grant(ctx: Context, params: Params) -> Iterator[Need]:
    """Nothing, for whom the grant itself lets retire it: the retiring principal, and a grantee with RetireGrant."""
    try:
        grant = retirable(ctx, params.get("GrantToken", ""), params.get("KeyId", ""), params.get("GrantId", ""))
    except AwsError:
        return
    who = names_of(ctx)
    if grant.retiring in who or ("RetireGrant" in grant.operations and grant.grantee in who):
        return
    yield Need("kms:RetireGrant", ctx.at(account=grant.account).arn(f"key/{grant.key}"))


# Whose a key is.


@kms.on_resource
def policy_of(ctx: Context, arn: str) -> ResourcePolicy | None:
    """Of what is no key, or not there, the account's own policies decide."""
    place = Arn.parse(arn)
    where = ctx.at(account=place.account, region=place.region)
    key = keys.get(where, place.resource.removeprefix("key/"))
    if key is None:
        return ResourcePolicy(place.account, policies.default(where))
    document = policies.document_of(where, key)
    return ResourcePolicy(place.account, document, _granted(where, key), managed=key.manager == "AWS")


@kms.without_policy
def unguarded(ctx: Context, params: Params) -> bool:
    """A key of the caller's account with the default key policy, named by its id."""
    key = keys.get(ctx, params["KeyId"]) if "KeyId" in params and ctx.operation != "RetireGrant" else None
    return key is not None and not key.policy


# Grants, as a policy.


def names_of(ctx: Context) -> set[str]:
    """How grants may name the caller."""
    principal = ctx.principal
    root = f"arn:{partition_of(ctx.region)}:iam::{principal.account}:root"
    issuer = principal.session.issuer if principal.session else ""
    return {name for name in (principal.arn, issuer, principal.service, root) if name} - {"*"}


def _granted(where: Context, key: Key) -> str:
    """The grants of the caller, as a policy document."""
    statements = [
        statement
        for name in names_of(where)
        for grant in grants.by("grantees", where, where.region, where.account, key.id, name)
        for statement in _statements(grant)
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements}) if statements else ""


def _statements(grant: Grant) -> Iterator[dict[str, Any]]:
    """What a grant allows. A constraint on the encryption context is one on operations that have one; with CreateGrant
    it lets make grants only that are as narrow."""
    kind = "Service" if grant.grantee_is_service or not grant.grantee.startswith("arn:") else "AWS"
    basis: dict[str, Any] = {"Effect": "Allow", "Principal": {kind: grant.grantee}, "Resource": "*"}
    source = {"ArnEquals": {"aws:SourceArn": grant.source_arn}} if grant.source_arn else {}
    constraint = _constraint(grant)
    if bound := [f"kms:{name}" for name in grant.operations if name in WITH_CONTEXT]:
        yield {**basis, "Action": bound, "Condition": {**source, **constraint}}
    if free := [f"kms:{name}" for name in grant.operations if name not in WITH_CONTEXT and name != "CreateGrant"]:
        yield {**basis, "Action": free, "Condition": source}
    if "CreateGrant" in grant.operations:
        narrower: dict[str, Any] = {**source, **constraint}
        every = {"kms:GrantOperations": list(grant.operations), **narrower.pop("ForAllValues:StringEquals", {})}
        if grant.equals:
            exactly = {"kms:GrantConstraintType": "EncryptionContextEquals"}
            narrower["StringEquals"] = {**narrower["StringEquals"], **exactly}
        yield {**basis, "Action": "kms:CreateGrant", "Condition": {**narrower, "ForAllValues:StringEquals": every}}


def _constraint(grant: Grant) -> dict[str, Any]:
    pairs = grant.equals or grant.subset
    if not pairs:
        return {}
    # "${" would begin a policy variable
    values = {f"kms:EncryptionContext:{key}": value.replace("${", "${$}{") for key, value in pairs.items()}
    condition: dict[str, Any] = {"StringEquals": values}
    if grant.equals:
        condition["ForAllValues:StringEquals"] = {"kms:EncryptionContextKeys": list(pairs)}
    return condition


# Condition keys.


def _key(ctx: Context, params: Params) -> Found | None:
    for member in NAMES_A_KEY:
        if member in params:
            try:
                return find_for_use(ctx, params[member])
            except AwsError:
                return None
    for arn in keys_named(ctx, params):
        try:
            return find_for_use(ctx, arn)
        except AwsError:
            return None
    return None


def _of_key(name: str, of_key: Callable[[Key], Any], of_request: Callable[[Params], Any]) -> None:
    """A condition key that is a property of the key in question, or of the one that is to be made."""

    def find(ctx: Context, params: Params) -> Any:
        if ctx.operation == "CreateKey":
            return of_request(params)
        found = _key(ctx, params)
        return of_key(found.key) if found else None

    kms.condition_key(name)(find)


for _name in ("kms:KeySpec", "kms:CustomerMasterKeySpec"):
    _of_key(
        _name,
        lambda key: key.spec_name,
        lambda params: params.get("KeySpec", params.get("CustomerMasterKeySpec", SYMMETRIC)),
    )
for _name in ("kms:KeyUsage", "kms:CustomerMasterKeyUsage"):
    _of_key(_name, lambda key: key.usage, lambda params: params.get("KeyUsage", ENCRYPT))
_of_key("kms:KeyOrigin", lambda key: key.origin, lambda params: params.get("Origin", "AWS_KMS"))
_of_key("kms:MultiRegion", lambda key: key.multi_region, lambda params: params.get("MultiRegion", False))


@kms.condition_key("kms:MultiRegionKeyType")
def multi_region_key_type(ctx: Context, params: Params) -> str | None:
    if ctx.operation == "CreateKey":
        return "PRIMARY" if params.get("MultiRegion") else None
    found = _key(ctx, params)
    if found is None or not found.key.multi_region:
        return None
    return "PRIMARY" if found.key.primary == ctx.region else "REPLICA"


@kms.condition_key("kms:ResourceAliases")
def resource_aliases(ctx: Context, params: Params) -> list[str] | None:
    found = _key(ctx, params)
    return [alias.name for alias in aliases.by("keys", found.ctx, found.key.id)] or None if found else None


@kms.condition_key("kms:RequestAlias")
def request_alias(ctx: Context, params: Params) -> str | None:
    _, found, name = params.get("KeyId", "").rpartition(ALIAS)
    return ALIAS + name if found else None


@kms.condition_key("kms:CallerAccount")
def caller_account(ctx: Context, params: Params) -> str | None:
    return ctx.principal.account or None


@kms.condition_key("kms:ViaService")
def via_service(ctx: Context, params: Params) -> str | None:
    """The service that asks on the caller's behalf: see `api`."""
    return params.get("ViaService")


@kms.condition_key("kms:GrantIsForAWSResource")
def grant_is_for_aws_resource(ctx: Context, params: Params) -> bool:
    return "ViaService" in params or bool(ctx.principal.service)


def _context(params: Params) -> Mapping[str, str]:
    """The encryption context of a request, of CreateGrant that of its constraint."""
    constraints = params.get("Constraints", {})
    found: Mapping[str, str] = params.get("EncryptionContext") or (
        constraints.get("EncryptionContextEquals") or constraints.get("EncryptionContextSubset") or {}
    )
    return found


@kms.condition_key("kms:EncryptionContext:")
def encryption_context(ctx: Context, params: Params) -> Mapping[str, str]:
    return _context(params)


@kms.condition_key("kms:EncryptionContextKeys")
def encryption_context_keys(ctx: Context, params: Params) -> list[str] | None:
    return list(_context(params)) or None


@kms.condition_key("kms:EncryptionAlgorithm")
def encryption_algorithm(ctx: Context, params: Params) -> str | None:
    if ctx.operation not in WITH_CONTEXT and ctx.operation != "ReEncrypt":
        return None
    return str(params.get("EncryptionAlgorithm", SYMMETRIC))


@kms.condition_key("kms:GrantConstraintType")
def grant_constraint_type(ctx: Context, params: Params) -> list[str] | None:
    names = ("EncryptionContextEquals", "EncryptionContextSubset")
    return [name for name in names if name in params.get("Constraints", {})] or None


@kms.condition_key("kms:MessageType")
def message_type(ctx: Context, params: Params) -> str | None:
    return str(params.get("MessageType", "RAW")) if ctx.operation in ("Sign", "Verify") else None


@kms.condition_key("kms:ReEncryptOnSameKey")
def re_encrypt_on_same_key(ctx: Context, params: Params) -> bool | None:
    return params.get("ReEncryptOnSameKey")


@kms.condition_key("kms:RotationPeriodInDays")
def rotation_period(ctx: Context, params: Params) -> int | None:
    return params.get("RotationPeriodInDays", DEFAULT_DAYS) if ctx.operation == "EnableKeyRotation" else None


@kms.condition_key("kms:ScheduleKeyDeletionPendingWindowInDays")
def pending_window(ctx: Context, params: Params) -> int | None:
    return params.get("PendingWindowInDays", 30) if ctx.operation == "ScheduleKeyDeletion" else None


@kms.condition_key("kms:TrailingDaysWithoutKeyUsage")
def trailing_days(ctx: Context, params: Params) -> int | None:
    """Since the key was last used, or made."""
    if ctx.operation not in ("ScheduleKeyDeletion", "DisableKey") or (found := _key(ctx, params)) is None:
        return None
    used = usages.get(found.ctx, found.key.id)
    return int((ctx.now - (used.at if used else found.key.created)) // DAY)


@kms.condition_key("kms:ValidTo")
def valid_to(ctx: Context, params: Params) -> Any:
    return params.get("ValidTo")
