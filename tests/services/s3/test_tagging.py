"""Tags of objects and buckets."""

from __future__ import annotations

from typing import Any

import pytest

from hodei.testing import Cloud

pytestmark = pytest.mark.feature("s3.objects")

BUCKET = "tagged"


@pytest.fixture
def s3(cloud: Cloud) -> Any:
    client = cloud.client("s3")
    client.create_bucket(Bucket=BUCKET)
    return client


def tag_set(**tags: str) -> dict[str, Any]:
    return {"TagSet": [{"Key": key, "Value": value} for key, value in tags.items()]}


def tags(s3: Any, key: str = "key", **params: Any) -> dict[str, str]:
    answer = s3.get_object_tagging(Bucket=BUCKET, Key=key, **params)
    return {tag["Key"]: tag["Value"] for tag in answer["TagSet"]}


def test_tags_of_an_object(s3: Any) -> None:
    s3.put_object(Bucket=BUCKET, Key="key", Tagging="tag1=tag1&tag2=tag2&tag=")
    assert s3.get_object_tagging(Bucket=BUCKET, Key="key")["TagSet"] == [
        {"Key": "tag", "Value": ""},
        {"Key": "tag1", "Value": "tag1"},
        {"Key": "tag2", "Value": "tag2"},
    ]
    assert s3.head_object(Bucket=BUCKET, Key="key")["TagCount"] == 3
    s3.put_object_tagging(Bucket=BUCKET, Key="key", Tagging=tag_set(tag3="tag3"))
    assert tags(s3) == {"tag3": "tag3"}
    answer = s3.delete_object_tagging(Bucket=BUCKET, Key="key")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert tags(s3) == {} and "TagCount" not in s3.get_object(Bucket=BUCKET, Key="key")
    s3.put_object(Bucket=BUCKET, Key="key", Tagging="a=1")
    s3.put_object(Bucket=BUCKET, Key="key")
    assert tags(s3) == {}, "a new object has none of the old one's tags"


def test_tags_of_versions(s3: Any, refused: Any) -> None:
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket=BUCKET, Key="key", Tagging="a=1")["VersionId"]
    second = s3.put_object(Bucket=BUCKET, Key="key", Tagging="a=2")["VersionId"]
    assert s3.put_object_tagging(Bucket=BUCKET, Key="key", Tagging=tag_set(a="3"))["VersionId"] == second
    assert tags(s3) == {"a": "3"} and tags(s3, VersionId=first) == {"a": "1"}
    marker = s3.delete_object(Bucket=BUCKET, Key="key")["VersionId"]
    for call, method, params in (
        (s3.get_object_tagging, "GET", {}),
        (s3.put_object_tagging, "PUT", {"Tagging": tag_set(a="4")}),
        (s3.delete_object_tagging, "DELETE", {"VersionId": marker}),
    ):
        error = refused(call, Bucket=BUCKET, Key="key", **params)
        assert (error["Code"], error["Status"], error["Method"]) == ("MethodNotAllowed", 405, method)
        assert error["ResourceType"] == "DeleteMarker"


@pytest.mark.parametrize(
    ("header", "kept"), [("key1&key2", {"key1": "", "key2": ""}), ("a=%20&b=%2B", {"a": " ", "b": "+"})]
)
def test_header_forms(s3: Any, header: str, kept: dict[str, str]) -> None:
    s3.put_object(Bucket=BUCKET, Key="key", Tagging=header)
    assert tags(s3) == kept


@pytest.mark.parametrize("header", ["key1=val1,key2=val2", "key1=val1&key1=val2"])
def test_malformed_header(s3: Any, refused: Any, header: str) -> None:
    error = refused(s3.put_object, Bucket=BUCKET, Key="key", Tagging=header)
    assert (error["Code"], error["ArgumentName"], error["ArgumentValue"]) == (
        "InvalidArgument",
        "x-amz-tagging",
        header,
    )
    assert error["Message"] == (
        "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters "
        "without tag name duplicates."
    )


@pytest.mark.parametrize(
    ("given", "message", "extra"),
    [
        ([("Key1", "a"), ("Key1", "b")], "Cannot provide multiple Tags with the same key", {"TagKey": "Key1"}),
        ([("Key1,Key2", "a")], "The TagKey you have provided is invalid", {"TagKey": "Key1,Key2"}),
        ([("x" * 129, "a")], "The TagKey you have provided is invalid", {"TagKey": "x" * 129}),
        ([("k", "a,b")], "The TagValue you have provided is invalid", {"TagKey": "k", "TagValue": "a,b"}),
        ([("k", "x" * 257)], "The TagValue you have provided is invalid", {"TagKey": "k"}),
        ([("aws:x", "a")], "", {"TagKey": "aws:x"}),
    ],
)
def test_invalid_tags(s3: Any, refused: Any, given: Any, message: str, extra: dict[str, str]) -> None:
    s3.put_object(Bucket=BUCKET, Key="key")
    tagging = {"TagSet": [{"Key": key, "Value": value} for key, value in given]}
    reserved = "Your TagKey cannot be prefixed with aws:", "System tags cannot be added/updated by requester"
    for own, (call, params) in zip(
        reserved, ((s3.put_object_tagging, {"Key": "key"}), (s3.put_bucket_tagging, {})), strict=True
    ):
        error = refused(call, Bucket=BUCKET, **params, Tagging=tagging)
        assert error["Code"] == "InvalidTag" and error["Message"] == (message or own)
        assert extra.items() <= error.items()


def test_limits(s3: Any, refused: Any) -> None:
    eleven = {f"k{number}": "v" for number in range(11)}
    s3.put_object(Bucket=BUCKET, Key="key")
    error = refused(s3.put_object_tagging, Bucket=BUCKET, Key="key", Tagging=tag_set(**eleven))
    assert (error["Code"], error["Message"]) == ("BadRequest", "Object tags cannot be greater than 10")
    s3.put_bucket_tagging(Bucket=BUCKET, Tagging=tag_set(**eleven))
    many = {f"k{number}": "v" for number in range(51)}
    assert refused(s3.put_bucket_tagging, Bucket=BUCKET, Tagging=tag_set(**many))["Code"] == "BadRequest"


def test_missing(s3: Any, refused: Any) -> None:
    error = refused(s3.get_object_tagging, Bucket=BUCKET, Key="none")
    assert (error["Code"], error["Key"]) == ("NoSuchKey", f"{BUCKET}/none"), "AWS names the bucket here"
    error = refused(s3.put_object_tagging, Bucket=BUCKET, Key="none", Tagging=tag_set(a="1"))
    assert (error["Code"], error["Key"]) == ("NoSuchKey", "none")
    error = refused(s3.get_object_tagging, Bucket="no-such-bucket-here", Key="none")
    assert (error["Code"], error["BucketName"]) == ("NoSuchBucket", "no-such-bucket-here")


def test_tags_of_a_bucket(s3: Any, refused: Any) -> None:
    error = refused(s3.get_bucket_tagging, Bucket=BUCKET)
    assert (error["Code"], error["Status"], error["BucketName"]) == ("NoSuchTagSet", 404, BUCKET)
    assert error["Message"] == "The TagSet does not exist"
    s3.put_bucket_tagging(Bucket=BUCKET, Tagging=tag_set(b="1", a="2"))
    assert s3.get_bucket_tagging(Bucket=BUCKET)["TagSet"] == tag_set(b="1", a="2")["TagSet"]
    s3.delete_bucket_tagging(Bucket=BUCKET)
    assert refused(s3.get_bucket_tagging, Bucket=BUCKET)["Code"] == "NoSuchTagSet"
    s3.put_bucket_tagging(Bucket=BUCKET, Tagging=tag_set(b="1"))
    s3.delete_bucket(Bucket=BUCKET)
    s3.create_bucket(Bucket=BUCKET)
    assert refused(s3.get_bucket_tagging, Bucket=BUCKET)["Code"] == "NoSuchTagSet"
