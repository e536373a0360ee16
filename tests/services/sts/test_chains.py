"""From role to role: durations, tags, source identities."""

from __future__ import annotations

from typing import Any

import pytest

from hodei.testing import Cloud

from .conftest import ACCOUNT, ANYBODY, document, trust

pytestmark = pytest.mark.feature("sts.credentials")

TAGGING = ["sts:AssumeRole", "sts:TagSession"]
KNOWING = [*TAGGING, "sts:SetSourceIdentity"]


def tags(**given: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in given.items()]


@pytest.fixture
def chain(role: Any) -> list[str]:
    """Three roles, each of which may become any."""
    return [role(name, *KNOWING, "sqs:*", trusts=trust(action=KNOWING), MaxSessionDuration=7200) for name in "abc"]


def assume(sts: Any, arn: str, **more: Any) -> dict[str, Any]:
    return dict(sts.assume_role(RoleArn=arn, RoleSessionName="s1", **more))


def test_a_chain_ends_after_an_hour(client: Any, sts: Any, chain: list[str], refused: Any) -> None:
    first = client("sts", assume(sts, chain[0], DurationSeconds=7200)["Credentials"])
    message = "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
    with refused("ValidationError", message):
        assume(first, chain[1], DurationSeconds=3601)
    second = client("sts", assume(first, chain[1], DurationSeconds=3600)["Credentials"])
    assert second.get_caller_identity()["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/b/s1"


def test_a_session_of_a_user_makes_chains_too(client: Any, user: Any, chain: list[str], refused: Any) -> None:
    session = client("sts", user("ada", "sts:*")).get_session_token()["Credentials"]
    with refused("ValidationError", "1 hour session limit"):
        assume(client("sts", session), chain[0], DurationSeconds=7200)
    assume(client("sts", session), chain[0])


@pytest.mark.feature("iam.abac")
def test_tags_of_the_session_decide(cloud: Cloud, client: Any, iam: Any, sts: Any, role: Any, refused: Any) -> None:
    arn = role("r", trusts=trust(action=TAGGING), Tags=tags(Team="none"))
    condition = {"StringEquals": {"aws:PrincipalTag/Team": "${aws:RequestTag/Team}"}}
    iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=document("sqs:*", Condition=condition))
    answer = assume(sts, arn, Tags=tags(team="red"))
    assert answer["PackedPolicySize"] > 0
    sqs = client("sqs", answer["Credentials"])
    sqs.create_queue(QueueName="q", tags={"Team": "red"})
    with refused("AccessDenied", "", 403):
        sqs.create_queue(QueueName="q2", tags={"Team": "blue"})
    by_role = client("sqs", assume(sts, arn)["Credentials"])
    by_role.create_queue(QueueName="q3", tags={"Team": "none"})


@pytest.mark.feature("iam.abac")
def test_tagging_needs_permission_of_the_role(client: Any, user: Any, role: Any, refused: Any) -> None:
    ada = client("sts", user("ada", "sts:AssumeRole", "sts:TagSession"))
    plain = role("plain")
    with refused("AccessDenied", f"perform: sts:TagSession on resource: {plain} because no role trust policy", 403):
        assume(ada, plain, Tags=tags(Team="red"))
    choice = {
        "StringEquals": {"aws:RequestTag/Team": ["red", "blue"]},
        "ForAllValues:StringEquals": {"aws:TagKeys": ["Team", "Cost"], "sts:TransitiveTagKeys": ["Cost"]},
    }
    choosy = role("choosy", trusts=trust(action=TAGGING, Condition=choice))
    assume(ada, choosy, Tags=tags(Team="red", Cost="1"), TransitiveTagKeys=["Cost"])
    for wrong in (
        {"Tags": tags(Team="green")},
        {"Tags": tags(Team="red", Other="x")},
        {"Tags": tags(Team="red"), "TransitiveTagKeys": ["Team"]},
        {},
    ):
        with refused("AccessDenied", "because no role trust policy allows", 403):
            assume(ada, choosy, **wrong)


@pytest.mark.feature("iam.abac")
def test_transitive_tags_go_on(client: Any, iam: Any, sts: Any, chain: list[str], refused: Any) -> None:
    for name in "bc":
        condition = {"StringEquals": {"aws:PrincipalTag/Cost": "1"}, "Null": {"aws:PrincipalTag/Team": "true"}}
        needs = document("sqs:*", effect="Deny", Condition={"StringNotEquals": {"aws:PrincipalTag/Cost": "1"}})
        iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=document("*", Condition=condition))
        iam.put_role_policy(RoleName=name, PolicyName="deny", PolicyDocument=needs)
    given = {"Tags": tags(Cost="1", Team="red"), "TransitiveTagKeys": ["cost"]}
    first = client("sts", assume(sts, chain[0], **given)["Credentials"])
    second = assume(first, chain[1])["Credentials"]
    client("sqs", second).list_queues()
    third = assume(client("sts", second), chain[2])["Credentials"]
    client("sqs", third).list_queues()
    plain = assume(client("sts", assume(sts, chain[0])["Credentials"]), chain[1])["Credentials"]
    with refused("AccessDenied", "with an explicit deny", 403):
        client("sqs", plain).list_queues()


@pytest.mark.feature("iam.abac")
def test_inherited_tags_need_permission_and_are_tags_of_the_request(
    client: Any, sts: Any, chain: list[str], role: Any, refused: Any
) -> None:
    given = {"Tags": tags(Cost="1"), "TransitiveTagKeys": ["Cost"]}
    first = client("sts", assume(sts, chain[0], **given)["Credentials"])
    with refused("AccessDenied", "perform: sts:TagSession", 403):
        assume(first, role("untagged"))
    condition = {"StringEquals": {"aws:RequestTag/Cost": "1", "aws:PrincipalTag/Cost": "1"}}
    assume(first, role("choosy", trusts=trust(action=TAGGING, Condition=condition)))


def test_tags_that_do_not_go_together(client: Any, sts: Any, chain: list[str], refused: Any) -> None:
    duplicate = [*tags(Team="red"), *tags(team="blue")]
    with refused("InvalidParameterValue", "Duplicate tag keys found. Please note that Tag keys are case insensitive."):
        assume(sts, chain[0], Tags=duplicate)
    with refused("InvalidParameterValue", "The specified transitive tag key must be included in the requested tags."):
        assume(sts, chain[0], Tags=tags(Team="red"), TransitiveTagKeys=["Cost"])
    with refused("InvalidParameterValue", "aws: are reserved"):
        assume(sts, chain[0], Tags=[{"Key": "aws:x", "Value": "y"}])
    given = {"Tags": tags(Cost="1"), "TransitiveTagKeys": ["Cost"]}
    first = client("sts", assume(sts, chain[0], **given)["Credentials"])
    with refused("InvalidParameterValue", "conflicts with a transitive tag key from the calling session"):
        assume(first, chain[1], Tags=tags(COST="2"))
    with refused("InvalidParameterValue", "transitive tag keys can't be set because it conflicts"):
        assume(first, chain[1], TransitiveTagKeys=["Cost"])


def test_a_source_identity_stays(client: Any, iam: Any, sts: Any, chain: list[str], role: Any, refused: Any) -> None:
    answer = assume(sts, chain[0], SourceIdentity="ada")
    assert answer["SourceIdentity"] == "ada"
    first = client("sts", answer["Credentials"])
    second = assume(first, chain[1])
    assert second["SourceIdentity"] == "ada"
    assert assume(first, chain[1], SourceIdentity="ada")["SourceIdentity"] == "ada"
    with refused("AccessDenied", "not authorized to perform: sts:SetSourceIdentity", 403):
        assume(first, chain[1], SourceIdentity="bob")
    with refused("AccessDenied", "perform: sts:SetSourceIdentity", 403):
        assume(first, role("unknowing"))
    policy = document("sqs:*", effect="Deny", Condition={"StringEquals": {"aws:SourceIdentity": "ada"}})
    iam.put_role_policy(RoleName="b", PolicyName="deny", PolicyDocument=policy)
    with refused("AccessDenied", "with an explicit deny", 403):
        client("sqs", second["Credentials"]).list_queues()


def test_a_role_can_ask_for_a_source_identity(sts: Any, role: Any, refused: Any) -> None:
    condition = {"StringLike": {"sts:SourceIdentity": "*"}}
    arn = role("r", trusts=trust(ANYBODY, ["sts:AssumeRole", "sts:SetSourceIdentity"], Condition=condition))
    with refused("AccessDenied", "", 403):
        assume(sts, arn)
    assume(sts, arn, SourceIdentity="ada")


def test_sessions_of_roles_make_no_users_sessions(client: Any, sts: Any, role: Any, refused: Any) -> None:
    session = client("sts", assume(sts, role("r", "sts:*"))["Credentials"])
    with refused("AccessDenied", "Cannot call GetSessionToken with session credentials", 403):
        session.get_session_token()
    with refused("AccessDenied", "Cannot call GetFederationToken with session credentials", 403):
        session.get_federation_token(Name="bob")
    key = session.get_caller_identity()  # which they may ask for
    assert key["Account"] == ACCOUNT


@pytest.mark.feature("iam.abac")
def test_items_of_ones_own_by_a_tag_of_the_session(
    cloud: Cloud, client: Any, iam: Any, sts: Any, role: Any, refused: Any
) -> None:
    """One role for all tenants of a table."""
    dynamodb = cloud.client("dynamodb")
    dynamodb.create_table(
        TableName="orders",
        AttributeDefinitions=[{"AttributeName": "tenant", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "tenant", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    arn = role("tenant", trusts=trust(action=TAGGING))
    own = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["${aws:PrincipalTag/Tenant}"]}}
    policy = document(
        ["dynamodb:GetItem", "dynamodb:PutItem"], f"arn:aws:dynamodb:*:{ACCOUNT}:table/orders", Condition=own
    )
    iam.put_role_policy(RoleName="tenant", PolicyName="own", PolicyDocument=policy)
    red = client("dynamodb", assume(sts, arn, Tags=tags(Tenant="red"))["Credentials"])
    red.put_item(TableName="orders", Item={"tenant": {"S": "red"}})
    assert red.get_item(TableName="orders", Key={"tenant": {"S": "red"}})["Item"]
    with refused("AccessDeniedException", "because no identity-based policy allows the dynamodb:GetItem action"):
        red.get_item(TableName="orders", Key={"tenant": {"S": "blue"}})
