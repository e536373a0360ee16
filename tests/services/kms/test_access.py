"""Who may do what with a key: the key policy, the policies of those who call, and grants."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hodei.testing import Cloud

pytestmark = [pytest.mark.feature("kms.keys"), pytest.mark.feature("iam.evaluation")]

Make = Callable[..., dict[str, Any]]
Refused = Callable[..., Any]
BOB = "arn:aws:iam::000000000000:user/bob"
ROOT = "arn:aws:iam::000000000000:root"
OTHER = "111111111111"
CONTEXT = {"tenant": "7", "purpose": "test"}


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def allow(action: Any = "kms:*", resource: str = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


ADMIN = allow(Principal={"AWS": ROOT})


@pytest.fixture
def bob(cloud: Cloud) -> Callable[..., Any]:
    """The client of a user who has these statements as his policy."""
    iam = cloud.client("iam")
    iam.create_user(UserName="bob")
    key = iam.create_access_key(UserName="bob")["AccessKey"]

    def client(*statements: dict[str, Any], service: str = "kms") -> Any:
        if statements:
            iam.put_user_policy(UserName="bob", PolicyName="own", PolicyDocument=document(*statements))
        keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
        return cloud.client(service, **keys)

    return client


def may(call: Callable[..., Any], **params: Any) -> bool:
    try:
        call(**params)
    except ClientError as error:
        if error.response["Error"]["Code"] != "AccessDeniedException":
            raise
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 400
        return False
    return True


# Key policies.


def test_the_default_policy_leaves_it_to_the_account(bob: Callable[..., Any], make: Make) -> None:
    made = make()
    call = {"KeyId": made["KeyId"], "Plaintext": b"x"}
    assert not may(bob().encrypt, **call)
    assert may(bob(allow("kms:Encrypt", made["Arn"])).encrypt, **call)
    assert not may(bob().describe_key, KeyId=made["KeyId"])
    assert not may(bob(allow("kms:Encrypt", made["Arn"][:-1] + "?x")).encrypt, **call)


def test_a_policy_without_the_account_shuts_its_users_out(kms: Any, bob: Callable[..., Any]) -> None:
    """Not even what IAM allows helps, nor being the root: only the key policy lets in."""
    bobs = allow(Principal={"AWS": BOB})
    key = kms.create_key(Policy=document(bobs), BypassPolicyLockoutSafetyCheck=True)["KeyMetadata"]
    assert not may(kms.describe_key, KeyId=key["KeyId"])
    assert not may(kms.put_key_policy, KeyId=key["KeyId"], Policy=document(ADMIN))
    client = bob()
    assert may(client.encrypt, KeyId=key["KeyId"], Plaintext=b"x")
    assert may(client.put_key_policy, KeyId=key["KeyId"], Policy=document(ADMIN, bobs))
    assert may(kms.describe_key, KeyId=key["KeyId"])


def test_nobody_locks_themselves_out(kms: Any, key: str, bob: Callable[..., Any], refused: Refused) -> None:
    words = "The new key policy will not allow you to update the key policy in the future."
    stranger = document(allow(Principal={"AWS": BOB}))
    with refused("MalformedPolicyDocumentException", words):
        kms.create_key(Policy=stranger)
    with refused("MalformedPolicyDocumentException", words):
        kms.put_key_policy(KeyId=key, Policy=stranger)
    assert "key-default-1" in kms.get_key_policy(KeyId=key)["Policy"]
    assert [made["KeyId"] for made in kms.list_keys()["Keys"]] == [key]
    with refused("MalformedPolicyDocumentException", words):
        bob(allow("kms:CreateKey")).create_key(Policy=document(ADMIN))
    made = bob(allow(["kms:CreateKey", "kms:PutKeyPolicy"])).create_key(Policy=document(ADMIN))
    assert made["KeyMetadata"]["KeyState"] == "Enabled"


def test_policies_are_kept_as_they_are_and_listed(kms: Any, key: str, refused: Refused) -> None:
    assert kms.list_key_policies(KeyId=key)["PolicyNames"] == ["default"]
    policy = document(ADMIN, allow("kms:Decrypt", Principal={"AWS": OTHER}))
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=policy)
    assert kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"] == policy
    with refused("NotFoundException", "No such policy exists"):
        kms.get_key_policy(KeyId=key, PolicyName="other")
    for bad in ("{", "[]", document(allow()), document({"Effect": "Allow"})):
        with refused("MalformedPolicyDocumentException"):
            kms.put_key_policy(KeyId=key, Policy=bad)
    with refused("LimitExceededException"):
        kms.put_key_policy(KeyId=key, Policy=document(ADMIN | {"Sid": "x" * 33000}))


def test_what_is_not_there_is_not_found_by_whom_may_look(bob: Callable[..., Any], refused: Refused) -> None:
    id = "1234abcd-12ab-34cd-56ef-1234567890ab"
    with refused("NotFoundException"):
        bob(allow("kms:DescribeKey")).describe_key(KeyId=id)
    assert not may(bob(allow("kms:Encrypt")).describe_key, KeyId=id)


def test_operations_on_no_key(bob: Callable[..., Any]) -> None:
    client = bob(allow(["kms:ListKeys", "kms:CreateKey"]))
    assert may(client.list_keys) and may(client.create_key)
    assert not may(client.generate_random, NumberOfBytes=8)


def test_aliases_need_permission_on_alias_and_key(kms: Any, bob: Callable[..., Any], make: Make) -> None:
    one, two = make()["Arn"], make()["Arn"]
    alias = "arn:aws:kms:us-east-1:000000000000:alias/app"
    call = {"AliasName": "alias/app", "TargetKeyId": one}
    assert not may(bob(allow(resource=one)).create_alias, **call)
    assert not may(bob(allow(resource=alias)).create_alias, **call)
    client = bob(allow(resource=one), allow(resource=alias))
    assert may(client.create_alias, **call)
    assert not may(client.update_alias, AliasName="alias/app", TargetKeyId=two)
    assert may(
        bob(allow(resource=one), allow(resource=two), allow(resource=alias)).update_alias,
        AliasName="alias/app",
        TargetKeyId=two,
    )
    assert not may(bob(allow(resource=alias)).delete_alias, AliasName="alias/app")
    assert may(bob(allow(resource=alias), allow(resource=two)).delete_alias, AliasName="alias/app")


def test_re_encrypt_needs_both_keys(kms: Any, bob: Callable[..., Any], make: Make) -> None:
    one, two = make()["Arn"], make()["Arn"]
    blob = kms.encrypt(KeyId=one, Plaintext=b"x", EncryptionContext=CONTEXT)["CiphertextBlob"]
    call = {"CiphertextBlob": blob, "SourceEncryptionContext": CONTEXT, "DestinationKeyId": two}
    from_one, to_two = allow("kms:ReEncryptFrom", one), allow("kms:ReEncryptTo", two)
    assert not may(bob(from_one).re_encrypt, **call)
    assert not may(bob(to_two).re_encrypt, **call)
    assert may(bob(from_one, to_two).re_encrypt, **call)
    condition = {"StringEquals": {"kms:EncryptionContext:tenant": "7"}}
    assert may(bob({**from_one, "Condition": condition}, to_two).re_encrypt, **call)
    assert not may(bob(from_one, {**to_two, "Condition": condition}).re_encrypt, **call)
    other = {"Bool": {"kms:ReEncryptOnSameKey": "false"}}
    assert may(bob({**from_one, "Condition": other}, to_two).re_encrypt, **call)
    same = {"Bool": {"kms:ReEncryptOnSameKey": "true"}}
    assert not may(bob({**from_one, "Condition": same}, to_two).re_encrypt, **call)


# Condition keys. https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html

ENCRYPT = {"Plaintext": b"x"}
WITH_CONTEXT = {**ENCRYPT, "EncryptionContext": CONTEXT}


@pytest.mark.parametrize(
    ("operation", "params", "condition", "allowed"),
    [
        ("encrypt", WITH_CONTEXT, {"StringEquals": {"kms:EncryptionContext:tenant": "7"}}, True),
        ("encrypt", WITH_CONTEXT, {"StringEquals": {"kms:EncryptionContext:TENANT": "7"}}, True),
        ("encrypt", WITH_CONTEXT, {"StringEquals": {"kms:EncryptionContext:tenant": "8"}}, False),
        ("encrypt", ENCRYPT, {"StringEquals": {"kms:EncryptionContext:tenant": "7"}}, False),
        ("encrypt", WITH_CONTEXT, {"ForAnyValue:StringEquals": {"kms:EncryptionContextKeys": "tenant"}}, True),
        ("encrypt", WITH_CONTEXT, {"ForAnyValue:StringEquals": {"kms:EncryptionContextKeys": "Tenant"}}, False),
        ("encrypt", WITH_CONTEXT, {"ForAllValues:StringEquals": {"kms:EncryptionContextKeys": ["tenant"]}}, False),
        ("encrypt", ENCRYPT, {"Null": {"kms:EncryptionContextKeys": "false"}}, False),
        ("encrypt", ENCRYPT, {"StringEquals": {"kms:EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}}, True),
        ("encrypt", ENCRYPT, {"StringEquals": {"kms:CallerAccount": "000000000000"}}, True),
        ("encrypt", ENCRYPT, {"StringEquals": {"kms:CallerAccount": OTHER}}, False),
        ("encrypt", ENCRYPT, {"StringEquals": {"kms:KeySpec": "SYMMETRIC_DEFAULT"}}, True),
        ("encrypt", ENCRYPT, {"StringEquals": {"kms:KeyUsage": "SIGN_VERIFY"}}, False),
        ("encrypt", ENCRYPT, {"StringEquals": {"kms:KeyOrigin": "AWS_KMS"}}, True),
        ("encrypt", ENCRYPT, {"Bool": {"kms:MultiRegion": "true"}}, False),
        ("encrypt", ENCRYPT, {"ForAnyValue:StringLike": {"kms:ResourceAliases": "alias/app*"}}, True),
        ("encrypt", ENCRYPT, {"ForAnyValue:StringLike": {"kms:ResourceAliases": "alias/x*"}}, False),
        ("encrypt", ENCRYPT, {"StringEquals": {"aws:ResourceTag/team": "blue"}}, True),
        ("encrypt", ENCRYPT, {"StringEquals": {"aws:ResourceTag/team": "red"}}, False),
        ("encrypt", ENCRYPT, {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}, False),
        ("encrypt", {**ENCRYPT, "KeyId": "alias/app"}, {"StringEquals": {"kms:RequestAlias": "alias/app"}}, True),
        ("encrypt", ENCRYPT, {"StringEquals": {"kms:RequestAlias": "alias/app"}}, False),
        ("generate_data_key_pair_without_plaintext", {"KeyPairSpec": "ECC_NIST_P256"}, {"StringLike": {"kms:DataKeyPairSpec": "ECC*"}}, True),
        ("generate_data_key_pair_without_plaintext", {"KeyPairSpec": "ECC_NIST_P256"}, {"StringLike": {"kms:DataKeyPairSpec": "RSA*"}}, False),
        ("schedule_key_deletion", {"PendingWindowInDays": 7}, {"NumericGreaterThan": {"kms:ScheduleKeyDeletionPendingWindowInDays": "20"}}, False),
        ("schedule_key_deletion", {}, {"NumericGreaterThan": {"kms:ScheduleKeyDeletionPendingWindowInDays": "20"}}, True),
        ("enable_key_rotation", {}, {"NumericEquals": {"kms:RotationPeriodInDays": "365"}}, True),
        ("enable_key_rotation", {"RotationPeriodInDays": 90}, {"NumericEquals": {"kms:RotationPeriodInDays": "365"}}, False),
        ("disable_key", {}, {"NumericGreaterThanEquals": {"kms:TrailingDaysWithoutKeyUsage": "30"}}, False),
        ("put_key_policy", {"Policy": document(ADMIN), "BypassPolicyLockoutSafetyCheck": True}, {"Null": {"kms:BypassPolicyLockoutSafetyCheck": "true"}}, False),
        ("put_key_policy", {"Policy": document(ADMIN)}, {"Null": {"kms:BypassPolicyLockoutSafetyCheck": "true"}}, True),
        ("create_grant", {"GranteePrincipal": BOB, "Operations": ["Encrypt"]}, {"ForAllValues:StringEquals": {"kms:GrantOperations": ["Encrypt", "Decrypt"]}}, True),
        ("create_grant", {"GranteePrincipal": BOB, "Operations": ["DescribeKey"]}, {"ForAllValues:StringEquals": {"kms:GrantOperations": ["Encrypt"]}}, False),
        ("create_grant", {"GranteePrincipal": BOB, "Operations": ["Encrypt"]}, {"StringEquals": {"kms:GranteePrincipal": ROOT}}, False),
        ("create_grant", {"GranteePrincipal": BOB, "Operations": ["Encrypt"]}, {"Bool": {"kms:GrantIsForAWSResource": "true"}}, False),
        ("create_grant", {"GranteePrincipal": BOB, "Operations": ["Encrypt"], "Constraints": {"EncryptionContextEquals": CONTEXT}}, {"StringEquals": {"kms:GrantConstraintType": "EncryptionContextEquals", "kms:EncryptionContext:tenant": "7"}}, True),
    ],
)  # fmt: skip
def test_conditions(
    kms: Any,
    bob: Callable[..., Any],
    operation: str,
    params: dict[str, Any],
    condition: dict[str, Any],
    allowed: bool,
) -> None:
    key = kms.create_key(Tags=[{"TagKey": "team", "TagValue": "blue"}])["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/app", TargetKeyId=key)
    action = "kms:" + "".join(word.capitalize() for word in operation.split("_"))
    client = bob(allow(action, Condition=condition), allow("kms:PutKeyPolicy", Condition=condition))
    assert may(getattr(client, operation), **{"KeyId": key, **params}) is allowed


@pytest.mark.parametrize(
    ("params", "allowed"),
    [
        ({}, False),
        ({"KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY"}, True),
        ({"KeySpec": "RSA_2048", "KeyUsage": "ENCRYPT_DECRYPT"}, False),
        ({"CustomerMasterKeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY"}, True),
    ],
)
def test_keys_that_may_be_made(bob: Callable[..., Any], params: dict[str, str], allowed: bool) -> None:
    condition = {"StringEquals": {"kms:KeySpec": "RSA_2048", "kms:KeyUsage": "SIGN_VERIFY"}}
    assert may(bob(allow("kms:CreateKey", Condition=condition)).create_key, **params) is allowed


# Grants.


def test_a_grant_lets_in_at_once(kms: Any, key: str, bob: Callable[..., Any], refused: Refused) -> None:
    client = bob()
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    assert not may(client.decrypt, CiphertextBlob=blob)
    made = kms.create_grant(KeyId=key, GranteePrincipal=BOB, Operations=["Decrypt", "DescribeKey"], Name="reader")
    assert client.decrypt(CiphertextBlob=blob, GrantTokens=[made["GrantToken"]])["Plaintext"] == b"x"
    assert may(client.decrypt, CiphertextBlob=blob)
    assert may(client.describe_key, KeyId=key)
    assert not may(client.encrypt, KeyId=key, Plaintext=b"x")
    (grant,) = kms.list_grants(KeyId=key)["Grants"]
    assert grant["GrantId"] == made["GrantId"]
    assert grant["GranteePrincipal"] == BOB
    assert grant["IssuingAccount"] == ROOT
    assert grant["Operations"] == ["Decrypt", "DescribeKey"]
    assert grant["Name"] == "reader"
    assert grant["KeyId"].endswith(f":key/{key}")
    kms.revoke_grant(KeyId=key, GrantId=made["GrantId"])
    assert not may(client.decrypt, CiphertextBlob=blob)
    with refused("NotFoundException"):
        kms.revoke_grant(KeyId=key, GrantId=made["GrantId"])
    with refused("InvalidGrantTokenException"):
        kms.decrypt(CiphertextBlob=blob, GrantTokens=["made up"])


def test_a_denial_beats_a_grant(kms: Any, key: str, bob: Callable[..., Any]) -> None:
    kms.create_grant(KeyId=key, GranteePrincipal=BOB, Operations=["Encrypt"])
    client = bob({"Effect": "Deny", "Action": "kms:Encrypt", "Resource": "*"})
    assert not may(client.encrypt, KeyId=key, Plaintext=b"x")


@pytest.mark.parametrize(
    ("constraint", "context", "allowed"),
    [
        ("EncryptionContextEquals", CONTEXT, True),
        ("EncryptionContextEquals", CONTEXT | {"more": "x"}, False),
        ("EncryptionContextEquals", {"tenant": "7"}, False),
        ("EncryptionContextEquals", {"Tenant": "7", "purpose": "test"}, False),
        ("EncryptionContextSubset", CONTEXT, True),
        ("EncryptionContextSubset", CONTEXT | {"more": "x"}, True),
        ("EncryptionContextSubset", {"tenant": "7"}, False),
        ("EncryptionContextSubset", {}, False),
    ],
)
def test_grants_by_encryption_context(
    kms: Any, key: str, bob: Callable[..., Any], constraint: str, context: dict[str, str], allowed: bool
) -> None:
    operations = ["Encrypt", "DescribeKey"]
    kms.create_grant(KeyId=key, GranteePrincipal=BOB, Operations=operations, Constraints={constraint: CONTEXT})
    client = bob()
    assert may(client.encrypt, KeyId=key, Plaintext=b"x", EncryptionContext=context) is allowed
    assert may(client.describe_key, KeyId=key)  # the constraint is not on this


def test_a_variable_in_a_constraint_is_only_text(kms: Any, key: str, bob: Callable[..., Any]) -> None:
    context = {"user": "${aws:username}"}
    kms.create_grant(
        KeyId=key, GranteePrincipal=BOB, Operations=["Encrypt"], Constraints={"EncryptionContextSubset": context}
    )
    client = bob()
    assert may(client.encrypt, KeyId=key, Plaintext=b"x", EncryptionContext=context)
    assert not may(client.encrypt, KeyId=key, Plaintext=b"x", EncryptionContext={"user": "bob"})


def test_grants_that_make_grants_make_narrower_ones(kms: Any, key: str, bob: Callable[..., Any]) -> None:
    kms.create_grant(
        KeyId=key,
        GranteePrincipal=BOB,
        Operations=["Encrypt", "Decrypt", "CreateGrant"],
        Constraints={"EncryptionContextSubset": {"tenant": "7"}},
    )
    client = bob()

    def child(operations: list[str], **constraints: dict[str, str]) -> bool:
        call = {"KeyId": key, "GranteePrincipal": ROOT, "Operations": operations, "Constraints": constraints}
        return may(client.create_grant, **call)

    assert child(["Decrypt"], EncryptionContextSubset={"tenant": "7"})
    assert child(["Decrypt"], EncryptionContextEquals={"tenant": "7", "more": "x"})
    assert not child(["Decrypt"])
    assert not child(["Decrypt"], EncryptionContextSubset={"tenant": "8"})
    assert not child(["DescribeKey"], EncryptionContextSubset={"tenant": "7"})


def test_who_retires_a_grant(cloud: Cloud, kms: Any, key: str, bob: Callable[..., Any], refused: Refused) -> None:
    arn = kms.describe_key(KeyId=key)["KeyMetadata"]["Arn"]
    client = bob()
    plain = kms.create_grant(KeyId=key, GranteePrincipal=BOB, Operations=["Encrypt"])
    assert not may(client.retire_grant, GrantToken=plain["GrantToken"])
    for more in ({"Operations": ["RetireGrant"]}, {"RetiringPrincipal": BOB, "Operations": ["Encrypt"]}):
        grantee = BOB if "RetiringPrincipal" not in more else ROOT
        made = kms.create_grant(KeyId=key, GranteePrincipal=grantee, **more)
        with refused("DryRunOperationException"):
            client.retire_grant(KeyId=arn, GrantId=made["GrantId"], DryRun=True)
        client.retire_grant(KeyId=arn, GrantId=made["GrantId"])
    kms.retire_grant(GrantToken=plain["GrantToken"])
    assert kms.list_grants(KeyId=key)["Grants"] == []
    other = cloud.client("kms", account=OTHER)
    theirs = kms.create_grant(KeyId=key, GranteePrincipal=BOB, RetiringPrincipal=OTHER, Operations=["Encrypt"])
    (listed,) = other.list_retirable_grants(RetiringPrincipal=f"arn:aws:iam::{OTHER}:root")["Grants"]
    assert listed["GrantId"] == theirs["GrantId"]
    assert listed["KeyId"] == arn
    other.retire_grant(GrantToken=theirs["GrantToken"])
    for given in ({}, {"KeyId": key}, {"GrantToken": theirs["GrantToken"], "KeyId": key, "GrantId": "x"}):
        with refused("ValidationException"):
            kms.retire_grant(**given)
    with refused("InvalidGrantTokenException"):
        kms.retire_grant(GrantToken="made up")


def test_a_named_grant_is_made_once(kms: Any, key: str) -> None:
    call = {"KeyId": key, "GranteePrincipal": BOB, "Operations": ["Encrypt", "Decrypt"], "Name": "one"}
    first, again = kms.create_grant(**call), kms.create_grant(**call)
    assert first["GrantId"] == again["GrantId"]
    assert first["GrantToken"] != again["GrantToken"]
    assert kms.create_grant(**call | {"Operations": ["Encrypt"]})["GrantId"] != first["GrantId"]
    call.pop("Name")
    assert kms.create_grant(**call)["GrantId"] != kms.create_grant(**call)["GrantId"]


def test_grants_are_listed(kms: Any, key: str, refused: Refused) -> None:
    made = {kms.create_grant(KeyId=key, GranteePrincipal=BOB, Operations=["Encrypt"])["GrantId"] for _ in range(3)}
    service = kms.create_grant(
        KeyId=key,
        GranteeServicePrincipal="ec2.amazonaws.com",
        RetiringServicePrincipal="ec2.amazonaws.com",
        Operations=["Decrypt"],
        Constraints={"SourceArn": "arn:aws:ec2:us-east-1:000000000000:volume/vol-1"},
    )["GrantId"]
    pages = list(kms.get_paginator("list_grants").paginate(KeyId=key, PaginationConfig={"PageSize": 3}))
    assert [len(page["Grants"]) for page in pages] == [3, 1]
    assert {grant["GrantId"] for page in pages for grant in page["Grants"]} == made | {service}
    assert len(kms.list_grants(KeyId=key, GranteePrincipal=BOB)["Grants"]) == 3
    (shown,) = kms.list_grants(KeyId=key, GrantId=service)["Grants"]
    assert shown["GranteeServicePrincipal"] == "ec2.amazonaws.com"
    assert shown["Constraints"] == {"SourceArn": "arn:aws:ec2:us-east-1:000000000000:volume/vol-1"}
    with refused("InvalidGrantIdException"):
        kms.list_grants(KeyId=key, GrantId="0" * 64)
    with refused("ValidationException"):
        kms.list_grants(KeyId=key, Limit=101)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"Operations": ["Encrypt"]}, "ValidationException"),
        ({"Operations": ["Sign"], "GranteePrincipal": BOB}, "ValidationException"),
        ({"Operations": [], "GranteePrincipal": BOB}, "ValidationException"),
        ({"Operations": ["Encrypt"], "GranteePrincipal": "bob"}, "InvalidArnException"),
        ({"Operations": ["Encrypt"], "GranteePrincipal": "arn:aws:s3:::bucket"}, "InvalidArnException"),
        (
            {"Operations": ["Encrypt"], "GranteePrincipal": BOB, "GranteeServicePrincipal": "ec2.amazonaws.com"},
            "ValidationException",
        ),
        ({"Operations": ["Encrypt"], "GranteeServicePrincipal": "ec2.amazonaws.com"}, "ValidationException"),
        ({"Operations": ["Encrypt"], "GranteePrincipal": BOB, "DryRun": True}, "DryRunOperationException"),
    ],
)
def test_grants_that_cannot_be(kms: Any, key: str, refused: Refused, given: dict[str, Any], code: str) -> None:
    with refused(code):
        kms.create_grant(KeyId=key, **given)
    assert kms.list_grants(KeyId=key)["Grants"] == []


def test_asymmetric_keys_have_grants_of_their_own(kms: Any, make: Make, refused: Refused) -> None:
    key = make("ECC_NIST_P256", "SIGN_VERIFY")["KeyId"]
    call = {"KeyId": key, "GranteePrincipal": BOB}
    kms.create_grant(Operations=["Sign", "Verify", "GetPublicKey"], **call)
    with refused("ValidationException"):
        kms.create_grant(Operations=["Encrypt"], **call)
    with refused("ValidationException"):
        kms.create_grant(Operations=["Sign"], Constraints={"EncryptionContextEquals": CONTEXT}, **call)


def test_a_key_has_so_many_grants(cloud: Cloud, kms: Any, key: str, refused: Refused) -> None:
    cloud.quota("kms", "grants-per-key", 1)
    call = {"KeyId": key, "GranteePrincipal": BOB, "Operations": ["Encrypt"]}
    kms.create_grant(**call)
    with refused("LimitExceededException"):
        kms.create_grant(**call)
