"""S3 Control has S3's signing name; its requests are known by their header or their host."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from botocore.config import Config

from hodei.testing import Cloud

from .conftest import ACCOUNT

pytestmark = pytest.mark.feature("s3.policies")

PATH = "/v20180820/configuration/publicAccessBlock"
HEADER = {"x-amz-account-id": ACCOUNT}
SIGNED = {
    "Authorization": "AWS4-HMAC-SHA256 Credential=test/20250101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"
}


@pytest.mark.parametrize(
    "host",
    [f"{ACCOUNT}.localhost:4566", "localhost:4566", "127.0.0.1:4566", f"{ACCOUNT}.s3-control.us-east-1.amazonaws.com"],
)
def test_hosts(cloud: Cloud, host: str) -> None:
    answer = httpx.Client(transport=cloud.transport()).get(f"http://{host}{PATH}", headers=HEADER | SIGNED)
    assert answer.status_code == 404
    assert "<ErrorResponse" in answer.text and "<Code>NoSuchPublicAccessBlockConfiguration</Code>" in answer.text
    assert "<HostId>" in answer.text and "<Type>" not in answer.text


def test_the_endpoint_of_aws(cloud: Cloud, control: Any) -> None:
    block = {"BlockPublicAcls": True}
    control.put_public_access_block(AccountId=ACCOUNT, PublicAccessBlockConfiguration=block)
    there = cloud.client("s3control", endpoint_url="https://s3-control.us-east-1.amazonaws.com")
    assert there.get_public_access_block(AccountId=ACCOUNT)["PublicAccessBlockConfiguration"]["BlockPublicAcls"]
    plain = cloud.client("s3control", config=Config(inject_host_prefix=False))
    assert plain.get_public_access_block(AccountId=ACCOUNT)


def test_without_the_header_it_is_an_object_of_s3(cloud: Cloud) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="v20180820")
    s3.put_object(Bucket="v20180820", Key="configuration/publicAccessBlock", Body=b"body")
    found = s3.get_object(Bucket="v20180820", Key="configuration/publicAccessBlock")
    assert found["Body"].read() == b"body"


def test_the_anonymous_and_wrong_signatures(cloud: Cloud, hire: Any, refused: Any) -> None:
    url = f"https://{ACCOUNT}.s3-control.us-east-1.amazonaws.com{PATH}"
    assert httpx.Client(transport=cloud.transport()).get(url, headers=HEADER).status_code == 403
    key = cloud.client("iam").create_access_key()["AccessKey"]["AccessKeyId"]
    client = cloud.client("s3control", aws_access_key_id=key, aws_secret_access_key="wrong")
    with refused("SignatureDoesNotMatch", status=403):
        client.get_public_access_block(AccountId=ACCOUNT)
