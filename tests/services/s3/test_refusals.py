"""What S3 refuses that no recording shows, and in which words; and the status of what it takes without a word."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from hodei.testing import Cloud

pytestmark = pytest.mark.feature("s3.objects")

SIGNED = {"Authorization": "AWS test:test"}


@pytest.fixture
def web(cloud: Cloud) -> Iterator[httpx.Client]:
    with httpx.Client(transport=cloud.transport(), base_url=cloud.url, headers=SIGNED) as client:
        yield client


def error_of(response: httpx.Response) -> dict[str, str]:
    return {"Status": str(response.status_code), **dict(re.findall(r"<(\w+)>([^<]*)</\1>", response.text))}


Refused = Callable[..., dict[str, Any]]


@pytest.mark.parametrize(
    ("operation", "params", "expected"),
    [
        (
            "create_bucket",
            {"Bucket": "owned", "ObjectOwnership": "Random"},
            {"Message": "Invalid x-amz-object-ownership header: Random", "ArgumentName": "x-amz-object-ownership"},
        ),
        (
            "list_buckets",
            {"BucketRegion": "moon"},
            {"Message": "Argument value moon is not a valid AWS Region", "ArgumentName": "bucket-region"},
        ),
        (
            "get_object_attributes",
            {"Bucket": "bucket", "Key": "key", "ObjectAttributes": ["Wrong"]},
            {"Message": "Invalid attribute name specified.", "ArgumentValue": "Wrong"},
        ),
        (
            "list_object_versions",
            {"Bucket": "bucket", "KeyMarker": "key", "VersionIdMarker": "made-up"},
            {"Message": "Invalid version id specified", "ArgumentName": "version-id-marker"},
        ),
        (
            "list_object_versions",
            {"Bucket": "bucket", "KeyMarker": "key", "VersionIdMarker": ""},
            {"Message": "A version-id marker cannot be empty.", "ArgumentName": "version-id-marker"},
        ),
        (
            "put_bucket_website",
            {
                "Bucket": "bucket",
                "WebsiteConfiguration": {"RedirectAllRequestsTo": {"HostName": "host", "Protocol": "ftp"}},
            },
            {
                "Code": "InvalidRequest",
                "Message": "Invalid protocol, protocol can be http or https. "
                "If not defined the protocol will be selected automatically.",
            },
        ),
    ],
)
def test_arguments(s3: Any, refused: Refused, operation: str, params: Any, expected: Any) -> None:
    s3.put_object(Bucket="bucket", Key="key")
    error = refused(getattr(s3, operation), **params)
    expected = {"Code": "InvalidArgument", "Status": 400, **expected}
    assert {name: error.get(name) for name in expected} == expected


@pytest.mark.parametrize("resource", ["versioning", "tagging", "lifecycle", "cors", "website"])
def test_documents_that_are_not_there(s3: Any, web: httpx.Client, resource: str) -> None:
    error = error_of(web.put(f"/bucket?{resource}"))
    assert (error["Status"], error["Code"]) == ("400", "MissingRequestBodyError")
    assert error["Message"] == "Request Body is empty"


def test_a_post_without_purpose(s3: Any, web: httpx.Client) -> None:
    error = error_of(web.post("/bucket/key"))
    assert (error["Status"], error["Code"], error["Method"]) == ("405", "MethodNotAllowed", "POST")


def test_regions_that_are_none(s3: Any, web: httpx.Client) -> None:
    credential = "test/20260101/aws-global/s3/aws4_request"
    del web.headers["Authorization"]
    error = error_of(web.get(f"/bucket?X-Amz-Credential={credential}&X-Amz-Signature=0"))
    assert (error["Code"], error["Region"]) == ("AuthorizationQueryParametersError", "us-east-1")
    assert "the region 'aws-global' is wrong; expecting 'us-east-1'" in error["Message"].replace("&apos;", "'")


@pytest.mark.parametrize(
    ("actions", "resources", "applies"),
    [
        (["s3:GetObject"], ["/*"], True),
        (["s3:GetObject"], [""], False),
        (["s3:ListBucket"], ["/*"], False),
        (["s3:ListBucket", "s3:PutObject"], ["", "/*"], True),
        (["s3:ListBucket", "s3:PutObject"], ["/*"], False),
        (["s3:GetBucketObjectLockConfiguration"], [""], True),
        (["s3:*"], ["/*"], True),
        (["s3:GetObject"], ["*"], True),
    ],
)
def test_policies_whose_actions_have_no_resource(
    s3: Any, refused: Refused, actions: list[str], resources: list[str], applies: bool
) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "000000000000"},
        "Action": actions,
        "Resource": [f"arn:aws:s3:::bucket{end}" for end in resources],
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    if applies:
        answer = s3.put_bucket_policy(Bucket="bucket", Policy=policy)
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    else:
        error = refused(s3.put_bucket_policy, Bucket="bucket", Policy=policy)
        assert error["Code"] == "MalformedPolicy"
        assert error["Message"] == "Action does not apply to any resource(s) in statement"


def test_versions_that_never_were(s3: Any, refused: Refused) -> None:
    s3.put_object(Bucket="bucket", Key="key")
    at = {"Bucket": "bucket", "Key": "key", "VersionId": "made-up"}
    for operation in (s3.get_object, s3.get_object_tagging, s3.get_object_acl, s3.delete_object):
        assert refused(operation, **at)["Message"] == "Invalid version id specified"
    objects = [{"Key": "key", "VersionId": "made-up"}]
    (error,) = s3.delete_objects(Bucket="bucket", Delete={"Objects": objects})["Errors"]
    assert (error["Code"], error["Message"]) == ("NoSuchVersion", "The specified version does not exist.")


def test_times_are_whole_seconds(s3: Any, web: httpx.Client) -> None:
    """To the eye: S3 writes milliseconds, and they are always 000."""
    s3.put_bucket_versioning(Bucket="bucket", VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket="bucket", Key="key")
    s3.delete_object(Bucket="bucket", Key="other")
    upload = s3.create_multipart_upload(Bucket="bucket", Key="key")["UploadId"]
    s3.upload_part(Bucket="bucket", Key="key", UploadId=upload, PartNumber=1, Body=b"")
    source = {"x-amz-copy-source": "bucket/key"}
    answers = [web.get(path) for path in ("/", "/bucket", "/bucket?list-type=2", "/bucket?versions", "/bucket?uploads")]
    answers.append(web.get(f"/bucket/key?uploadId={upload}"))
    answers.append(web.put("/bucket/copy", headers=source))
    answers.append(web.put(f"/bucket/key?partNumber=1&uploadId={upload}", headers=source))
    for answer in answers:
        times = re.findall(r"<(?:CreationDate|LastModified|Initiated)>([^<]*)<", answer.text)
        assert times and all(re.fullmatch(r"[-\dT:]{19}\.000Z", time) for time in times), answer.text


def test_documents_taken_without_content(s3: Any) -> None:
    def status(answer: Any) -> int:
        return int(answer["ResponseMetadata"]["HTTPStatusCode"])

    analytics = {"Id": "a", "StorageClassAnalysis": {}}
    assert status(s3.put_bucket_tagging(Bucket="bucket", Tagging={"TagSet": []})) == 204
    call = {"Bucket": "bucket", "Id": "a", "AnalyticsConfiguration": analytics}
    assert status(s3.put_bucket_analytics_configuration(**call)) == 204
    tiering = {"Id": "a", "Status": "Enabled", "Tierings": [{"Days": 90, "AccessTier": "ARCHIVE_ACCESS"}]}
    call = {"Bucket": "bucket", "Id": "a", "IntelligentTieringConfiguration": tiering}
    assert status(s3.put_bucket_intelligent_tiering_configuration(**call)) == 200
