"""Cross-origin rules, against what AWS answered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError

from hodei.testing import Cloud
from services.s3.callers import SIGNED

pytestmark = pytest.mark.feature("s3.website")

BUCKET = "crossed"
ORIGIN = "https://localhost:4200"
VARY = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"
NOT_ALLOWED = (
    "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / "
    "Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec."
)


@pytest.fixture
def s3(cloud: Cloud) -> Any:
    client = cloud.client("s3")
    client.create_bucket(Bucket=BUCKET)
    client.put_object(Bucket=BUCKET, Key="key", Body=b"test-cors")
    return client


@pytest.fixture
def web(cloud: Cloud) -> Iterator[httpx.Client]:
    with httpx.Client(transport=cloud.transport(), base_url=cloud.url, headers=[SIGNED]) as client:
        yield client


def configure(s3: Any, **rule: Any) -> None:
    s3.put_bucket_cors(Bucket=BUCKET, CORSConfiguration={"CORSRules": [rule]})


def preflight(web: httpx.Client, path: str = f"/{BUCKET}/key", **headers: str) -> httpx.Response:
    return web.options(path, headers={name.replace("_", "-"): value for name, value in headers.items()})


def cors_headers(response: httpx.Response) -> dict[str, str]:
    return {
        name: value for name, value in response.headers.items() if name.startswith("access-control") or name == "vary"
    }


def error_of(response: httpx.Response) -> dict[str, str]:
    return {"Status": str(response.status_code), **dict(re.findall(r"<(\w+)>([^<]*)</\1>", response.text))}


def test_without_configuration(s3: Any, web: httpx.Client) -> None:
    error = error_of(preflight(web, f"/{BUCKET}"))
    assert (error["Status"], error["Code"]) == ("400", "BadRequest")
    assert error["Message"] == "Insufficient information. Origin request header needed."
    error = error_of(preflight(web, f"/{BUCKET}", Origin=ORIGIN, Access_Control_Request_Method="PUT"))
    assert (error["Status"], error["Code"]) == ("403", "AccessForbidden")
    assert error["Message"] == "CORSResponse: CORS is not enabled for this bucket."
    assert (error["Method"], error["ResourceType"]) == ("PUT", "BUCKET")
    error = error_of(preflight(web, f"/{BUCKET}", Origin=ORIGIN))
    assert (error["Code"], error["Method"]) == ("AccessForbidden", "OPTIONS")
    assert cors_headers(web.get(f"/{BUCKET}/key", headers={"Origin": ORIGIN})) == {}


def test_methods(s3: Any, web: httpx.Client) -> None:
    configure(s3, AllowedOrigins=[ORIGIN], AllowedMethods=["GET"], MaxAgeSeconds=3000, AllowedHeaders=["*"])
    expected = {
        "access-control-allow-credentials": "true",
        "access-control-allow-methods": "GET",
        "access-control-allow-origin": ORIGIN,
        "access-control-max-age": "3000",
        "vary": VARY,
    }
    response = preflight(web, Origin=ORIGIN, Access_Control_Request_Method="GET")
    assert (response.status_code, response.content, cors_headers(response)) == (200, b"", expected)
    assert response.headers["x-amz-request-id"] and response.headers["x-amz-id-2"]
    response = web.get(f"/{BUCKET}/key", headers={"Origin": ORIGIN})
    assert (response.content, cors_headers(response)) == (b"test-cors", expected)
    error = error_of(preflight(web, Origin=ORIGIN, Access_Control_Request_Method="PUT"))
    assert (error["Status"], error["Code"], error["Message"]) == ("403", "AccessForbidden", NOT_ALLOWED)
    assert (error["Method"], error["ResourceType"]) == ("PUT", "OBJECT")
    assert cors_headers(web.put(f"/{BUCKET}/new", headers={"Origin": ORIGIN})) == {}
    error = error_of(preflight(web, Origin=ORIGIN))
    assert (error["Status"], error["Code"]) == ("400", "BadRequest")


def test_an_error_can_be_read_by_the_page_too(s3: Any, web: httpx.Client) -> None:
    configure(s3, AllowedOrigins=[ORIGIN], AllowedMethods=["GET"])
    response = web.get(f"/{BUCKET}/missing", headers={"Origin": ORIGIN})
    assert response.status_code == 404
    assert response.headers["access-control-allow-origin"] == ORIGIN


def test_origins(s3: Any, web: httpx.Client) -> None:
    configure(s3, AllowedOrigins=[ORIGIN], AllowedMethods=["GET", "PUT"])
    assert (
        error_of(preflight(web, Origin="http://else", Access_Control_Request_Method="PUT"))["Code"] == "AccessForbidden"
    )
    assert cors_headers(web.get(f"/{BUCKET}/key", headers={"Origin": "http://else"})) == {}
    assert cors_headers(web.get(f"/{BUCKET}/key", headers={"Referer": ORIGIN})) == {}
    configure(s3, AllowedOrigins=["*"], AllowedMethods=["GET", "PUT"])
    answer = cors_headers(preflight(web, Origin="https://anyone", Access_Control_Request_Method="GET"))
    assert answer == {
        "access-control-allow-methods": "GET, PUT",
        "access-control-allow-origin": "*",
        "vary": VARY,
    }


@pytest.mark.parametrize(
    ("pattern", "origin", "allowed"),
    [
        ("http://*.origin.com", "http://test.origin.com", True),
        ("http://*.origin.com", "http://.origin.com", True),
        ("http://*.origin.com", "http://origin.com", False),
        ("http://*.origin.com", "http://test.origin.com:80", False),
        ("*test", "atest", True),
        ("ab*ab", "ab", False),
        ("http://Origin.com", "http://origin.com", False),
    ],
)
def test_one_wildcard_in_an_origin(s3: Any, web: httpx.Client, pattern: str, origin: str, allowed: bool) -> None:
    configure(s3, AllowedOrigins=[pattern], AllowedMethods=["GET"])
    response = preflight(web, Origin=origin, Access_Control_Request_Method="GET")
    assert response.status_code == (200 if allowed else 403)
    assert cors_headers(response).get("access-control-allow-origin") == (origin if allowed else None)


def test_headers(s3: Any, web: httpx.Client) -> None:
    configure(s3, AllowedOrigins=["*"], AllowedMethods=["GET"])
    asked = {"Origin": ORIGIN, "Access_Control_Request_Method": "GET"}
    assert preflight(web, **asked, Access_Control_Request_Headers="x-amz-request-payer").status_code == 403
    configure(
        s3,
        AllowedOrigins=["*"],
        AllowedMethods=["GET"],
        AllowedHeaders=["x-amz-*", "Content-Type"],
        ExposeHeaders=["x-amz-id-2", "x-amz-request-id"],
    )
    response = preflight(web, **asked, Access_Control_Request_Headers="X-Amz-Date, content-type")
    assert cors_headers(response)["access-control-allow-headers"] == "x-amz-date, content-type"
    assert cors_headers(response)["access-control-expose-headers"] == "x-amz-id-2, x-amz-request-id"
    assert preflight(web, **asked, Access_Control_Request_Headers="authorization").status_code == 403


def test_a_bucket_in_the_host_name(s3: Any, cloud: Cloud) -> None:
    configure(s3, AllowedOrigins=["*"], AllowedMethods=["GET"])
    with httpx.Client(transport=cloud.transport()) as web:
        response = web.options(
            f"http://{BUCKET}.s3.localhost:4566/key",
            headers={"Origin": ORIGIN, "Access-Control-Request-Method": "GET"},
        )
    assert (response.status_code, response.headers["access-control-allow-origin"]) == (200, "*")


def test_configuration(s3: Any) -> None:
    with pytest.raises(ClientError) as caught:
        s3.get_bucket_cors(Bucket=BUCKET)
    error = caught.value.response["Error"]
    assert (error["Code"], error["Message"], error["BucketName"]) == (
        "NoSuchCORSConfiguration",
        "The CORS configuration does not exist",
        BUCKET,
    )
    rule = {"AllowedMethods": ["GET", "PUT", "HEAD"], "AllowedOrigins": ["https://test.com", ""], "MaxAgeSeconds": 3000}
    configure(s3, **rule)
    assert s3.get_bucket_cors(Bucket=BUCKET)["CORSRules"] == [rule]
    assert s3.delete_bucket_cors(Bucket=BUCKET)["ResponseMetadata"]["HTTPStatusCode"] == 204
    with pytest.raises(ClientError, match="NoSuchCORSConfiguration"):
        s3.get_bucket_cors(Bucket=BUCKET)


@pytest.mark.parametrize(
    ("rule", "code", "message"),
    [
        (
            {"AllowedMethods": ["PATCH"], "AllowedOrigins": ["*"]},
            "InvalidRequest",
            "Found unsupported HTTP method in CORS config. Unsupported method is PATCH",
        ),
        (
            {"AllowedMethods": ["GET"], "AllowedOrigins": ["*.a.*"]},
            "InvalidRequest",
            'AllowedOrigin "*.a.*" can not have more than one wildcard.',
        ),
        (
            {"AllowedMethods": ["GET"], "AllowedOrigins": ["*"], "AllowedHeaders": ["**"]},
            "InvalidRequest",
            'AllowedHeader "**" can not have more than one wildcard.',
        ),
        (
            {"AllowedMethods": ["GET"], "AllowedOrigins": ["*"], "ExposeHeaders": ["x-*"]},
            "InvalidRequest",
            'ExposeHeader "x-*" contains wildcard. We currently do not support wildcard for ExposeHeader.',
        ),
        (
            {"AllowedMethods": ["GET"], "AllowedOrigins": []},
            "MalformedXML",
            "The XML you provided was not well-formed or did not validate against our published schema",
        ),
    ],
)
def test_rules_that_are_refused(s3: Any, rule: dict[str, Any], code: str, message: str) -> None:
    with pytest.raises(ClientError) as caught:
        configure(s3, **rule)
    assert (caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]) == (code, message)
