"""Requests signed in their query string."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from botocore.config import Config

from hodei.testing import Cloud

pytestmark = pytest.mark.feature("s3.presigned")

BUCKET = "signed"


@pytest.fixture
def s3(cloud: Cloud) -> Any:
    client = cloud.client("s3")
    client.create_bucket(Bucket=BUCKET)
    client.put_object(Bucket=BUCKET, Key="key", Body=b"something", ContentType="text/plain")
    return client


@pytest.fixture
def web(cloud: Cloud) -> Iterator[httpx.Client]:
    with httpx.Client(transport=cloud.transport()) as client:
        yield client


def client_of(cloud: Cloud, version: str, style: str = "path") -> Any:
    return cloud.client("s3", config=Config(signature_version=version, s3={"addressing_style": style}))


def element(text: str, name: str) -> str:
    match = re.search(f"<{name}>(.*?)</{name}>", text, re.DOTALL)
    assert match, text
    return match[1]


def error_of(response: httpx.Response) -> tuple[int, str, str]:
    message = element(response.text, "Message").replace("&quot;", '"').replace("&lt;", "<").replace("&gt;", ">")
    return response.status_code, element(response.text, "Code"), message.replace("&apos;", "'").replace("&#39;", "'")


def test_checksums_in_the_query_are_not_looked_at(cloud: Cloud, s3: Any, web: httpx.Client) -> None:
    """As the SDK for JavaScript sends them: of the empty body that it has when it signs."""
    client = client_of(cloud, "s3v4")
    signed = client.generate_presigned_url("put_object", {"Bucket": BUCKET, "Key": "js"})
    url = f"{signed}&x-amz-checksum-crc32={quote('AAAAAA==')}&x-amz-sdk-checksum-algorithm=CRC32"
    assert web.put(url, content=b"a body").status_code == 200
    assert s3.get_object(Bucket=BUCKET, Key="js")["Body"].read() == b"a body"


@pytest.mark.parametrize("version", ["s3", "s3v4"])
@pytest.mark.parametrize("style", ["path", "virtual"])
def test_get_and_put(cloud: Cloud, s3: Any, web: httpx.Client, version: str, style: str) -> None:
    client = client_of(cloud, version, style)
    assert web.get(client.generate_presigned_url("get_object", {"Bucket": BUCKET, "Key": "key"})).text == "something"
    url = client.generate_presigned_url("put_object", {"Bucket": BUCKET, "Key": "a b/é"})
    assert web.put(url, content=b"put").status_code == 200
    assert s3.get_object(Bucket=BUCKET, Key="a b/é")["Body"].read() == b"put"
    assert (
        web.delete(client.generate_presigned_url("delete_object", {"Bucket": BUCKET, "Key": "key"})).status_code == 204
    )


@pytest.mark.parametrize("version", ["s3", "s3v4"])  # boto3 takes version 2 for us-east-1 by itself
def test_a_url_expires_by_the_cloud_s_clock(cloud: Cloud, s3: Any, web: httpx.Client, version: str) -> None:
    signer = client_of(cloud, version)
    url = signer.generate_presigned_url("get_object", {"Bucket": BUCKET, "Key": "key"}, ExpiresIn=600)
    cloud.clock.advance(minutes=9)
    assert web.get(url).status_code == 200
    cloud.clock.advance(minutes=2)
    response = web.get(url)
    assert error_of(response) == (403, "AccessDenied", "Request has expired")
    assert ("<X-Amz-Expires>600</X-Amz-Expires>" in response.text) == (version == "s3v4")
    ends = datetime.fromisoformat(element(response.text, "Expires"))
    now = datetime.fromisoformat(element(response.text, "ServerTime"))
    assert timedelta(seconds=50) < now - ends < timedelta(seconds=75)
    time.sleep(1 - time.time() % 1)  # signatures know whole seconds only: let that of the move be over
    fresh = signer.generate_presigned_url("get_object", {"Bucket": BUCKET, "Key": "key"}, ExpiresIn=600)
    assert web.get(fresh).status_code == 200


def test_version_2_expires_at_its_moment(cloud: Cloud, s3: Any, web: httpx.Client) -> None:
    client = client_of(cloud, "s3")
    url = client.generate_presigned_url("get_object", {"Bucket": BUCKET, "Key": "key"}, ExpiresIn=-5)
    response = web.get(url)
    assert error_of(response) == (403, "AccessDenied", "Request has expired")
    assert element(response.text, "Expires") < element(response.text, "ServerTime")
    url = client.generate_presigned_url("get_object", {"Bucket": BUCKET, "Key": "key"})
    assert error_of(web.get(re.sub("Signature=[^&]*&", "", url))) == (
        403,
        "AccessDenied",
        "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters",
    )
    assert error_of(web.get(re.sub("Expires=[^&]*", "Expires=soon", url)))[2] == (
        "Invalid date (should be seconds since epoch): soon"
    )


@pytest.mark.parametrize(
    ("parameter", "value", "message"),
    [
        (
            "X-Amz-Expires",
            "604801",
            "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than "
            "604800 seconds",
        ),
        ("X-Amz-Expires", "-1", "X-Amz-Expires must be non-negative"),
        ("X-Amz-Expires", "soon", "X-Amz-Expires should be a number"),
        ("X-Amz-Date", "yesterday", "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\""),
        (
            "X-Amz-Credential",
            quote(quote("AKID/20260101/us-east-1/s3/aws4_request", safe="")),
            "Error parsing the X-Amz-Credential parameter; the Credential is mal-formed; expecting "
            '"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".',
        ),
        (
            "X-Amz-Algorithm",
            "AWS4-HMAC-MD5",
            'X-Amz-Algorithm only supports "AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256"',
        ),
        (
            "X-Amz-SignedHeaders",
            "",
            "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, "
            "X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.",
        ),
    ],
)
def test_malformed_parameters(
    cloud: Cloud, s3: Any, web: httpx.Client, parameter: str, value: str, message: str
) -> None:
    url = client_of(cloud, "s3v4").generate_presigned_url("get_object", {"Bucket": BUCKET, "Key": "key"})
    spoiled = re.sub(f"{parameter}=[^&]*", f"{parameter}={value}", url)
    assert error_of(web.get(spoiled)) == (400, "AuthorizationQueryParametersError", message)


def test_a_week_is_allowed(s3: Any, web: httpx.Client) -> None:
    assert web.get(s3.generate_presigned_url("get_object", {"Bucket": BUCKET, "Key": "key"}, 604800)).status_code == 200


def test_a_request_signed_for_the_future(cloud: Cloud, s3: Any, web: httpx.Client) -> None:
    url = client_of(cloud, "s3v4").generate_presigned_url("get_object", {"Bucket": BUCKET, "Key": "key"})
    later = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y%m%dT%H%M%SZ")
    assert error_of(web.get(re.sub("X-Amz-Date=[^&]*", f"X-Amz-Date={later}", url)))[1:] == (
        "AccessDenied",
        "Request is not yet valid",
    )


def test_headers_that_were_not_signed(cloud: Cloud, s3: Any, web: httpx.Client) -> None:
    url = client_of(cloud, "s3v4").generate_presigned_url("put_object", {"Bucket": BUCKET, "Key": "key"})
    response = web.put(url, content=b"", headers={"x-amz-meta-wrong": "1"})
    assert error_of(response) == (
        403,
        "AccessDenied",
        "There were headers present in the request which were not signed",
    )
    assert element(response.text, "HeadersNotSigned") == "x-amz-meta-wrong"


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_headers_in_the_query_count_as_headers(cloud: Cloud, s3: Any, web: httpx.Client, version: str) -> None:
    url = client_of(cloud, version).generate_presigned_url("put_object", {"Bucket": BUCKET, "Key": "key"})
    url += "&x-amz-meta-foo=bar&x-amz-storage-class=STANDARD_IA&x-amz-tagging=a%3Db"
    assert web.put(url, content=b"body").status_code == 200
    head = s3.head_object(Bucket=BUCKET, Key="key")
    assert (head["Metadata"], head["StorageClass"]) == ({"foo": "bar"}, "STANDARD_IA")
    assert s3.get_object_tagging(Bucket=BUCKET, Key="key")["TagSet"] == [{"Key": "a", "Value": "b"}]


def test_overrides_of_response_headers(s3: Any, web: httpx.Client) -> None:
    params = {
        "Bucket": BUCKET,
        "Key": "key",
        "ResponseContentType": "text/html",
        "ResponseContentDisposition": 'attachment; filename="x"',
        "ResponseCacheControl": "no-store",
        "ResponseContentLanguage": "eu",
        "ResponseExpires": datetime(2030, 1, 1, tzinfo=UTC),
    }
    headers = web.get(s3.generate_presigned_url("get_object", params)).headers
    assert headers["content-type"] == "text/html"
    assert headers["content-disposition"] == 'attachment; filename="x"'
    assert headers["cache-control"] == "no-store"
    assert headers["content-language"] == "eu"
    assert headers["expires"] == "Tue, 01 Jan 2030 00:00:00 GMT"
    params = {"Bucket": BUCKET, "Key": "key", "ResponseCacheControl": "non-ascii-—"}
    response = web.get(s3.generate_presigned_url("get_object", params))
    assert error_of(response) == (400, "InvalidArgument", "Header value cannot be represented using ISO-8859-1.")
    assert element(response.text, "ArgumentName") == "response-cache-control"


def test_overrides_need_a_signature(s3: Any, cloud: Cloud, web: httpx.Client) -> None:
    response = web.get(f"{cloud.url}/{BUCKET}/key?response-content-type=text/html")
    assert error_of(response)[1:] == (
        "InvalidRequest",
        "Request specific response headers cannot be used for anonymous GET requests.",
    )
