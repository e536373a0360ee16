"""The sub-resources of buckets that are documents: what AWS answers by default, keeps, and refuses."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hodei.testing import Cloud
from services.s3.callers import let, statement

pytestmark = pytest.mark.feature("s3.objects")

BUCKET = "configured"
ARN = f"arn:aws:s3:::{BUCKET}"


@pytest.fixture
def s3(cloud: Cloud) -> Any:
    client = cloud.client("s3")
    client.create_bucket(Bucket=BUCKET)
    return client


def policy(**statement: Any) -> str:
    whole = {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "s3:GetObject", "Resource": f"{ARN}/*"}
    merged = {name: value for name, value in {**whole, **statement}.items() if value is not None}
    return json.dumps({"Version": "2012-10-17", "Statement": [merged]})


def test_encryption(s3: Any, refused: Any) -> None:
    def found() -> Any:
        return s3.get_bucket_encryption(Bucket=BUCKET)["ServerSideEncryptionConfiguration"]["Rules"]

    default = [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}]
    assert found() == default
    kms = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}, "BucketKeyEnabled": True}
    s3.put_bucket_encryption(Bucket=BUCKET, ServerSideEncryptionConfiguration={"Rules": [kms]})
    assert found() == [kms]
    for _ in range(2):
        s3.delete_bucket_encryption(Bucket=BUCKET)
    assert found() == default
    wrong = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256", "KMSMasterKeyID": "key"}}
    put = s3.put_bucket_encryption
    error = refused(put, Bucket=BUCKET, ServerSideEncryptionConfiguration={"Rules": [wrong]})
    assert error["Code"] == "InvalidArgument"
    assert (
        refused(put, Bucket=BUCKET, ServerSideEncryptionConfiguration={"Rules": [kms, kms]})["Code"] == "MalformedXML"
    )


def test_ownership_controls(s3: Any, refused: Any) -> None:
    def found() -> Any:
        return s3.get_bucket_ownership_controls(Bucket=BUCKET)["OwnershipControls"]["Rules"]

    assert found() == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    s3.put_bucket_ownership_controls(
        Bucket=BUCKET, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
    )
    assert found() == [{"ObjectOwnership": "BucketOwnerPreferred"}]
    for _ in range(2):
        s3.delete_bucket_ownership_controls(Bucket=BUCKET)
    error = refused(s3.get_bucket_ownership_controls, Bucket=BUCKET)
    assert (error["Code"], error["Status"], error["BucketName"]) == ("OwnershipControlsNotFoundError", 404, BUCKET)
    assert error["Message"] == "The bucket ownership controls were not found"


def test_public_access_block(s3: Any, refused: Any) -> None:
    def found() -> Any:
        return set(s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"].items())

    names = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    assert found() == {(name, True) for name in names}
    s3.put_public_access_block(Bucket=BUCKET, PublicAccessBlockConfiguration={"BlockPublicAcls": True})
    assert found() == {(name, name == "BlockPublicAcls") for name in names}
    for _ in range(2):
        s3.delete_public_access_block(Bucket=BUCKET)
    error = refused(s3.get_public_access_block, Bucket=BUCKET)
    assert error["Code"] == "NoSuchPublicAccessBlockConfiguration"
    assert error["Message"] == "The public access block configuration was not found"


def test_accelerate_and_request_payment(s3: Any, refused: Any) -> None:
    assert "Status" not in s3.get_bucket_accelerate_configuration(Bucket=BUCKET)
    for status in ("Enabled", "Suspended"):
        s3.put_bucket_accelerate_configuration(Bucket=BUCKET, AccelerateConfiguration={"Status": status})
        assert s3.get_bucket_accelerate_configuration(Bucket=BUCKET)["Status"] == status
    put = s3.put_bucket_accelerate_configuration
    assert refused(put, Bucket=BUCKET, AccelerateConfiguration={"Status": "On"})["Code"] == "MalformedXML"
    assert s3.get_bucket_request_payment(Bucket=BUCKET)["Payer"] == "BucketOwner"
    s3.put_bucket_request_payment(Bucket=BUCKET, RequestPaymentConfiguration={"Payer": "Requester"})
    assert s3.get_bucket_request_payment(Bucket=BUCKET)["Payer"] == "Requester"


@pytest.mark.feature("s3.versioning")
def test_versioning(s3: Any, refused: Any) -> None:
    assert "Status" not in s3.get_bucket_versioning(Bucket=BUCKET)
    for status in ("Suspended", "Enabled", "Suspended"):
        s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": status})
        assert s3.get_bucket_versioning(Bucket=BUCKET)["Status"] == status
    put = s3.put_bucket_versioning
    for wrong in ("Disabled", "enabled"):
        assert refused(put, Bucket=BUCKET, VersioningConfiguration={"Status": wrong})["Code"] == "MalformedXML"
    error = refused(put, Bucket=BUCKET, VersioningConfiguration={})
    assert error["Code"] == "IllegalVersioningConfigurationException"
    assert error["Message"] == "The Versioning element must be specified"


def test_policy_is_kept_to_the_letter(s3: Any, refused: Any) -> None:
    error = refused(s3.get_bucket_policy, Bucket=BUCKET)
    assert (error["Code"], error["Status"], error["BucketName"]) == ("NoSuchBucketPolicy", 404, BUCKET)
    assert error["Message"] == "The bucket policy does not exist"
    text = json.dumps(json.loads(policy()), indent=3)
    s3.put_bucket_policy(Bucket=BUCKET, Policy=text)
    assert s3.get_bucket_policy(Bucket=BUCKET)["Policy"] == text
    for _ in range(2):
        s3.delete_bucket_policy(Bucket=BUCKET)
    assert refused(s3.get_bucket_policy, Bucket=BUCKET)["Code"] == "NoSuchBucketPolicy"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "Policies must be valid JSON and the first byte must be '{'"),
        ("{", "This policy contains invalid Json"),
        ('{"Version": "2012-10-17"}', "Missing required field Statement"),
        (policy(Resource="arn:aws:s3:::other/*"), "Policy has invalid resource"),
        (policy(Action="sqs:SendMessage"), "Policy has invalid action"),
        (policy(Principal=None), "Missing required field Principal"),
        (policy(Principal={"AWS": "nobody"}), "Invalid principal in policy"),
        (policy(Principal={"AWS": "arn:aws:iam::12345:root"}), "Invalid principal in policy"),
        (policy(Principal={"Nobody": "*"}), "Invalid principal in policy"),
        (policy(Resource=None), "Missing required field Resource"),
        (policy(Action=None), "Missing required field Action"),
        (policy(Action="GetObject"), "Policy has invalid action"),
        (policy(Action=5), "Invalid policy syntax."),
        (policy(Condition={"StringAlmost": {"aws:username": "x"}}), "Invalid policy syntax."),
        (policy().replace("2012-10-17", "2012-10-18"), "The policy must contain a valid version string"),
        (policy(Effect="Maybe"), "Invalid effect: Maybe"),
        (policy(Colour="red"), "Unknown field Colour"),
    ],
)
def test_malformed_policies(s3: Any, refused: Any, text: str, message: str) -> None:
    error = refused(s3.put_bucket_policy, Bucket=BUCKET, Policy=text)
    assert (error["Code"], error["Message"], error["Status"]) == ("MalformedPolicy", message, 400)


def test_public_policies(s3: Any, refused: Any) -> None:
    public = policy(Principal="*")
    assert refused(s3.put_bucket_policy, Bucket=BUCKET, Policy=public)["Code"] == "AccessDenied"
    s3.delete_public_access_block(Bucket=BUCKET)
    for text, expected in (
        (public, True),
        (policy(), False),
        (policy(Principal={"AWS": "*"}, Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}), False),
        (policy(Principal={"AWS": "*"}, Condition={"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}), True),
    ):
        s3.put_bucket_policy(Bucket=BUCKET, Policy=text)
        assert s3.get_bucket_policy_status(Bucket=BUCKET)["PolicyStatus"]["IsPublic"] is expected


def test_expected_owner(s3: Any, refused: Any) -> None:
    s3.put_bucket_policy(Bucket=BUCKET, Policy=policy())
    assert s3.get_bucket_policy(Bucket=BUCKET, ExpectedBucketOwner="000000000000")["Policy"]
    assert refused(s3.get_bucket_policy, Bucket=BUCKET, ExpectedBucketOwner="111111111111")["Code"] == "AccessDenied"
    error = refused(s3.delete_bucket_policy, Bucket=BUCKET, ExpectedBucketOwner="invalid")
    assert error["Code"] == "InvalidBucketOwnerAWSAccountID"
    assert error["Message"] == "The value of the expected bucket owner parameter must be an AWS Account ID... [invalid]"


def inventory(id: str, **changes: Any) -> dict[str, Any]:
    return {
        "Id": id,
        "IsEnabled": True,
        "IncludedObjectVersions": "All",
        "Schedule": {"Frequency": "Daily"},
        "Destination": {"S3BucketDestination": {"Bucket": ARN, "Format": "CSV"}},
    } | changes


def test_inventories_are_listed_by_id(s3: Any) -> None:
    for id in ("test-1", "z-test", "a-test"):
        s3.put_bucket_inventory_configuration(Bucket=BUCKET, Id=id, InventoryConfiguration=inventory(id))
    listed = s3.list_bucket_inventory_configurations(Bucket=BUCKET)
    assert listed["IsTruncated"] is False
    assert listed["InventoryConfigurationList"] == [inventory(id) for id in ("a-test", "test-1", "z-test")]
    s3.delete_bucket_inventory_configuration(Bucket=BUCKET, Id="z-test")
    assert len(s3.list_bucket_inventory_configurations(Bucket=BUCKET)["InventoryConfigurationList"]) == 2


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (inventory("other"), "IdMismatch"),
        (inventory("id", IncludedObjectVersions="some"), "MalformedXML"),
        (inventory("id", Schedule={"Frequency": "Hourly"}), "MalformedXML"),
        (inventory("id", OptionalFields=["Nonsense"]), "MalformedXML"),
        (
            inventory("id", Destination={"S3BucketDestination": {"Bucket": "no-arn", "Format": "CSV"}}),
            "InvalidS3DestinationBucket",
        ),
    ],
)
def test_refused_inventories(s3: Any, refused: Any, document: dict[str, Any], code: str) -> None:
    put = s3.put_bucket_inventory_configuration
    assert refused(put, Bucket=BUCKET, Id="id", InventoryConfiguration=document)["Code"] == code


def test_metrics_are_paged(s3: Any, refused: Any) -> None:
    for number in range(102):
        id = f"metric-{number:03}"
        document = {"Id": id, "Filter": {"Prefix": "logs/"}}
        s3.put_bucket_metrics_configuration(Bucket=BUCKET, Id=id, MetricsConfiguration=document)
    first = s3.list_bucket_metrics_configurations(Bucket=BUCKET)
    assert first["IsTruncated"] and len(first["MetricsConfigurationList"]) == 100
    token = first["NextContinuationToken"]
    second = s3.list_bucket_metrics_configurations(Bucket=BUCKET, ContinuationToken=token)
    assert [entry["Id"] for entry in second["MetricsConfigurationList"]] == ["metric-100", "metric-101"]
    assert second["ContinuationToken"] == token and not second["IsTruncated"]
    error = refused(s3.get_bucket_metrics_configuration, Bucket=BUCKET, Id="none")
    assert (error["Code"], error["Status"]) == ("NoSuchConfiguration", 404)
    assert error["Message"] == "The specified configuration does not exist."
    assert refused(s3.list_bucket_metrics_configurations, Bucket=BUCKET, ContinuationToken="forged")["Code"] == (
        "InvalidArgument"
    )


TIERING = {"Id": "id", "Status": "Enabled", "Tierings": [{"Days": 90, "AccessTier": "ARCHIVE_ACCESS"}]}


@pytest.mark.parametrize(
    ("put", "get", "delete", "list_", "member", "document"),
    [
        (
            "put_bucket_inventory_configuration",
            "get_bucket_inventory_configuration",
            "delete_bucket_inventory_configuration",
            "list_bucket_inventory_configurations",
            "InventoryConfiguration",
            inventory("id"),
        ),
        (
            "put_bucket_metrics_configuration",
            "get_bucket_metrics_configuration",
            "delete_bucket_metrics_configuration",
            "list_bucket_metrics_configurations",
            "MetricsConfiguration",
            {"Id": "id", "Filter": {"Prefix": "logs/"}},
        ),
        (
            "put_bucket_analytics_configuration",
            "get_bucket_analytics_configuration",
            "delete_bucket_analytics_configuration",
            "list_bucket_analytics_configurations",
            "AnalyticsConfiguration",
            {"Id": "id", "StorageClassAnalysis": {}},
        ),
        (
            "put_bucket_intelligent_tiering_configuration",
            "get_bucket_intelligent_tiering_configuration",
            "delete_bucket_intelligent_tiering_configuration",
            "list_bucket_intelligent_tiering_configurations",
            "IntelligentTieringConfiguration",
            TIERING,
        ),
    ],
)
def test_documents_by_id(
    s3: Any, refused: Any, put: str, get: str, delete: str, list_: str, member: str, document: dict[str, Any]
) -> None:
    where = {"Bucket": BUCKET, "Id": "id"}
    for operation in (get, delete):
        assert refused(getattr(s3, operation), **where)["Code"] == "NoSuchConfiguration"
    for _ in range(2):
        getattr(s3, put)(**where, **{member: document})
    assert getattr(s3, get)(**where)[member] == document
    assert getattr(s3, list_)(Bucket=BUCKET)[f"{member}List"] == [document]
    assert getattr(s3, delete)(**where)["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert f"{member}List" not in getattr(s3, list_)(Bucket=BUCKET)


def test_intelligent_tiering_has_its_least_days(s3: Any, refused: Any) -> None:
    early = {**TIERING, "Tierings": [{"Days": 179, "AccessTier": "DEEP_ARCHIVE_ACCESS"}]}
    put = s3.put_bucket_intelligent_tiering_configuration
    assert refused(put, Bucket=BUCKET, Id="id", IntelligentTieringConfiguration=early)["Code"] == "InvalidArgument"


def test_documents_go_with_the_bucket(s3: Any, refused: Any) -> None:
    s3.put_bucket_policy(Bucket=BUCKET, Policy=policy())
    s3.put_bucket_metrics_configuration(Bucket=BUCKET, Id="m", MetricsConfiguration={"Id": "m"})
    s3.delete_bucket(Bucket=BUCKET)
    s3.create_bucket(Bucket=BUCKET)
    assert refused(s3.get_bucket_policy, Bucket=BUCKET)["Code"] == "NoSuchBucketPolicy"
    assert "MetricsConfigurationList" not in s3.list_bucket_metrics_configurations(Bucket=BUCKET)


def test_documents_of_no_bucket(s3: Any, refused: Any) -> None:
    error = refused(s3.get_bucket_policy, Bucket="no-such-bucket-here")
    assert (error["Code"], error["BucketName"]) == ("NoSuchBucket", "no-such-bucket-here")


def test_documents_are_reached_from_other_regions(cloud: Cloud, s3: Any) -> None:
    elsewhere = cloud.client("s3", region_name="eu-west-1")
    elsewhere.put_bucket_policy(Bucket=BUCKET, Policy=policy())
    assert s3.get_bucket_policy(Bucket=BUCKET)["Policy"] == policy()


def test_others_pay_for_requests_about_objects(cloud: Cloud, s3: Any, refused: Any) -> None:
    s3.put_object(Bucket=BUCKET, Key="key", StorageClass="GLACIER")
    s3.put_bucket_request_payment(Bucket=BUCKET, RequestPaymentConfiguration={"Payer": "Requester"})
    let(s3, BUCKET, statement(BUCKET))
    other, where = cloud.client("s3", account="111122223333"), {"Bucket": BUCKET, "Key": "key"}
    for call in (other.get_object_tagging, other.get_object_acl, other.restore_object):
        assert refused(call, **where)["Code"] == "AccessDenied"
    assert other.get_object_acl(**where, RequestPayer="requester")["RequestCharged"] == "requester"
    restored = other.restore_object(**where, RestoreRequest={"Days": 1}, RequestPayer="requester")
    assert restored["RequestCharged"] == "requester" and restored["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert "RequestCharged" not in s3.get_object_acl(**where)
