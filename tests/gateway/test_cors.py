"""Pages that call the APIs from a browser."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest

from hodei.testing import Cloud

PAGE = "http://localhost:3000"
EXPOSED = "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date"
SIGNED = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{}/aws4_request, SignedHeaders=host, Signature=0"


@pytest.fixture
def web(cloud: Cloud) -> Iterator[httpx.Client]:
    with httpx.Client(transport=cloud.transport(), base_url=cloud.url) as client:
        yield client


def preflight(web: httpx.Client, path: str, headers: str, origin: str = PAGE) -> httpx.Response:
    asked = {"origin": origin, "access-control-request-method": "POST", "access-control-request-headers": headers}
    return web.options(path, headers=asked)


def granted(response: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if name.startswith("access-control-")}


@pytest.mark.parametrize("path", ["/", "/000000000000/orders", "http://sqs.localhost/000000000000/orders"])
def test_a_page_may_ask_and_read(web: httpx.Client, path: str) -> None:
    names = "content-type,x-amz-target,x-amz-date,authorization,amz-sdk-invocation-id"
    asked = preflight(web, path, names)
    assert (asked.status_code, asked.content) == (200, b"")
    assert granted(asked) == {
        "access-control-allow-origin": "*",
        "access-control-allow-methods": "POST",
        "access-control-allow-headers": names,
        "access-control-expose-headers": EXPOSED,
        "access-control-max-age": "172800",
    }
    headers = {"x-amz-target": "AmazonSQS.ListQueues", "content-type": "application/x-amz-json-1.0", "origin": PAGE}
    answer = web.post(path, content=b"{}", headers=headers | {"authorization": SIGNED.format("sqs")})
    assert (answer.status_code, json.loads(answer.content)) == (200, {})
    assert granted(answer) == {"access-control-allow-origin": "*", "access-control-expose-headers": EXPOSED}


def test_a_form_at_the_root_is_no_business_of_s3(web: httpx.Client) -> None:
    assert preflight(web, "/", "content-type,authorization,x-amz-date").status_code == 200


def test_errors_can_be_read(web: httpx.Client) -> None:
    headers = {"x-amz-target": "AmazonSQS.GetQueueUrl", "content-type": "application/x-amz-json-1.0", "origin": PAGE}
    answer = web.post("/", content=b'{"QueueName": "no"}', headers=headers | {"authorization": SIGNED.format("sqs")})
    assert answer.status_code == 400
    assert granted(answer)["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("origin", ["https://example.com", "http://localhost.example.com", "null", ""])
def test_pages_from_elsewhere_may_not(web: httpx.Client, origin: str) -> None:
    """Unlike on AWS: there a page has no key."""
    assert granted(preflight(web, "/", "x-amz-target", origin)) == {}
    headers = {"x-amz-target": "AmazonSQS.ListQueues", "content-type": "application/x-amz-json-1.0", "origin": origin}
    assert granted(web.post("/", content=b"{}", headers=headers)) == {}


def test_s3_and_the_admin_api_are_not_opened(cloud: Cloud, web: httpx.Client) -> None:
    cloud.client("s3").create_bucket(Bucket="photos")
    for url in ("/photos/key", "http://photos.s3.localhost/", "http://photos.localhost/"):
        assert preflight(web, url, "content-type").status_code == 403
    assert granted(web.get("/photos/key", headers={"origin": PAGE})) == {}
    assert granted(preflight(web, "/_hodei/reset", "content-type")) == {}
    assert granted(web.get("/_hodei/health", headers={"origin": PAGE})) == {}
