"""AssumeRole, and what its credentials may do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from botocore.config import Config

from hodei.testing import Cloud

from .conftest import ACCOUNT, OTHER, document, trust

pytestmark = pytest.mark.feature("sts.credentials")

USER = f"arn:aws:iam::{ACCOUNT}:user/ada"


def test_a_user_becomes_a_role_and_may_what_it_may(
    cloud: Cloud, client: Any, user: Any, role: Any, refused: Any
) -> None:
    cloud.clock.freeze()
    arn = role("reader", "sqs:ListQueues")
    sts = client("sts", user("ada", "sts:AssumeRole"))
    answer = sts.assume_role(RoleArn=arn, RoleSessionName="s-1")
    assert answer.keys() == {"Credentials", "AssumedRoleUser", "ResponseMetadata"}
    id = answer["AssumedRoleUser"]["AssumedRoleId"]
    assert id.startswith("AROA") and id.endswith(":s-1")
    credentials = answer["Credentials"]
    assert credentials["AccessKeyId"].startswith("ASIA")
    assert len(credentials["SecretAccessKey"]) == 40
    assert abs(credentials["Expiration"] - cloud.clock.now() - timedelta(hours=1)) <= timedelta(seconds=1)
    identity = client("sts", credentials).get_caller_identity()
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/s-1"
    assert (identity["UserId"], identity["Account"], identity["Arn"]) == (id, ACCOUNT, session)
    assert answer["AssumedRoleUser"]["Arn"] == session
    sqs = client("sqs", credentials)
    sqs.list_queues()
    message = f"User: {session} is not authorized to perform: sqs:createqueue on resource: arn:aws:sqs:"
    with refused("AccessDenied", message, 403):
        sqs.create_queue(QueueName="q")
    with refused("InvalidClientTokenId", status=403):
        client("sts", credentials | {"SessionToken": "other"}).get_caller_identity()
    with refused("InvalidClientTokenId", status=403):
        client("sts", {**credentials, "SessionToken": None}).get_caller_identity()


def test_a_role_that_trusts_its_account_needs_the_users_policy(client: Any, user: Any, role: Any, refused: Any) -> None:
    arn = role("r")
    sts = client("sts", user("ada"))
    message = (
        f"User: {USER} is not authorized to perform: sts:AssumeRole on resource: {arn} because no identity-based policy "
        "allows the sts:AssumeRole action"
    )
    with refused("AccessDenied", message, 403):
        sts.assume_role(RoleArn=arn, RoleSessionName="s1")


def test_a_role_that_trusts_a_user_needs_no_policy_of_its(client: Any, user: Any, role: Any, refused: Any) -> None:
    ada, bob = user("ada"), user("bob", "sts:*")
    arn = role("r", trusts=trust({"AWS": USER}))
    client("sts", ada).assume_role(RoleArn=arn, RoleSessionName="s1")
    with refused("AccessDenied", "because no role trust policy allows the sts:AssumeRole action", 403):
        client("sts", bob).assume_role(RoleArn=arn, RoleSessionName="s1")


def test_a_denial_by_the_user_holds(client: Any, iam: Any, user: Any, role: Any, refused: Any) -> None:
    ada = user("ada")
    iam.put_user_policy(UserName="ada", PolicyName="no", PolicyDocument=document("sts:AssumeRole", effect="Deny"))
    arn = role("r", trusts=trust({"AWS": USER}))
    with refused("AccessDenied", "with an explicit deny in an identity-based policy", 403):
        client("sts", ada).assume_role(RoleArn=arn, RoleSessionName="s1")


def test_what_is_no_role_trusts_nobody(sts: Any, client: Any, user: Any, refused: Any) -> None:
    ada = client("sts", user("ada", "sts:*"))
    for arn in (f"arn:aws:iam::{ACCOUNT}:role/none", USER, "arn:aws:s3:::bucket/key"):
        with refused("AccessDenied", f"perform: sts:AssumeRole on resource: {arn}", 403):
            ada.assume_role(RoleArn=arn, RoleSessionName="s1")
        with refused("AccessDenied", "", 403):
            sts.assume_role(RoleArn=arn, RoleSessionName="s1")


def test_services_roles_are_not_for_users(sts: Any, role: Any, refused: Any) -> None:
    with refused("AccessDenied", "because no role trust policy allows", 403):
        sts.assume_role(RoleArn=role("r", trusts=trust({"Service": "ec2.amazonaws.com"})), RoleSessionName="s1")


def test_the_path_of_a_role_is_part_of_its_arn_only(client: Any, sts: Any, role: Any, refused: Any) -> None:
    arn = role("r", Path="/team/")
    assert arn.endswith(":role/team/r")
    answer = sts.assume_role(RoleArn=arn, RoleSessionName="s1")
    assert answer["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/r/s1"
    with refused("AccessDenied", "", 403):
        sts.assume_role(RoleArn=arn.replace("/team", ""), RoleSessionName="s1")


def test_across_accounts_both_sides_must_allow(cloud: Cloud, client: Any, user: Any, refused: Any) -> None:
    other = cloud.client("iam", account=OTHER)
    condition = {"StringEquals": {"sts:ExternalId": "unique"}}
    trusting = trust({"AWS": ACCOUNT}, Condition=condition)
    arn = other.create_role(RoleName="r", AssumeRolePolicyDocument=trusting)["Role"]["Arn"]
    ada, bob = client("sts", user("ada", "sts:AssumeRole")), client("sts", user("bob"))
    answer = ada.assume_role(RoleArn=arn, RoleSessionName="s1", ExternalId="unique")
    assert client("sts", answer["Credentials"]).get_caller_identity()["Account"] == OTHER
    for wrong in ({}, {"ExternalId": "another"}):
        with refused("AccessDenied", "because no role trust policy allows", 403):
            ada.assume_role(RoleArn=arn, RoleSessionName="s1", **wrong)
    with refused("AccessDenied", "because no identity-based policy allows", 403):
        bob.assume_role(RoleArn=arn, RoleSessionName="s1", ExternalId="unique")
    stranger = cloud.client("sts", account="222222222222")
    with refused("AccessDenied", "", 403):
        stranger.assume_role(RoleArn=arn, RoleSessionName="s1", ExternalId="unique")


def test_the_name_of_a_session_can_be_prescribed(client: Any, user: Any, role: Any, refused: Any) -> None:
    arn = role("r", trusts=trust(Condition={"StringLike": {"sts:RoleSessionName": "${aws:username}"}}))
    sts = client("sts", user("ada", "sts:AssumeRole"))
    sts.assume_role(RoleArn=arn, RoleSessionName="ada")
    with refused("AccessDenied", "", 403):
        sts.assume_role(RoleArn=arn, RoleSessionName="bob")


def test_tags_of_the_role_decide(client: Any, user: Any, role: Any, iam: Any, refused: Any) -> None:
    red = role("red", Tags=[{"Key": "Team", "Value": "red"}])
    blue = role("blue", Tags=[{"Key": "Team", "Value": "blue"}])
    key = user("ada")
    condition = {"StringEquals": {"iam:ResourceTag/team": "red"}}
    iam.put_user_policy(UserName="ada", PolicyName="p", PolicyDocument=document("sts:AssumeRole", Condition=condition))
    client("sts", key).assume_role(RoleArn=red, RoleSessionName="s1")
    with refused("AccessDenied", "", 403):
        client("sts", key).assume_role(RoleArn=blue, RoleSessionName="s1")


def test_the_key_of_the_root_is_refused_but_not_a_key_that_nobody_issued(
    sts: Any, client: Any, iam: Any, role: Any, refused: Any
) -> None:
    arn = role("r")
    sts.assume_role(RoleArn=arn, RoleSessionName="s1")
    key = iam.create_access_key()["AccessKey"]
    with refused("AccessDenied", "Roles may not be assumed by root accounts.", 403):
        client("sts", key).assume_role(RoleArn=arn, RoleSessionName="s1")


@pytest.mark.parametrize("seconds", [900, 7200, 43200])
def test_a_session_ends_on_the_clock(
    cloud: Cloud, sts: Any, client: Any, role: Any, refused: Any, seconds: int
) -> None:
    arn = role("r", MaxSessionDuration=43200)
    sqs = client("sts", sts.assume_role(RoleArn=arn, RoleSessionName="s1", DurationSeconds=seconds)["Credentials"])
    cloud.clock.advance(seconds=seconds - 60)
    sqs.get_caller_identity()
    cloud.clock.advance(seconds=61)
    with refused("ExpiredToken", "The security token included in the request is expired", 403):
        sqs.get_caller_identity()


def test_whose_a_session_was_is_told_long_after_its_end(cloud: Cloud, sts: Any, role: Any) -> None:
    """As AWS reads it out of the key itself."""
    key = sts.assume_role(RoleArn=role("r"), RoleSessionName="s1")["Credentials"]["AccessKeyId"]
    cloud.clock.advance(days=400)
    assert sts.get_access_key_info(AccessKeyId=key)["Account"] == ACCOUNT


def test_durations_have_limits(cloud: Cloud, sts: Any, role: Any, refused: Any) -> None:
    short, long = role("short"), role("long", MaxSessionDuration=7200)
    sts.assume_role(RoleArn=long, RoleSessionName="s1", DurationSeconds=7200)
    with refused("ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."):
        sts.assume_role(RoleArn=short, RoleSessionName="s1", DurationSeconds=3601)
    with refused("ValidationError", "Member must have value greater than or equal to 900"):
        unchecked = cloud.client("sts", config=Config(parameter_validation=False))
        unchecked.assume_role(RoleArn=short, RoleSessionName="s1", DurationSeconds=899)


def test_a_role_that_goes_takes_its_sessions_permissions(
    client: Any, iam: Any, sts: Any, role: Any, refused: Any
) -> None:
    arn = role("r", "sqs:*")
    sqs = client("sqs", sts.assume_role(RoleArn=arn, RoleSessionName="s1")["Credentials"])
    sqs.list_queues()
    iam.delete_role_policy(RoleName="r", PolicyName="own")
    with refused("AccessDenied", "", 403):
        sqs.list_queues()
    iam.delete_role(RoleName="r")
    role("r", "sqs:*")
    with refused("AccessDenied", "", 403):
        sqs.list_queues()


def test_sessions_from_before_a_moment_can_be_revoked(
    cloud: Cloud, client: Any, iam: Any, sts: Any, role: Any, refused: Any
) -> None:
    """As the console's button "Revoke active sessions" does it."""
    arn = role("r", "sqs:*")
    old = client("sqs", sts.assume_role(RoleArn=arn, RoleSessionName="s1")["Credentials"])
    cloud.clock.advance(minutes=5)
    condition = {"DateLessThan": {"aws:TokenIssueTime": cloud.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")}}
    revoking = document("*", effect="Deny", Condition=condition)
    iam.put_role_policy(RoleName="r", PolicyName="AWSRevokeOlderSessions", PolicyDocument=revoking)
    with refused("AccessDenied", "with an explicit deny", 403):
        old.list_queues()
    cloud.clock.advance(minutes=1)
    client("sqs", sts.assume_role(RoleArn=arn, RoleSessionName="s1")["Credentials"]).list_queues()


def test_a_key_that_is_gone_assumes_nothing(client: Any, iam: Any, user: Any, role: Any, refused: Any) -> None:
    arn, key = role("r"), user("ada", "sts:*")
    iam.update_access_key(UserName="ada", AccessKeyId=key["AccessKeyId"], Status="Inactive")
    with refused("InvalidClientTokenId", "", 403):
        client("sts", key).assume_role(RoleArn=arn, RoleSessionName="s1")


def test_the_session_itself_can_be_named_by_resources(
    client: Any, cloud: Cloud, role: Any, sts: Any, refused: Any
) -> None:
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/r/one"
    policy = document("sqs:*", f"arn:aws:sqs:us-east-1:{ACCOUNT}:q", Principal={"AWS": session})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    arn = role("r")
    one, two = (
        client("sqs", sts.assume_role(RoleArn=arn, RoleSessionName=name)["Credentials"]) for name in ("one", "two")
    )
    one.send_message(QueueUrl=url, MessageBody="x")
    with refused("AccessDenied", "", 403):
        two.send_message(QueueUrl=url, MessageBody="x")


@pytest.mark.feature("iam.boundaries")
def test_a_boundary_limits_the_role(client: Any, iam: Any, sts: Any, role: Any, refused: Any) -> None:
    boundary = iam.create_policy(PolicyName="b", PolicyDocument=document("sqs:*"))["Policy"]["Arn"]
    arn = role("r", "sqs:ListQueues", "dynamodb:*", PermissionsBoundary=boundary)
    credentials = sts.assume_role(RoleArn=arn, RoleSessionName="s1")["Credentials"]
    client("sqs", credentials).list_queues()
    with refused("AccessDeniedException", "because no permissions boundary allows the dynamodb:ListTables action"):
        client("dynamodb", credentials).list_tables()
    with refused("AccessDenied", "because no identity-based policy allows", 403):
        client("sqs", credentials).create_queue(QueueName="q")
