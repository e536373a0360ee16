"""TagResource, UntagResource, ListTagsForResource: of buckets and access points."""

from __future__ import annotations

from typing import Any

import pytest

from hodei.testing import Cloud

from .conftest import ACCOUNT, OTHER, POINT, document, statement

pytestmark = pytest.mark.feature("s3.policies")

BUCKET = "arn:aws:s3:::bucket"
RED = [{"Key": "team", "Value": "red"}]


def tagged(control: Any, arn: str) -> Any:
    return control.list_tags_for_resource(AccountId=ACCOUNT, ResourceArn=arn)["Tags"]


def test_buckets_have_the_tags_that_s3_shows(cloud: Cloud, control: Any, s3: Any) -> None:
    s3.put_bucket_tagging(Bucket="bucket", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    control.tag_resource(AccountId=ACCOUNT, ResourceArn=BUCKET, Tags=RED)
    assert s3.get_bucket_tagging(Bucket="bucket")["TagSet"] == [{"Key": "a", "Value": "b"}, *RED]
    control.untag_resource(AccountId=ACCOUNT, ResourceArn=BUCKET, TagKeys=["a", "none"])
    assert tagged(cloud.client("s3control", region_name="us-west-2"), BUCKET) == RED


def test_access_points_have_tags(control: Any, s3: Any) -> None:
    named = {"AccountId": ACCOUNT, "Name": "point"}
    control.create_access_point(**named, Bucket="bucket", Tags=RED)
    control.tag_resource(AccountId=ACCOUNT, ResourceArn=POINT, Tags=[{"Key": "a", "Value": ""}])
    assert tagged(control, POINT) == [{"Key": "a", "Value": ""}, *RED]
    control.delete_access_point(**named)
    control.create_access_point(**named, Bucket="bucket")
    assert tagged(control, POINT) == []


def test_there_are_50_at_most(control: Any, s3: Any, refused: Any) -> None:
    many = [{"Key": str(number), "Value": ""} for number in range(50)]
    control.tag_resource(AccountId=ACCOUNT, ResourceArn=BUCKET, Tags=many)
    with refused("TooManyTags"):
        control.tag_resource(AccountId=ACCOUNT, ResourceArn=BUCKET, Tags=RED)


@pytest.mark.parametrize("arn", ["arn:aws:s3:::none", POINT, POINT.replace("us-east-1", "us-west-2")])
def test_what_is_not_there(control: Any, refused: Any, arn: str) -> None:
    with refused("NoSuchResource", status=404):
        control.list_tags_for_resource(AccountId=ACCOUNT, ResourceArn=arn)


def test_what_is_no_arn(control: Any, refused: Any) -> None:
    with refused("InvalidRequest"):
        control.list_tags_for_resource(AccountId=ACCOUNT, ResourceArn="bucket")


def test_what_is_others(cloud: Cloud, point: Any, refused: Any) -> None:
    other = cloud.client("s3control", account=OTHER)
    for arn in (BUCKET, POINT):
        with refused("AccessDenied", status=403):
            other.list_tags_for_resource(AccountId=OTHER, ResourceArn=arn)


def test_who_may(hire: Any, s3: Any, control: Any, refused: Any) -> None:
    ada = hire("ada", "s3:TagResource", on=BUCKET, service="s3control")
    ada.tag_resource(AccountId=ACCOUNT, ResourceArn=BUCKET, Tags=RED)
    for call, more in ((ada.list_tags_for_resource, {}), (ada.untag_resource, {"TagKeys": ["team"]})):
        with refused("AccessDenied", status=403):
            call(AccountId=ACCOUNT, ResourceArn=BUCKET, **more)
    s3.put_bucket_policy(Bucket="bucket", Policy=document(statement("Deny", "*", "s3:TagResource", BUCKET)))
    for client in (ada, control):
        with refused("AccessDenied", status=403):
            client.tag_resource(AccountId=ACCOUNT, ResourceArn=BUCKET, Tags=RED)


def test_tags_decide_who_may(hire: Any, s3: Any, control: Any, point: Any, refused: Any) -> None:
    red = {"StringEquals": {"aws:ResourceTag/team": "red"}}
    ada = hire("ada", "s3:*", service="s3control", Condition=red)
    for arn in (BUCKET, POINT):
        with refused("AccessDenied", status=403):
            ada.list_tags_for_resource(AccountId=ACCOUNT, ResourceArn=arn)
        control.tag_resource(AccountId=ACCOUNT, ResourceArn=arn, Tags=RED)
    assert tagged(ada, POINT) == RED
    with refused("AccessDenied", status=403):
        tagged(ada, BUCKET)
    s3.put_bucket_abac(Bucket="bucket", AbacStatus={"Status": "Enabled"})
    assert tagged(ada, BUCKET) == RED
    with refused("NoSuchAccessPointPolicy", status=404):
        ada.get_access_point_policy(AccountId=ACCOUNT, Name="point")
    control.untag_resource(AccountId=ACCOUNT, ResourceArn=POINT, TagKeys=["team"])
    with refused("AccessDenied", status=403):
        ada.get_access_point_policy(AccountId=ACCOUNT, Name="point")


def test_tags_that_count_are_changed_here_alone(control: Any, s3: Any, refused: Any) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketAbac.html"""
    s3.put_bucket_abac(Bucket="bucket", AbacStatus={"Status": "Enabled"})
    with refused("InvalidRequest", "TagResource"):
        s3.put_bucket_tagging(Bucket="bucket", Tagging={"TagSet": RED})
    with refused("InvalidRequest", "TagResource"):
        s3.delete_bucket_tagging(Bucket="bucket")
    control.tag_resource(AccountId=ACCOUNT, ResourceArn=BUCKET, Tags=RED)
    assert s3.get_bucket_tagging(Bucket="bucket")["TagSet"] == RED
