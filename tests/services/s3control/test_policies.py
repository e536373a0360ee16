"""The policies of access points, and how they decide together with those of buckets and callers.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-policies.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hodei.testing import Cloud

from .conftest import ACCOUNT, OTHER, POINT, document, statement

pytestmark = pytest.mark.feature("s3.access-points", "s3.policies")

NAMED = {"AccountId": ACCOUNT, "Name": "point"}
JANE = {"AWS": f"arn:aws:iam::{ACCOUNT}:user/jane"}
OBJECTS = f"{POINT}/object/*"
BUCKET = ["arn:aws:s3:::bucket", "arn:aws:s3:::bucket/*"]
# What AWS recommends: the bucket leaves it to the access points of its account.
DELEGATED = statement(
    "Allow", {"AWS": "*"}, "*", BUCKET, Condition={"StringEquals": {"s3:DataAccessPointAccount": ACCOUNT}}
)
JANE_READS = statement("Allow", JANE, "s3:GetObject", OBJECTS)


def can(call: Callable[..., Any], **params: Any) -> bool:
    """Whether that is allowed; another error than AccessDenied fails the test."""
    try:
        call(**params)
    except ClientError as error:
        assert error.response["Error"]["Code"] in ("AccessDenied", "403"), error
        return False
    return True


def reads(client: Any, address: str = POINT) -> bool:
    return can(client.get_object, Bucket=address, Key="key")


@pytest.fixture
def rule(control: Any, s3: Any, point: Any) -> Callable[..., None]:
    """`rule(point=..., bucket=...)`: the statements of both policies, each one or several."""

    def put(point: Any = (), bucket: Any = ()) -> None:
        for statements, operation, named in (
            (point, control.put_access_point_policy, NAMED),
            (bucket, s3.put_bucket_policy, {"Bucket": "bucket"}),
        ):
            if statements:
                operation(**named, Policy=document(*([statements] if isinstance(statements, dict) else statements)))

    return put


# the documents


def test_one_is_put_read_and_deleted(control: Any, point: Any, refused: Any) -> None:
    with refused("NoSuchAccessPointPolicy", "The specified accesspoint policy does not exist", 404):
        control.get_access_point_policy(**NAMED)
    with refused("NoSuchAccessPointPolicy", status=404):
        control.get_access_point_policy_status(**NAMED)
    text = document(JANE_READS | {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}})
    control.put_access_point_policy(**NAMED, Policy=text)
    assert control.get_access_point_policy(**NAMED)["Policy"] == text
    assert control.get_access_point_policy_status(**NAMED)["PolicyStatus"] == {"IsPublic": False}
    control.put_access_point_policy(**NAMED, Policy=document(statement("Allow", "*", "s3:GetObject", OBJECTS)))
    assert control.get_access_point_policy_status(**NAMED)["PolicyStatus"] == {"IsPublic": True}
    control.delete_access_point_policy(**NAMED)
    control.delete_access_point_policy(**NAMED)
    with refused("NoSuchAccessPointPolicy", status=404):
        control.get_access_point_policy(**NAMED)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "Missing required field Statement"),
        ("nothing", "Policies must be valid JSON"),
        (document(statement("Allow", "*", "s3:GetObject", "arn:aws:s3:::bucket/*")), "Policy has invalid resource"),
        (document(statement("Allow", "*", "s3:GetObject", f"{POINT}er/object/*")), "Policy has invalid resource"),
        (document(statement("Allow", "*", "s3:GetObject", POINT)), "Action does not apply to any resource"),
        (document(statement("Allow", "*", "s3:ListBucket", OBJECTS)), "Action does not apply to any resource"),
        (document(statement("Allow", "*", "sqs:SendMessage", OBJECTS)), "Policy has invalid action"),
    ],
)
def test_policies_that_are_none(control: Any, point: Any, refused: Any, text: str, message: str) -> None:
    with refused("MalformedPolicy", message):
        control.put_access_point_policy(**NAMED, Policy=text)


def test_public_ones_are_refused_where_they_are_blocked(control: Any, s3: Any, point: Any, refused: Any) -> None:
    everybody = statement("Allow", "*", "s3:GetObject", OBJECTS)
    control.create_access_point(AccountId=ACCOUNT, Name="blocking", Bucket="bucket")
    closed = document(everybody | {"Resource": OBJECTS.replace("point/point", "point/blocking")})
    with refused("AccessDenied", status=403):
        control.put_access_point_policy(AccountId=ACCOUNT, Name="blocking", Policy=closed)
    control.put_access_point_policy(**NAMED, Policy=document(everybody))
    control.put_public_access_block(AccountId=ACCOUNT, PublicAccessBlockConfiguration={"BlockPublicPolicy": True})
    with refused("AccessDenied", status=403):
        control.put_access_point_policy(**NAMED, Policy=document(everybody))


# what they decide


def test_a_policy_lets_a_user_in_as_far_as_the_bucket_does(hire: Any, s3: Any, rule: Any) -> None:
    jane = hire("jane")
    rule(point=JANE_READS)
    assert not reads(jane)  # the bucket does not allow it
    rule(bucket=statement("Allow", JANE, "s3:GetObject", BUCKET[1]))
    assert reads(jane)


def test_a_bucket_delegates_to_its_access_points(hire: Any, s3: Any, rule: Any) -> None:
    jane = hire("jane")
    rule(bucket=DELEGATED)
    assert not reads(jane)  # the access point does not allow it
    rule(point=JANE_READS)
    assert reads(jane)
    assert not reads(jane, "bucket")
    assert not can(jane.put_object, Bucket=POINT, Key="key")
    assert not can(jane.list_objects_v2, Bucket=POINT)
    rule(point=[JANE_READS, statement("Allow", JANE, "s3:ListBucket", POINT)])
    assert can(jane.list_objects_v2, Bucket=POINT)
    assert not can(jane.list_objects_v2, Bucket="bucket")


def test_own_policies_count_for_both(hire: Any, point: Any) -> None:
    assert reads(hire("ada", "s3:GetObject"))
    assert reads(hire("bob", "s3:GetObject", on=[OBJECTS, BUCKET[1]]))
    assert not reads(hire("cleo", "s3:GetObject", on=OBJECTS))
    assert not reads(hire("dora", "s3:GetObject", on=BUCKET[1]))


def test_denials_of_either_hold(hire: Any, s3: Any, rule: Any) -> None:
    ada = hire("ada", "s3:*")
    rule(point=statement("Deny", "*", "s3:GetObject", OBJECTS))
    assert not reads(ada) and reads(ada, "bucket")
    assert not reads(s3)  # the root of the account is bound too
    not_so = {"StringNotEquals": {"s3:DataAccessPointArn": POINT}}
    rule(
        point=statement("Deny", "*", "s3:DeleteObject", OBJECTS),
        bucket=statement("Deny", "*", "s3:GetObject", BUCKET[1], Condition=not_so),
    )
    assert reads(ada) and not reads(ada, "bucket")
    deleted = ada.delete_objects(Bucket=POINT, Delete={"Objects": [{"Key": "key"}]})
    assert [error["Code"] for error in deleted["Errors"]] == ["AccessDenied"]


def test_what_is_not_there_is_for_those_who_may_list(hire: Any, rule: Any, refused: Any) -> None:
    jane = hire("jane")
    rule(point=JANE_READS, bucket=DELEGATED)
    with refused("AccessDenied", status=403):
        jane.get_object(Bucket=POINT, Key="none")
    rule(point=[JANE_READS, statement("Allow", JANE, "s3:ListBucket", POINT)])
    with refused("NoSuchKey", status=404):
        jane.get_object(Bucket=POINT, Key="none")


def test_copies_need_the_access_point_of_their_source(hire: Any, rule: Any) -> None:
    writer = statement("Allow", JANE, "s3:PutObject", BUCKET[1])
    jane = hire("jane")
    rule(bucket=[DELEGATED, writer])
    copy = {"Bucket": "bucket", "Key": "copy", "CopySource": {"Bucket": POINT, "Key": "key"}}
    assert not can(jane.copy_object, **copy)
    rule(point=JANE_READS)
    assert can(jane.copy_object, **copy)
    assert not can(jane.copy_object, **copy | {"CopySource": {"Bucket": "bucket", "Key": "key"}})
    back = {"Bucket": POINT, "Key": "copy", "CopySource": {"Bucket": "bucket", "Key": "key"}}
    rule(point=statement("Allow", JANE, ["s3:GetObject", "s3:PutObject"], OBJECTS))
    assert not can(jane.copy_object, **back)  # what it reads comes from the bucket itself
    assert can(jane.copy_object, **back | {"CopySource": {"Bucket": POINT, "Key": "key"}})


def test_other_accounts_need_all_three(hire: Any, cloud: Cloud, rule: Any) -> None:
    eve = hire("eve", "s3:GetObject", account=OTHER)
    hers = {"AWS": f"arn:aws:iam::{OTHER}:user/eve"}
    rule(bucket=DELEGATED)
    assert not reads(eve)
    rule(point=statement("Allow", hers, "s3:GetObject", OBJECTS))
    assert reads(eve) and not reads(eve, "bucket")
    mallory = hire("mallory", account=OTHER)
    rule(point=statement("Allow", {"AWS": f"arn:aws:iam::{OTHER}:root"}, "s3:GetObject", OBJECTS))
    assert reads(eve) and not reads(mallory)


def test_an_access_point_of_another_account_reaches_what_the_bucket_lets_it(cloud: Cloud, s3: Any) -> None:
    control, other = cloud.client("s3control", account=OTHER), cloud.client("s3", account=OTHER)
    arn = control.create_access_point(AccountId=OTHER, Name="theirs", Bucket="bucket", BucketAccountId=ACCOUNT)
    assert not reads(other, arn["AccessPointArn"])
    theirs = {"StringEquals": {"s3:DataAccessPointAccount": OTHER}}
    s3.put_bucket_policy(Bucket="bucket", Policy=document(DELEGATED | {"Condition": theirs}))
    assert reads(other, arn["AccessPointArn"])
    assert not reads(s3, arn["AccessPointArn"])


def test_a_public_policy_may_be_restricted(cloud: Cloud, control: Any, s3: Any, rule: Any) -> None:
    other = cloud.client("s3", account=OTHER)
    rule(point=statement("Allow", "*", "s3:GetObject", OBJECTS), bucket=DELEGATED)
    assert reads(other)
    control.put_public_access_block(AccountId=ACCOUNT, PublicAccessBlockConfiguration={"RestrictPublicBuckets": True})
    assert not reads(other) and reads(s3)


@pytest.mark.parametrize(
    ("condition", "allowed"),
    [
        ({"StringEquals": {"s3:AccessPointNetworkOrigin": "Internet"}}, True),
        ({"StringEquals": {"s3:AccessPointNetworkOrigin": "VPC"}}, False),
        ({"ArnLike": {"s3:DataAccessPointArn": f"arn:aws:s3:*:{ACCOUNT}:accesspoint/po*"}}, True),
        ({"ArnLike": {"s3:DataAccessPointArn": f"arn:aws:s3:*:{ACCOUNT}:accesspoint/other"}}, False),
        ({"StringEquals": {"s3:AccessPointTag/team": "red"}}, True),
        ({"StringEquals": {"s3:AccessPointTag/team": "blue"}}, False),
    ],
)
def test_conditions_know_the_access_point(control: Any, hire: Any, rule: Any, condition: Any, allowed: bool) -> None:
    control.tag_resource(AccountId=ACCOUNT, ResourceArn=POINT, Tags=[{"Key": "team", "Value": "red"}])
    ((operator, tests),) = condition.items()
    own = {"s3:DataAccessPointAccount": ACCOUNT}
    both = {operator: tests | own} if operator == "StringEquals" else condition | {"StringEquals": own}
    rule(point=JANE_READS, bucket=DELEGATED | {"Condition": both})
    assert reads(hire("jane")) == allowed


def test_permissions_to_control_them(hire: Any, point: Any, refused: Any) -> None:
    ada = hire("ada", "s3:GetAccessPoint", "s3:ListAccessPoints", on=[POINT, "*"], service="s3control")
    assert ada.get_access_point(**NAMED) and ada.list_access_points(AccountId=ACCOUNT)["AccessPointList"]
    for call in (ada.delete_access_point, ada.get_access_point_policy, ada.get_access_point_policy_status):
        with refused("AccessDenied", f"on resource: {POINT} because no identity-based policy allows", 403):
            call(**NAMED)
    with refused("AccessDenied", "s3:CreateAccessPoint", 403):
        ada.create_access_point(AccountId=ACCOUNT, Name="new", Bucket="bucket")
    maker = hire("bob", "s3:CreateAccessPoint", service="s3control")
    maker.create_access_point(AccountId=ACCOUNT, Name="new", Bucket="bucket")
    with refused("AccessDenied", "s3:TagResource", 403):
        maker.create_access_point(AccountId=ACCOUNT, Name="newer", Bucket="bucket", Tags=[{"Key": "a", "Value": "b"}])
