"""GetSessionToken and GetFederationToken."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from hodei.testing import Cloud

from .conftest import ACCOUNT, document, trust

pytestmark = pytest.mark.feature("sts.credentials")


def totp(seed: bytes, at: float) -> str:
    """RFC 6238."""
    digest = hmac.digest(base64.b32decode(seed), int(at // 30).to_bytes(8, "big"), "sha1")
    number = int.from_bytes(digest[digest[-1] & 15 :][:4], "big") & 0x7FFFFFFF
    return f"{number % 10**6:06}"


@pytest.fixture
def device(cloud: Cloud, iam: Any, user: Any) -> tuple[dict[str, str], str, Callable[[], str]]:
    """The key of ada, the serial number of her device, and what shows its next code."""
    cloud.clock.freeze()
    key = user("ada", "sts:*", "sqs:*", "iam:*")
    made = iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")["VirtualMFADevice"]
    now, seed = cloud.clock.now().timestamp(), made["Base32StringSeed"]
    iam.enable_mfa_device(
        UserName="ada",
        SerialNumber=made["SerialNumber"],
        AuthenticationCode1=totp(seed, now - 30),
        AuthenticationCode2=totp(seed, now),
    )

    def code() -> str:
        cloud.clock.advance(seconds=30)
        return totp(seed, cloud.clock.now().timestamp())

    return key, made["SerialNumber"], code


def hours(cloud: Cloud, credentials: dict[str, Any]) -> float:
    return float(round((credentials["Expiration"] - cloud.clock.now()) / timedelta(hours=1), 2))


def test_a_session_of_a_user_is_the_user(cloud: Cloud, client: Any, user: Any, refused: Any) -> None:
    cloud.clock.freeze()
    key = user("ada", "sqs:*", "iam:*", "sts:*")
    sts = client("sts", key)
    credentials = sts.get_session_token()["Credentials"]
    assert hours(cloud, credentials) == 12
    assert hours(cloud, sts.get_session_token(DurationSeconds=129600)["Credentials"]) == 36
    session = client("sts", credentials)
    assert session.get_caller_identity()["Arn"] == sts.get_caller_identity()["Arn"]
    assert session.get_caller_identity()["UserId"] == sts.get_caller_identity()["UserId"]
    client("sqs", credentials).create_queue(QueueName="q")
    with refused("AccessDenied", "Cannot call GetSessionToken with session credentials", 403):
        session.get_session_token()
    with refused("AccessDenied", "Cannot call GetAccessKeyInfo with session credentials", 403):
        session.get_access_key_info(AccessKeyId=key["AccessKeyId"])
    cloud.clock.advance(hours=13)
    with refused("ExpiredToken", "", 403):
        session.get_caller_identity()


def test_it_has_the_policies_that_the_user_has_now(client: Any, iam: Any, user: Any, refused: Any) -> None:
    sqs = client("sqs", client("sts", user("ada")).get_session_token()["Credentials"])
    with refused("AccessDenied", "", 403):
        sqs.list_queues()
    iam.put_user_policy(UserName="ada", PolicyName="p", PolicyDocument=document("sqs:*"))
    sqs.list_queues()


def test_the_root_gets_an_hour(cloud: Cloud, client: Any, sts: Any) -> None:
    cloud.clock.freeze()
    credentials = sts.get_session_token()["Credentials"]
    assert hours(cloud, credentials) == 1
    assert client("sts", credentials).get_caller_identity()["Arn"] == f"arn:aws:iam::{ACCOUNT}:root"
    client("sqs", credentials).list_queues()


@pytest.mark.feature("iam.mfa")
def test_a_session_with_a_code(cloud: Cloud, client: Any, iam: Any, device: Any, refused: Any) -> None:
    key, serial, code = device
    policy = document("sqs:*", effect="Deny", Condition={"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}})
    aged = document("dynamodb:*", Condition={"NumericLessThan": {"aws:MultiFactorAuthAge": "300"}})
    iam.put_user_policy(UserName="ada", PolicyName="mfa", PolicyDocument=policy)
    iam.put_user_policy(UserName="ada", PolicyName="aged", PolicyDocument=aged)
    sts = client("sts", key)
    without = sts.get_session_token()["Credentials"]
    with refused("AccessDenied", "with an explicit deny", 403):
        client("sqs", without).list_queues()
    credentials = sts.get_session_token(SerialNumber=serial, TokenCode=code())["Credentials"]
    client("sqs", credentials).list_queues()
    client("dynamodb", credentials).list_tables()
    cloud.clock.advance(minutes=6)
    client("sqs", credentials).list_queues()
    with refused("AccessDeniedException"):
        client("dynamodb", credentials).list_tables()


@pytest.mark.feature("iam.mfa")
def test_iam_takes_no_temporary_credentials_of_users_without_a_code(
    client: Any, sts: Any, role: Any, device: Any, refused: Any
) -> None:
    key, serial, code = device
    ada = client("sts", key)
    for credentials in (
        ada.get_session_token()["Credentials"],
        sts.get_session_token()["Credentials"],
        ada.get_federation_token(Name="bob", Policy=document("*"))["Credentials"],
    ):
        with refused("InvalidClientTokenId", "The security token included in the request is invalid.", 403):
            client("iam", credentials).list_users()
    shown = ada.get_session_token(SerialNumber=serial, TokenCode=code())["Credentials"]
    client("iam", shown).list_users()
    assumed = sts.assume_role(RoleArn=role("r", "iam:*"), RoleSessionName="s1")["Credentials"]
    client("iam", assumed).list_users()


@pytest.mark.feature("iam.mfa")
def test_wrong_codes(client: Any, sts: Any, device: Any, user: Any, refused: Any) -> None:
    key, serial, code = device
    ada = client("sts", key)
    once = code()
    ada.get_session_token(SerialNumber=serial, TokenCode=once)
    with refused("AccessDenied", "MultiFactorAuthentication failed with invalid MFA one time pass code. ", 403):
        ada.get_session_token(SerialNumber=serial, TokenCode=once)
    with refused("AccessDenied", "must provide both MFA serial number and one time pass code.", 403):
        ada.get_session_token(SerialNumber=serial)
    with refused("AccessDenied", "must provide both MFA serial number and one time pass code.", 403):
        ada.get_session_token(TokenCode=code())
    with refused("AccessDenied", "unable to validate MFA code.  Please verify your MFA serial number is valid", 403):
        ada.get_session_token(SerialNumber=serial + "x", TokenCode=code())
    for another in (client("sts", user("bob")), sts):
        with refused("AccessDenied", "unable to validate MFA code.", 403):
            another.get_session_token(SerialNumber=serial, TokenCode=code())


@pytest.mark.feature("iam.mfa")
def test_a_role_can_ask_for_a_code(client: Any, iam: Any, role: Any, device: Any, refused: Any) -> None:
    key, serial, code = device
    condition = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    arn = role("r", trusts=trust(Condition=condition))
    iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=document("sqs:*", Condition=condition))
    sts = client("sts", key)
    with refused("AccessDenied", "because no role trust policy allows", 403):
        sts.assume_role(RoleArn=arn, RoleSessionName="s1")
    with refused("AccessDenied", "with invalid MFA one time pass code", 403):
        sts.assume_role(RoleArn=arn, RoleSessionName="s1", SerialNumber=serial, TokenCode="000000")
    answer = sts.assume_role(RoleArn=arn, RoleSessionName="s1", SerialNumber=serial, TokenCode=code())
    with refused("AccessDenied", "", 403):  # the session of the role does not know of the code
        client("sqs", answer["Credentials"]).list_queues()
    session = sts.get_session_token(SerialNumber=serial, TokenCode=code())["Credentials"]
    client("sts", session).assume_role(RoleArn=arn, RoleSessionName="s1")


def test_federated_users_may_what_both_allow(cloud: Cloud, client: Any, user: Any, refused: Any) -> None:
    cloud.clock.freeze()
    sts = client("sts", user("ada", "sts:GetFederationToken", "sqs:*"))
    answer = sts.get_federation_token(Name="bob", Policy=document(["sqs:ListQueues", "dynamodb:*"]))
    arn = f"arn:aws:sts::{ACCOUNT}:federated-user/bob"
    assert answer["FederatedUser"] == {"FederatedUserId": f"{ACCOUNT}:bob", "Arn": arn}
    credentials = answer["Credentials"]
    assert hours(cloud, credentials) == 12
    session = client("sts", credentials)
    identity = session.get_caller_identity()
    assert (identity["UserId"], identity["Arn"]) == (f"{ACCOUNT}:bob", arn)
    client("sqs", credentials).list_queues()
    with refused("AccessDenied", f"User: {arn} is not authorized to perform: sqs:createqueue", 403):
        client("sqs", credentials).create_queue(QueueName="q")
    with refused("AccessDeniedException", "because no identity-based policy allows"):
        client("dynamodb", credentials).list_tables()
    for call, name in (
        (lambda: session.get_session_token(), "GetSessionToken"),
        (lambda: session.get_federation_token(Name="eve"), "GetFederationToken"),
        (lambda: session.assume_role(RoleArn=f"arn:aws:iam::{ACCOUNT}:role/r", RoleSessionName="s1"), "AssumeRole"),
    ):
        with refused("AccessDenied", f"Cannot call {name} with session credentials", 403):
            call()


def test_without_a_policy_they_may_what_resources_grant_them(cloud: Cloud, client: Any, sts: Any, refused: Any) -> None:
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    answer = sts.get_federation_token(Name="bob")
    assert answer["PackedPolicySize"] == 0
    bob = client("sqs", answer["Credentials"])
    with refused("AccessDenied", "because no session policy allows", 403):
        bob.send_message(QueueUrl=url, MessageBody="x")
    grant = {"Principal": {"AWS": answer["FederatedUser"]["Arn"]}}
    policy = document("sqs:SendMessage", f"arn:aws:sqs:us-east-1:{ACCOUNT}:q", **grant)
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    bob.send_message(QueueUrl=url, MessageBody="x")


def test_those_of_the_root_may_what_their_policy_says(cloud: Cloud, client: Any, sts: Any, refused: Any) -> None:
    cloud.clock.freeze()
    answer = sts.get_federation_token(Name="bob", Policy=document("sqs:*"), DurationSeconds=7200)
    assert hours(cloud, answer["Credentials"]) == 1
    client("sqs", answer["Credentials"]).list_queues()
    with refused("AccessDeniedException", "because no session policy allows"):
        client("dynamodb", answer["Credentials"]).list_tables()


@pytest.mark.feature("iam.abac")
def test_their_tags_come_before_those_of_the_user(client: Any, iam: Any, user: Any, refused: Any) -> None:
    key = user("ada", "sts:*", Tags=[{"Key": "Team", "Value": "red"}])
    condition = {"StringEquals": {"aws:PrincipalTag/Team": "blue"}}
    iam.put_user_policy(UserName="ada", PolicyName="p", PolicyDocument=document("sqs:*", Condition=condition))
    sts = client("sts", key)
    policy = document("*")
    tagged = sts.get_federation_token(Name="bob", Policy=policy, Tags=[{"Key": "team", "Value": "blue"}])
    plain = sts.get_federation_token(Name="bob", Policy=policy)
    client("sqs", tagged["Credentials"]).list_queues()
    with refused("AccessDenied", "", 403):
        client("sqs", plain["Credentials"]).list_queues()


def test_federating_and_tagging_need_permission(client: Any, user: Any, refused: Any) -> None:
    arn = f"arn:aws:sts::{ACCOUNT}:federated-user/bob"
    with refused("AccessDenied", f"perform: sts:GetFederationToken on resource: {arn}", 403):
        client("sts", user("ada")).get_federation_token(Name="bob")
    eve = client("sts", user("eve", "sts:GetFederationToken"))
    eve.get_federation_token(Name="bob")
    with refused("AccessDenied", f"perform: sts:TagSession on resource: {arn}", 403):
        eve.get_federation_token(Name="bob", Tags=[{"Key": "k", "Value": "v"}])


def test_whose_key_it_is(cloud: Cloud, client: Any, iam: Any, user: Any, sts: Any, refused: Any) -> None:
    key = user("ada", "sts:GetAccessKeyInfo")
    eve = client("sts", user("eve"))
    id = key["AccessKeyId"]
    other = cloud.client("sts", account="111111111111")
    assert client("sts", key).get_access_key_info(AccessKeyId=id)["Account"] == ACCOUNT
    iam.update_access_key(UserName="ada", AccessKeyId=id, Status="Inactive")
    assert other.get_access_key_info(AccessKeyId=id)["Account"] == ACCOUNT
    with refused("AccessDenied", "perform: sts:GetAccessKeyInfo", 403):
        eve.get_access_key_info(AccessKeyId=id)
    with refused("ValidationError", "does not exist"):
        sts.get_access_key_info(AccessKeyId="AKIAIOSFODNN7EXAMPLE")
