"""What generated requests have found, one by one."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import pytest

from hodei.inprocess import make_request
from hodei.protocol.http import Response
from hodei.testing import Cloud

FORM = ("Content-Type", "application/x-www-form-urlencoded")


def send(cloud: Cloud, method: str, path: str, service: str, *headers: tuple[str, str], body: bytes = b"") -> Response:
    scope = f"AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{service}/aws4_request, Signature=0"
    return cloud.send(make_request(method, f"{cloud.url}{path}", [("Authorization", scope), *headers], body))


def test_a_target_header_means_nothing_to_s3(cloud: Cloud) -> None:
    """It was remembered with the operation of the first request that bore it."""
    cloud.client("s3").create_bucket(Bucket="bucket")
    target = ("X-Amz-Target", "x")
    assert b"<ListBucketResult" in send(cloud, "GET", "/bucket?list-type=2", "s3", target).body
    assert b"<LocationConstraint" in send(cloud, "GET", "/bucket?location", "s3", target).body


@pytest.mark.parametrize("body", [b"\x1f\x8b\x08\x00junk", b"Action=ListQueues"])
def test_a_form_that_is_not_compressed_as_it_says(cloud: Cloud, body: bytes) -> None:
    response = send(cloud, "POST", "/", "sqs", FORM, ("Content-Encoding", "gzip"), body=body)
    assert (response.status, b"<Code>SerializationException</Code>" in response.body) == (400, True)


def test_characters_that_xml_cannot_hold(cloud: Cloud) -> None:
    response = send(cloud, "GET", "/%EF%BF%BE%EF%BF%BF", "s3")
    assert response.status == 404
    assert b"<BucketName>&#xfffe;&#xffff;</BucketName>" in response.body
    ElementTree.fromstring(response.body.replace(b"&#xfffe;&#xffff;", b""))
