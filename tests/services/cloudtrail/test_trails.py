"""Trails: their names and settings, where they can be seen and changed, what they need of bucket and key."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hodei.testing import ACCOUNT, REGION, Cloud

from .conftest import BUCKET, bucket_policy, trail_arn

pytestmark = pytest.mark.feature("cloudtrail.recording")

MAIN = trail_arn("main")
SETTINGS = {
    "Name": "main",
    "S3BucketName": BUCKET,
    "IncludeGlobalServiceEvents": True,
    "IsMultiRegionTrail": False,
    "TrailARN": MAIN,
    "LogFileValidationEnabled": False,
    "IsOrganizationTrail": False,
    "RecursiveLogging": True,
}


def answer(response: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in response.items() if name != "ResponseMetadata"}


def test_a_trail_from_its_creation_to_its_end(cloudtrail: Any, bucket: str, refused: Any) -> None:
    assert answer(cloudtrail.create_trail(Name="main", S3BucketName=bucket)) == SETTINGS
    described = SETTINGS | {"HomeRegion": REGION, "HasCustomEventSelectors": False, "HasInsightSelectors": False}
    assert cloudtrail.get_trail(Name="main")["Trail"] == described
    assert cloudtrail.get_trail(Name=MAIN)["Trail"] == described
    assert cloudtrail.describe_trails()["trailList"] == [described]
    assert cloudtrail.describe_trails(trailNameList=["other"])["trailList"] == []
    assert cloudtrail.list_trails()["Trails"] == [{"TrailARN": MAIN, "Name": "main", "HomeRegion": REGION}]
    status = {name: value for name, value in answer(cloudtrail.get_trail_status(Name="main")).items() if value != ""}
    assert status == {"IsLogging": False}
    with refused("TrailAlreadyExistsException", f"Trail main already exists for customer: {ACCOUNT}"):
        cloudtrail.create_trail(Name="main", S3BucketName=bucket)
    cloudtrail.delete_trail(Name="main")
    with refused("TrailNotFoundException", f"Unknown trail: {MAIN} for the user: {ACCOUNT}"):
        cloudtrail.get_trail(Name="main")
    with refused("TrailNotFoundException"):
        cloudtrail.delete_trail(Name=MAIN)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("ab", "Trail name too short. Minimum allowed length: 3 characters. Specified name length: 2 characters."),
        ("a" * 129, "Trail name too long. Maximum allowed length: 128 characters. Specified name length: 129"),
        ("-main", "Trail name must starts with a letter or number."),
        ("main-", "Trail name must ends with a letter or number."),
        ("my trail", "Trail name or ARN can only contain uppercase letters, lowercase letters, numbers"),
        ("my-_trail", ""),
        ("192.168.5.4", ""),
    ],
)
def test_names_of_trails(cloudtrail: Any, bucket: str, refused: Any, name: str, message: str) -> None:
    with refused("InvalidTrailNameException", message):
        cloudtrail.create_trail(Name=name, S3BucketName=bucket)
    with refused("InvalidTrailNameException", message):
        cloudtrail.get_trail(Name=name)


def test_the_bucket_must_let_cloudtrail_in(cloud: Cloud, cloudtrail: Any, refused: Any) -> None:
    with refused("S3BucketDoesNotExistException", f"S3 bucket {BUCKET} does not exist!"):
        cloudtrail.create_trail(Name="main", S3BucketName=BUCKET)
    with refused("InvalidS3BucketNameException"):
        cloudtrail.create_trail(Name="main", S3BucketName="Not_A_Bucket")
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    wrong = f"Incorrect S3 bucket policy is detected for bucket: {BUCKET}"
    with refused("InsufficientS3BucketPolicyException", wrong):
        cloudtrail.create_trail(Name="main", S3BucketName=BUCKET)
    for policy in (bucket_policy(trail_arn("other")), bucket_policy(MAIN, prefix="elsewhere/AWSLogs")):
        s3.put_bucket_policy(Bucket=BUCKET, Policy=policy)
        with refused("InsufficientS3BucketPolicyException", wrong):
            cloudtrail.create_trail(Name="main", S3BucketName=BUCKET)
    cloudtrail.create_trail(Name="main", S3BucketName=BUCKET, S3KeyPrefix="elsewhere")
    with refused("InvalidS3PrefixException"):
        cloudtrail.update_trail(Name="main", S3KeyPrefix="p" * 201)


def test_a_key_must_let_cloudtrail_encrypt(cloud: Cloud, cloudtrail: Any, bucket: str, refused: Any) -> None:
    kms = cloud.client("kms")
    key = kms.create_key()["KeyMetadata"]
    with refused("KmsKeyNotFoundException"):
        cloudtrail.create_trail(Name="main", S3BucketName=bucket, KmsKeyId="alias/none")
    with refused("InsufficientEncryptionPolicyException"):
        cloudtrail.create_trail(Name="main", S3BucketName=bucket, KmsKeyId=key["KeyId"])
    kms.put_key_policy(KeyId=key["KeyId"], Policy=key_policy())
    made = cloudtrail.create_trail(Name="main", S3BucketName=bucket, KmsKeyId=key["KeyId"])
    assert made["KmsKeyId"] == key["Arn"]
    kms.disable_key(KeyId=key["KeyId"])
    with refused("KmsException"):
        cloudtrail.update_trail(Name="main", S3BucketName=bucket)
    assert "KmsKeyId" not in cloudtrail.update_trail(Name="main", KmsKeyId="")


def key_policy() -> str:
    """As AWS's documentation has it."""
    context = {"kms:EncryptionContext:aws:cloudtrail:arn": f"arn:aws:cloudtrail:*:{ACCOUNT}:trail/*"}
    conditions = {"StringEquals": {"aws:SourceArn": MAIN}, "StringLike": context}
    statements = [
        {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "kms:*", "Resource": "*"},
        {
            "Effect": "Allow",
            "Principal": {"Service": "cloudtrail.amazonaws.com"},
            "Action": "kms:GenerateDataKey*",
            "Resource": "*",
            "Condition": conditions,
        },
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def test_what_is_not_given_stays_as_it_is(cloudtrail: Any, bucket: str, refused: Any) -> None:
    cloudtrail.create_trail(Name="main", S3BucketName=bucket, EnableLogFileValidation=True)
    changed = SETTINGS | {"LogFileValidationEnabled": True, "IsMultiRegionTrail": True, "RecursiveLogging": False}
    given = {"IsMultiRegionTrail": True, "RecursiveLogging": False}
    assert answer(cloudtrail.update_trail(Name="main", **given)) == changed
    message = "Multi-Region trail must include global service events."
    with refused("InvalidParameterCombinationException", message):
        cloudtrail.update_trail(Name="main", IncludeGlobalServiceEvents=False)
    assert cloudtrail.get_trail(Name="main")["Trail"]["IncludeGlobalServiceEvents"]


def test_topics_and_groups_that_are_not_there(cloudtrail: Any, bucket: str, refused: Any) -> None:
    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:audit:*"
    with refused("InsufficientSnsTopicPolicyException", "SNS Topic does not exist or the topic policy is incorrect!"):
        cloudtrail.create_trail(Name="main", S3BucketName=bucket, SnsTopicName="told")
    with refused("InvalidCloudWatchLogsLogGroupArnException"):
        cloudtrail.create_trail(
            Name="main",
            S3BucketName=bucket,
            CloudWatchLogsLogGroupArn=group,
            CloudWatchLogsRoleArn=f"arn:aws:iam::{ACCOUNT}:role/r",
        )
    assert cloudtrail.list_trails()["Trails"] == []


def test_regions_and_shadows(cloud: Cloud, cloudtrail: Any, bucket: str, refused: Any) -> None:
    there = cloud.client("cloudtrail", region_name="eu-west-1")
    cloudtrail.create_trail(Name="main", S3BucketName=bucket)
    assert there.describe_trails()["trailList"] == []
    assert [trail["TrailARN"] for trail in there.list_trails()["Trails"]] == [MAIN]
    with refused("TrailNotFoundException"):
        there.get_trail(Name=MAIN)
    cloudtrail.update_trail(Name="main", IsMultiRegionTrail=True)
    assert [trail["HomeRegion"] for trail in there.describe_trails()["trailList"]] == [REGION]
    assert there.describe_trails(includeShadowTrails=False)["trailList"] == []
    assert there.get_trail(Name=MAIN)["Trail"]["Name"] == "main"
    with refused("TrailNotFoundException", f"Unknown trail: {trail_arn('main', region='eu-west-1')} for the user"):
        there.get_trail_status(Name="main")
    for name in ("main", MAIN):
        with refused("InvalidHomeRegionException"):
            there.start_logging(Name=name)
    with refused("TrailAlreadyExistsException"):
        there.create_trail(Name="main", S3BucketName=bucket)


def test_five_trails_a_region(cloud: Cloud, cloudtrail: Any, refused: Any) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_bucket_policy(Bucket=BUCKET, Policy=bucket_policy(*(trail_arn(f"t-{n}") for n in range(6))))
    for number in range(5):
        cloudtrail.create_trail(Name=f"t-{number}", S3BucketName=BUCKET)
    message = f"User: {ACCOUNT} already has 5 trails in {REGION}."
    with refused("MaximumNumberOfTrailsExceededException", message):
        cloudtrail.create_trail(Name="t-5", S3BucketName=BUCKET)


def test_tags(cloud: Cloud, cloudtrail: Any, bucket: str, user: Any, client_of: Any, refused: Any) -> None:
    cloudtrail.create_trail(Name="main", S3BucketName=bucket, TagsList=[{"Key": "a", "Value": "1"}])
    cloudtrail.add_tags(ResourceId=MAIN, TagsList=[{"Key": "a", "Value": "2"}, {"Key": "b"}])
    (listed,) = cloudtrail.list_tags(ResourceIdList=[MAIN])["ResourceTagList"]
    assert listed == {"ResourceId": MAIN, "TagsList": [{"Key": "a", "Value": "2"}, {"Key": "b", "Value": ""}]}
    cloudtrail.remove_tags(ResourceId=MAIN, TagsList=[{"Key": "b"}])
    assert cloudtrail.list_tags(ResourceIdList=[MAIN])["ResourceTagList"][0]["TagsList"] == [{"Key": "a", "Value": "2"}]
    for tags, code in (
        ([{"Key": "a"}, {"Key": "a"}], "InvalidTagParameterException"),
        ([{"Key": "aws:x"}], "InvalidTagParameterException"),
        ([{"Key": f"k{n}"} for n in range(50)], "TagsLimitExceededException"),
    ):
        with refused(code):
            cloudtrail.add_tags(ResourceId=MAIN, TagsList=tags)
    for arn, code in (
        ("main", "CloudTrailARNInvalidException"),
        (f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:eventdatastore/x", "ResourceNotFoundException"),
        (f"arn:aws:sqs:{REGION}:{ACCOUNT}:q", "ResourceTypeNotSupportedException"),
    ):
        with refused(code):
            cloudtrail.list_tags(ResourceIdList=[arn])


def test_policies_decide_on_trails(cloudtrail: Any, bucket: str, user: Any, client_of: Any, refused: Any) -> None:
    cloudtrail.create_trail(Name="main", S3BucketName=bucket)
    ann = client_of("cloudtrail", user("ann", "cloudtrail:DescribeTrails"))
    assert len(ann.describe_trails()["trailList"]) == 1
    message = f"is not authorized to perform: cloudtrail:StopLogging on resource: {MAIN}"
    for name in ("main", MAIN):
        with refused("AccessDeniedException", message):
            ann.stop_logging(Name=name)
