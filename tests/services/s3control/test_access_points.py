"""Access points: what there is of them, and what can be done with them."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from botocore.config import Config

from hodei.testing import Cloud

from .conftest import ACCOUNT, OTHER, POINT, document, statement

pytestmark = pytest.mark.feature("s3.access-points")

NAMED = {"AccountId": ACCOUNT, "Name": "point"}


def test_what_is_told_of_one(cloud: Cloud, control: Any, s3: Any) -> None:
    made = control.create_access_point(**NAMED, Bucket="bucket")
    assert made["AccessPointArn"] == POINT
    assert re.fullmatch(r"point-[a-z0-9]{34}-s3alias", made["Alias"])
    found = control.get_access_point(**NAMED)
    found.pop("ResponseMetadata")
    created = found.pop("CreationDate")
    assert abs((created - cloud.clock.now()).total_seconds()) < 5
    assert found == {
        "Name": "point",
        "Bucket": "bucket",
        "BucketAccountId": ACCOUNT,
        "NetworkOrigin": "Internet",
        "AccessPointArn": POINT,
        "Alias": made["Alias"],
        "PublicAccessBlockConfiguration": dict.fromkeys(
            ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
        ),
        "Endpoints": {
            "ipv4": "s3-accesspoint.us-east-1.amazonaws.com",
            "dualstack": "s3-accesspoint.dualstack.us-east-1.amazonaws.com",
            "fips": "s3-accesspoint-fips.us-east-1.amazonaws.com",
            "fips_dualstack": "s3-accesspoint-fips.dualstack.us-east-1.amazonaws.com",
        },
    }


def test_aliases_fit_into_63_characters(control: Any, s3: Any) -> None:
    name = "a-very-long-name-of-an-access-point-with-50-letter"
    alias = control.create_access_point(AccountId=ACCOUNT, Name=name, Bucket="bucket")["Alias"]
    assert len(alias) == 63 and alias.startswith("a-very-long-name-of-")


@pytest.mark.parametrize("name", ["Upper", "a.b.c", "-abc", "abc-", "a" * 51, "a-s3alias"])
def test_names_that_none_may_have(control: Any, s3: Any, refused: Any, name: str) -> None:
    with refused("InvalidURI", "Couldn't parse the specified URI."):
        control.create_access_point(AccountId=ACCOUNT, Name=name, Bucket="bucket")


def test_one_is_gone_once_deleted(control: Any, s3: Any, point: Any, refused: Any) -> None:
    s3.delete_object(Bucket="bucket", Key="key")
    with refused("BucketHasAccessPointsAttached", "Delete your access points before"):
        s3.delete_bucket(Bucket="bucket")
    control.delete_access_point(**NAMED)
    for call in (control.get_access_point, control.delete_access_point, control.get_access_point_policy):
        with refused("NoSuchAccessPoint", "The specified accesspoint does not exist", 404):
            call(**NAMED)
    with refused("NoSuchBucket", status=404):
        s3.get_object(Bucket=POINT, Key="key")
    with refused("NoSuchAccessPoint", "The specified accesspoint does not exist", 404):
        s3.get_object(Bucket=point["Alias"], Key="key")
    assert control.list_access_points(AccountId=ACCOUNT)["AccessPointList"] == []
    s3.delete_bucket(Bucket="bucket")


def test_regions_have_their_own(cloud: Cloud, control: Any, point: Any, refused: Any) -> None:
    west = cloud.client("s3control", region_name="us-west-2")
    assert west.list_access_points(AccountId=ACCOUNT)["AccessPointList"] == []
    with refused("InvalidRequest", "Amazon S3 AccessPoint can only be created for existing bucket"):
        west.create_access_point(**NAMED, Bucket="bucket")
    there = cloud.client("s3", region_name="us-west-2")
    there.create_bucket(Bucket="west", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    arn = west.create_access_point(**NAMED, Bucket="west")["AccessPointArn"]
    assert arn == POINT.replace("us-east-1", "us-west-2")
    there.put_object(Bucket=arn, Key="key", Body=b"west")
    assert cloud.client("s3").get_object(Bucket=arn, Key="key")["Body"].read() == b"west"


def test_a_bucket_of_another_account_has_to_be_named(cloud: Cloud, s3: Any, refused: Any) -> None:
    other = cloud.client("s3control", account=OTHER)
    with refused("AccessDenied", status=403):
        other.create_access_point(AccountId=OTHER, Name="point", Bucket="bucket")
    other.create_access_point(AccountId=OTHER, Name="point", Bucket="bucket", BucketAccountId=ACCOUNT)
    found = other.get_access_point(AccountId=OTHER, Name="point")
    assert (found["Bucket"], found["BucketAccountId"]) == ("bucket", ACCOUNT)


def test_there_is_a_quota(cloud: Cloud, control: Any, point: Any, refused: Any) -> None:
    cloud.quota("s3control", "access-points", 2)
    control.create_access_point(AccountId=ACCOUNT, Name="second", Bucket="bucket")
    with refused("TooManyAccessPoints"):
        control.create_access_point(AccountId=ACCOUNT, Name="third", Bucket="bucket")
    found = cloud.client("service-quotas").get_service_quota(ServiceCode="s3", QuotaCode="L-FAABEEBA")["Quota"]
    assert (found["QuotaName"], found["Value"]) == ("Access Points", 2)


def test_tokens_that_nobody_gave_out(control: Any, refused: Any) -> None:
    with refused("InvalidArgument"):
        control.list_access_points(AccountId=ACCOUNT, NextToken="none")


# requests that come through one


@pytest.fixture(params=["arn", "alias"])
def address(request: pytest.FixtureRequest, point: dict[str, str]) -> str:
    return point["AccessPointArn" if request.param == "arn" else "Alias"]


def test_objects_are_those_of_the_bucket(s3: Any, address: str) -> None:
    s3.put_object(Bucket=address, Key="a/b c", Body=b"through", Tagging="a=b")
    assert s3.get_object(Bucket="bucket", Key="a/b c")["Body"].read() == b"through"
    assert s3.get_object(Bucket=address, Key="key")["Body"].read() == b"body"
    assert s3.head_object(Bucket=address, Key="a/b c")["ContentLength"] == 7
    assert s3.get_object_tagging(Bucket=address, Key="a/b c")["TagSet"] == [{"Key": "a", "Value": "b"}]
    assert [found["Key"] for found in s3.list_objects_v2(Bucket=address)["Contents"]] == ["a/b c", "key"]
    assert s3.delete_objects(Bucket=address, Delete={"Objects": [{"Key": "key"}]})["Deleted"] == [{"Key": "key"}]
    s3.delete_object(Bucket=address, Key="a/b c")
    assert "Contents" not in s3.list_objects(Bucket="bucket")


def test_objects_come_in_parts(s3: Any, address: str) -> None:
    upload = {"Bucket": address, "Key": "parts"}
    upload["UploadId"] = s3.create_multipart_upload(**upload)["UploadId"]
    assert len(s3.list_multipart_uploads(Bucket=address)["Uploads"]) == 1
    part = s3.upload_part(**upload, PartNumber=1, Body=b"part")
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]})
    assert s3.get_object(Bucket="bucket", Key="parts")["Body"].read() == b"part"


def test_copies_are_made_from_and_to_one(s3: Any, address: str) -> None:
    s3.copy_object(Bucket=address, Key="to", CopySource={"Bucket": "bucket", "Key": "key"})
    s3.copy_object(Bucket="bucket", Key="from", CopySource={"Bucket": address, "Key": "to"})
    assert s3.get_object(Bucket="bucket", Key="from")["Body"].read() == b"body"


def test_urls_can_be_presigned(cloud: Cloud, s3: Any, address: str) -> None:
    signer = cloud.client("s3", config=Config(signature_version="s3v4"))
    url = signer.generate_presigned_url("get_object", Params={"Bucket": address, "Key": "key"})
    assert httpx.Client(transport=cloud.transport()).get(url).text == "body"


def test_what_can_be_asked_of_the_bucket(s3: Any, address: str, refused: Any) -> None:
    head = s3.head_bucket(Bucket=address)
    assert head["AccessPointAlias"] == address.endswith("-s3alias")
    assert s3.get_bucket_acl(Bucket=address)["Owner"]
    for call in (s3.get_bucket_tagging, s3.delete_bucket, s3.get_bucket_versioning, s3.delete_bucket_policy):
        with refused("MethodNotAllowed", "The specified method is not allowed against this resource.", 405):
            call(Bucket=address)


@pytest.mark.parametrize("host", ["s3-accesspoint", "s3-accesspoint-fips", "s3-accesspoint.dualstack"])
def test_the_hosts_of_aws(cloud: Cloud, s3: Any, point: Any, host: str) -> None:
    region = cloud.client("s3", endpoint_url=f"https://{host}.us-east-1.amazonaws.com")
    assert region.get_object(Bucket=POINT, Key="key")["Body"].read() == b"body"
    web = httpx.Client(transport=cloud.transport())
    answer = web.get(f"https://none-{ACCOUNT}.{host}.us-east-1.amazonaws.com/key")
    assert answer.status_code == 404 and "<Code>NoSuchAccessPoint</Code>" in answer.text


def test_a_bucket_may_look_like_one(s3: Any, point: Any) -> None:
    name = f"point-{ACCOUNT}"
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="mine", Body=b"bucket")
    assert s3.get_object(Bucket=name, Key="mine")["Body"].read() == b"bucket"


def test_forms_are_for_buckets(cloud: Cloud, point: Any) -> None:
    web = httpx.Client(transport=cloud.transport())
    answer = web.post(f"{cloud.url}/{point['Alias']}", data={"key": "k"}, files={"file": b"x"})
    assert answer.status_code == 405


def test_websites_have_no_access_points(cloud: Cloud, s3: Any, point: Any) -> None:
    s3.delete_public_access_block(Bucket="bucket")
    everybody = statement("Allow", "*", "s3:GetObject", "arn:aws:s3:::bucket/*")
    s3.put_bucket_policy(Bucket="bucket", Policy=document(everybody))
    s3.put_bucket_website(Bucket="bucket", WebsiteConfiguration={"IndexDocument": {"Suffix": "index"}})
    key = f"point-{ACCOUNT}/page"
    s3.put_object(Bucket="bucket", Key=key, Body=b"page")
    web = httpx.Client(transport=cloud.transport())
    assert web.get(f"http://bucket.s3-website-us-east-1.amazonaws.com/{key}").text == "page"


def test_there_is_no_way_in_for_the_anonymous(cloud: Cloud, point: Any) -> None:
    answer = httpx.Client(transport=cloud.transport()).get(f"{cloud.url}/{point['Alias']}/key")
    assert answer.status_code == 403


@pytest.mark.parametrize("presigned", [True, False])
def test_signatures_of_version_2(cloud: Cloud, point: Any, refused: Any, presigned: bool) -> None:
    old = cloud.client("s3", config=Config(signature_version="s3"))
    where = {"Bucket": point["Alias"], "Key": "key"}
    if presigned:
        answer = httpx.Client(transport=cloud.transport()).get(old.generate_presigned_url("get_object", Params=where))
        assert answer.status_code == 400 and "Please use AWS4-HMAC-SHA256." in answer.text
    else:
        with refused("InvalidRequest", "Please use AWS4-HMAC-SHA256."):
            old.get_object(**where)


def test_from_outside_its_vpc_one_is_not_reached(control: Any, s3: Any, refused: Any) -> None:
    vpc = {"VpcId": "vpc-0123456789abcdef0"}
    arn = control.create_access_point(**NAMED, Bucket="bucket", VpcConfiguration=vpc)["AccessPointArn"]
    found = control.get_access_point(**NAMED)
    assert (found["NetworkOrigin"], found["VpcConfiguration"]) == ("VPC", vpc)
    with refused("AccessDenied", status=403):
        s3.get_object(Bucket=arn, Key="key")
    with refused("AccessDenied", status=403):
        s3.copy_object(Bucket="bucket", Key="copy", CopySource={"Bucket": arn, "Key": "key"})


def test_access_logs_name_it(cloud: Cloud, s3: Any, point: Any) -> None:
    s3.create_bucket(Bucket="logs")
    writer = statement("Allow", {"Service": "logging.s3.amazonaws.com"}, "s3:PutObject", "arn:aws:s3:::logs/*")
    s3.put_bucket_policy(Bucket="logs", Policy=document(writer))
    logging = {"LoggingEnabled": {"TargetBucket": "logs", "TargetPrefix": ""}}
    s3.put_bucket_logging(Bucket="bucket", BucketLoggingStatus=logging)
    s3.get_object(Bucket=POINT, Key="key")
    cloud.clock.advance(hours=2)
    logs = [s3.get_object(Bucket="logs", Key=found["Key"]) for found in s3.list_objects(Bucket="logs")["Contents"]]
    lines = [line for log in logs for line in log["Body"].read().decode().splitlines() if "REST.GET.OBJECT" in line]
    assert [line.split()[-2] for line in lines] == [POINT]
