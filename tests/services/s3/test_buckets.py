"""CreateBucket, HeadBucket, GetBucketLocation, ListBuckets, DeleteBucket."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hodei.protocol.http import Body, Headers, Request
from hodei.testing import Cloud
from services.s3.callers import SIGNED

pytestmark = pytest.mark.feature("s3.objects")

Refused = Callable[..., dict[str, Any]]


def test_a_bucket_of_us_east_1(s3: Any) -> None:
    created = s3.create_bucket(Bucket="photos")
    assert (created["Location"], created["BucketArn"]) == ("/photos", "arn:aws:s3:::photos")
    head = s3.head_bucket(Bucket="photos")
    assert (head["BucketRegion"], head["BucketArn"], head["AccessPointAlias"]) == (
        "us-east-1",
        "arn:aws:s3:::photos",
        False,
    )
    assert s3.get_bucket_location(Bucket="photos")["LocationConstraint"] is None


@pytest.mark.parametrize(("constraint", "region"), [("eu-central-1", "eu-central-1"), ("EU", "eu-west-1")])
def test_a_bucket_elsewhere(cloud: Cloud, s3: Any, constraint: str, region: str) -> None:
    client = cloud.client("s3", region_name=region)
    created = client.create_bucket(Bucket="photos", CreateBucketConfiguration={"LocationConstraint": constraint})
    assert created["Location"] == "http://photos.s3.amazonaws.com/"
    assert client.get_bucket_location(Bucket="photos")["LocationConstraint"] == constraint
    assert s3.head_bucket(Bucket="photos")["BucketRegion"] == region
    s3.put_object(Bucket="photos", Key="k", Body=b"from another region")
    assert client.get_object(Bucket="photos", Key="k")["Body"].read() == b"from another region"


def test_location_constraints(cloud: Cloud, s3: Any, refused: Refused) -> None:
    west = cloud.client("s3", region_name="us-west-2")
    error = refused(west.create_bucket, Bucket="photos", CreateBucketConfiguration={"LocationConstraint": "EU"})
    assert error["Code"] == "IllegalLocationConstraintException"
    assert error["Message"].startswith("The EU location constraint is incompatible for the region specific endpoint")
    error = refused(west.create_bucket, Bucket="photos")
    assert error["Message"].startswith("The unspecified location constraint is incompatible")
    error = refused(s3.create_bucket, Bucket="photos", CreateBucketConfiguration={"LocationConstraint": "aws-global"})
    assert error == {
        "Code": "InvalidLocationConstraint",
        "LocationConstraint": "aws-global",
        "Message": "The specified location-constraint is not valid",
        "Status": 400,
    }


def test_names_are_global(cloud: Cloud, s3: Any, refused: Refused) -> None:
    s3.create_bucket(Bucket="bucket")  # again: no error in us-east-1
    elsewhere = {"CreateBucketConfiguration": {"LocationConstraint": "us-west-2"}}
    error = refused(cloud.client("s3", region_name="us-west-2").create_bucket, Bucket="bucket", **elsewhere)
    assert (error["Code"], error["BucketName"], error["Status"]) == ("BucketAlreadyOwnedByYou", "bucket", 409)
    other = cloud.client("s3", account="111111111111")
    error = refused(other.create_bucket, Bucket="bucket")
    assert (error["Code"], error["BucketName"], error["Status"]) == ("BucketAlreadyExists", "bucket", 409)


@pytest.mark.parametrize(
    "name", ["Upper", "ab", "a" * 64, "under_score", "-dash", "dash-", "two..dots", "192.168.1.1", "xn--a", "a-s3alias"]
)
def test_names_that_no_bucket_may_have(cloud: Cloud, refused: Refused, name: str) -> None:
    s3 = cloud.client("s3")
    s3.meta.events.unregister("before-parameter-build.s3", _check(s3))
    error = refused(s3.create_bucket, Bucket=name)
    assert (error["Code"], error["BucketName"]) == ("InvalidBucketName", name)


def _check(s3: Any) -> Any:
    from botocore.handlers import validate_bucket_name

    return validate_bucket_name


def test_a_bucket_must_be_empty_to_go(s3: Any, refused: Refused) -> None:
    s3.put_object(Bucket="bucket", Key="k")
    error = refused(s3.delete_bucket, Bucket="bucket")
    assert (error["Code"], error["BucketName"], error["Status"]) == ("BucketNotEmpty", "bucket", 409)
    assert error["Message"] == "The bucket you tried to delete is not empty"
    s3.delete_object(Bucket="bucket", Key="k")
    assert s3.delete_bucket(Bucket="bucket")["ResponseMetadata"]["HTTPStatusCode"] == 204
    error = refused(s3.delete_bucket, Bucket="bucket")
    assert (error["Code"], error["BucketName"]) == ("NoSuchBucket", "bucket")


def test_a_versioned_bucket_must_have_no_version_left(s3: Any, refused: Refused) -> None:
    s3.put_bucket_versioning(Bucket="bucket", VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket="bucket", Key="k")["VersionId"]
    marker = s3.delete_object(Bucket="bucket", Key="k")["VersionId"]
    message = "The bucket you tried to delete is not empty. You must delete all versions in the bucket."
    for left in (version, marker):
        assert refused(s3.delete_bucket, Bucket="bucket")["Message"] == message
        s3.delete_object(Bucket="bucket", Key="k", VersionId=left)
    s3.delete_bucket(Bucket="bucket")


def test_a_deleted_bucket_leaves_nothing_to_its_successor(s3: Any) -> None:
    cors = {"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]}
    s3.put_bucket_cors(Bucket="bucket", CORSConfiguration=cors)
    upload = s3.create_multipart_upload(Bucket="bucket", Key="k")["UploadId"]
    s3.upload_part(Bucket="bucket", Key="k", UploadId=upload, PartNumber=1, Body=b"part")
    s3.delete_bucket(Bucket="bucket")
    s3.create_bucket(Bucket="bucket")
    assert "Uploads" not in s3.list_multipart_uploads(Bucket="bucket")
    with pytest.raises(s3.exceptions.ClientError, match="NoSuchCORSConfiguration"):
        s3.get_bucket_cors(Bucket="bucket")


def test_list_buckets_shows_those_of_the_account(cloud: Cloud, s3: Any) -> None:
    cloud.client("s3", account="111111111111").create_bucket(Bucket="foreign")
    answer = s3.list_buckets()
    assert [bucket["Name"] for bucket in answer["Buckets"]] == ["bucket"]
    assert answer["Buckets"][0].keys() == {"Name", "CreationDate", "BucketArn"}
    assert len(answer["Owner"]["ID"]) == 64


def test_list_buckets_pages_and_filters(cloud: Cloud, s3: Any, refused: Refused) -> None:
    for name in ("one", "only", "two"):
        s3.create_bucket(Bucket=name)
    west = {"CreateBucketConfiguration": {"LocationConstraint": "us-west-2"}}
    s3.create_bucket(Bucket="west", **west)
    first = s3.list_buckets(MaxBuckets=2)
    assert [bucket["Name"] for bucket in first["Buckets"]] == ["bucket", "one"]
    assert first["Buckets"][0]["BucketRegion"] == "us-east-1"
    rest = s3.list_buckets(MaxBuckets=3, ContinuationToken=first["ContinuationToken"])
    assert [bucket["Name"] for bucket in rest["Buckets"]] == ["only", "two", "west"]
    assert "ContinuationToken" not in rest
    named = s3.list_buckets(Prefix="on")
    assert ([bucket["Name"] for bucket in named["Buckets"]], named["Prefix"]) == (["one", "only"], "on")
    assert [bucket["Name"] for bucket in s3.list_buckets(BucketRegion="us-west-2")["Buckets"]] == ["west"]
    error = refused(s3.list_buckets, ContinuationToken="made-up")
    assert (error["Code"], error["ArgumentName"]) == ("InvalidArgument", "continuation-token")
    answer = cloud.send(Request("GET", "/?max-buckets=0", Headers([SIGNED, ("Host", "s3.localhost")]), Body()))
    assert b"<Code>InvalidArgument</Code>" in answer.body and b"<ArgumentName>max-buckets<" in answer.body


def test_the_quota_of_buckets(cloud: Cloud, s3: Any, refused: Refused) -> None:
    cloud.quota("s3", "buckets", 2)
    s3.create_bucket(Bucket="second")
    assert refused(s3.create_bucket, Bucket="third")["Code"] == "TooManyBuckets"


def test_tags_and_ownership_given_at_creation(s3: Any) -> None:
    s3.create_bucket(
        Bucket="tagged",
        ObjectOwnership="ObjectWriter",
        CreateBucketConfiguration={"Tags": [{"Key": "team", "Value": "a"}]},
    )
    assert s3.get_bucket_tagging(Bucket="tagged")["TagSet"] == [{"Key": "team", "Value": "a"}]
    rules = s3.get_bucket_ownership_controls(Bucket="tagged")["OwnershipControls"]["Rules"]
    assert rules == [{"ObjectOwnership": "ObjectWriter"}]
    s3.put_object(Bucket="tagged", Key="k", ACL="bucket-owner-read")


def test_acls_given_at_creation(s3: Any, refused: Refused) -> None:
    s3.create_bucket(Bucket="logs", ACL="log-delivery-write", ObjectOwnership="ObjectWriter")
    grants = s3.get_bucket_acl(Bucket="logs")["Grants"]
    assert [grant["Permission"] for grant in grants] == ["FULL_CONTROL", "WRITE", "READ_ACP"]
    error = refused(s3.create_bucket, Bucket="public", ACL="public-read", ObjectOwnership="ObjectWriter")
    assert error["Code"] == "InvalidBucketAclWithBlockPublicAccessError"
    error = refused(s3.create_bucket, Bucket="other", ACL="public-read")
    assert error["Code"] == "InvalidBucketAclWithObjectOwnership"


def test_bad_tags_at_creation(s3: Any, refused: Refused) -> None:
    def tagged(key: str, value: str) -> dict[str, Any]:
        tags = {"CreateBucketConfiguration": {"Tags": [{"Key": key, "Value": value}]}}
        return refused(s3.create_bucket, Bucket="tagged", **tags)

    assert tagged("test,test2", "v")["Message"] == "The TagKey you have provided is invalid"
    assert tagged("test", "value1,value2")["Message"] == "The TagValue you have provided is invalid"
    assert tagged("aws:test", "v")["Message"].startswith("User-defined tag keys can't start with")
    assert refused(s3.head_bucket, Bucket="tagged")["Status"] == 404


def test_only_the_global_namespace(s3: Any, refused: Refused) -> None:
    s3.create_bucket(Bucket="named", BucketNamespace="global")
    error = refused(s3.create_bucket, Bucket="other", BucketNamespace="account-regional")
    assert (error["Code"], error["Header"]) == ("NotImplemented", "x-amz-bucket-namespace")
