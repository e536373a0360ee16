"""Uploads by a browser's form, against what AWS answered."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from botocore.config import Config
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hodei.protocol.http import Body, Headers, Request
from hodei.testing import Cloud

pytestmark = pytest.mark.feature("s3.presigned")

BUCKET = "posted"
XML_ERROR = "The XML you provided was not well-formed or did not validate against our published schema"


@pytest.fixture
def s3(cloud: Cloud) -> Any:
    client = cloud.client("s3", config=Config(signature_version="s3v4"))
    client.create_bucket(Bucket=BUCKET)
    return client


@pytest.fixture
def web(cloud: Cloud) -> Iterator[httpx.Client]:
    with httpx.Client(transport=cloud.transport()) as client:
        yield client


def send(web: httpx.Client, post: Any, body: bytes = b"test-body", filename: str | None = "my.file") -> httpx.Response:
    """Post a form as browsers do."""
    if filename is None:
        files: Any = {"file": (None, body)}
    else:
        files = {"file": (filename, body)}
    return web.post(post["url"], data=post["fields"], files=files)


def error_of(response: httpx.Response) -> dict[str, str]:
    found = dict(re.findall(r"<(\w+)>([^<]*)</\1>", response.text))
    return {"Status": str(response.status_code)} | {k: v.replace("&quot;", '"') for k, v in found.items()}


def policy(fields: dict[str, str]) -> Any:
    return json.loads(base64.b64decode(fields["policy"]))


def with_policy(post: Any, document: Any) -> Any:
    text = document if isinstance(document, bytes) else json.dumps(document).encode()
    return {"url": post["url"], "fields": post["fields"] | {"policy": base64.b64encode(text).decode()}}


@pytest.mark.parametrize("version", ["s3", "s3v4"])
@pytest.mark.parametrize("style", ["path", "virtual"])
def test_what_boto3_generates(cloud: Cloud, s3: Any, web: httpx.Client, version: str, style: str) -> None:
    client = cloud.client("s3", config=Config(signature_version=version, s3={"addressing_style": style}))
    response = send(web, client.generate_presigned_post(BUCKET, "dir/my key"))
    assert (response.status_code, response.content) == (204, b"")
    assert response.headers["etag"] == f'"{hashlib.md5(b"test-body").hexdigest()}"'
    host = f"{BUCKET}.localhost:4566" if style == "virtual" else f"localhost:4566/{BUCKET}"
    assert response.headers["location"] == f"http://{host}/dir%2Fmy%20key"
    found = s3.get_object(Bucket=BUCKET, Key="dir/my key", ChecksumMode="ENABLED")
    assert (found["Body"].read(), found["ContentType"]) == (b"test-body", "binary/octet-stream")
    assert found["ChecksumCRC64NVME"] and found["ChecksumType"] == "FULL_OBJECT"


def test_fields_become_what_headers_would(s3: Any, web: httpx.Client) -> None:
    fields = {
        "Content-Type": "text/plain",
        "Cache-Control": "no-store",
        "Expires": "Wed, 01 Jan 2031 00:00:00 GMT",
        "x-amz-meta-Test-1": "one",
        "x-amz-storage-class": "STANDARD_IA",
        "tagging": "<Tagging><TagSet><Tag><Key>TagName</Key><Value>TagValue</Value></Tag></TagSet></Tagging>",
    }
    conditions = [{name: value} for name, value in fields.items()]
    assert send(web, s3.generate_presigned_post(BUCKET, "key", dict(fields), conditions)).status_code == 204
    head = s3.head_object(Bucket=BUCKET, Key="key")
    assert (head["ContentType"], head["CacheControl"], head["StorageClass"]) == (
        "text/plain",
        "no-store",
        "STANDARD_IA",
    )
    assert (head["Metadata"], head["ExpiresString"]) == ({"test-1": "one"}, "Wed, 01 Jan 2031 00:00:00 GMT")
    assert s3.get_object_tagging(Bucket=BUCKET, Key="key")["TagSet"] == [{"Key": "TagName", "Value": "TagValue"}]


def test_tags_that_are_no_xml(s3: Any, web: httpx.Client) -> None:
    post = s3.generate_presigned_post(BUCKET, "key", {"tagging": "not-xml"}, [{"tagging": "not-xml"}])
    error = error_of(send(web, post))
    assert (error["Status"], error["Code"], error["Message"]) == ("400", "MalformedXML", XML_ERROR)


@pytest.mark.parametrize(
    ("filename", "expected"),
    [
        ("photo.jpg", "up/photo.jpg"),
        ("C:\\\\a\\\\photo.jpg", "up/photo.jpg"),
        ("a/photo.jpg", "up/photo.jpg"),
        (None, "up/${filename}"),
    ],
)
def test_the_name_of_the_file(s3: Any, web: httpx.Client, filename: str | None, expected: str) -> None:
    post = s3.generate_presigned_post(BUCKET, "up/${filename}", Conditions=[["starts-with", "$key", "up/"]])
    assert send(web, post, filename=filename).status_code == 204
    assert [entry["Key"] for entry in s3.list_objects_v2(Bucket=BUCKET)["Contents"]] == [expected]


def test_what_comes_back(s3: Any, web: httpx.Client) -> None:
    def answer(**fields: str) -> httpx.Response:
        conditions = [{name: value} for name, value in fields.items()]
        return send(web, s3.generate_presigned_post(BUCKET, "a — b&c", dict(fields), conditions))

    etag = f'"{hashlib.md5(b"test-body").hexdigest()}"'
    created = answer(success_action_status="201")
    assert (created.status_code, created.headers["content-type"]) == (201, "application/xml")
    location = f"http://localhost:4566/{BUCKET}/a%20%E2%80%94%20b%26c"
    assert created.headers["location"] == location
    assert created.text.endswith(
        f"<PostResponse><Location>{location}</Location><Bucket>{BUCKET}</Bucket><Key>a — b&amp;c</Key>"
        f"<ETag>&quot;{etag[1:-1]}&quot;</ETag></PostResponse>"
    )
    assert answer(success_action_status="200").status_code == 200
    assert answer(success_action_status="418").status_code == 204
    redirected = answer(success_action_redirect="http://app.example/done?x=1")
    assert redirected.status_code == 303
    assert redirected.headers["location"] == (
        f"http://app.example/done?x=1&bucket={BUCKET}&key=a+%E2%80%94+b%26c&etag=%22{etag[1:-1]}%22"
    )
    assert answer(success_action_redirect="nowhere").status_code == 204


def test_a_version_is_made(s3: Any, web: httpx.Client) -> None:
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    response = send(web, s3.generate_presigned_post(BUCKET, "key"))
    assert response.headers["x-amz-version-id"] == s3.head_object(Bucket=BUCKET, Key="key")["VersionId"]


def test_size_limits(s3: Any, web: httpx.Client) -> None:
    post = s3.generate_presigned_post(BUCKET, "key", Conditions=[["content-length-range", 5, 10]])
    error = error_of(send(web, post, b"a" * 12))
    assert (error["Status"], error["Code"], error["ProposedSize"], error["MaxSizeAllowed"]) == (
        "400",
        "EntityTooLarge",
        "12",
        "10",
    )
    error = error_of(send(web, post, b"a" * 300_000))
    assert error["ProposedSize"] == "300000"
    error = error_of(send(web, post, b"a"))
    assert (error["Code"], error["ProposedSize"], error["MinSizeAllowed"]) == ("EntityTooSmall", "1", "5")
    assert s3.list_objects_v2(Bucket=BUCKET)["KeyCount"] == 0
    for size in (5, 10):
        assert send(web, post, b"a" * size).status_code == 204
    post = s3.generate_presigned_post(BUCKET, "key", Conditions=[["content-length-range", "test", 10]])
    error = error_of(send(web, post))
    assert (
        error["Message"]
        == 'Invalid according to Policy: Policy Condition failed: ["content-length-range", "test", "10"]'
    )
    assert (error["Status"], error["Code"]) == ("403", "AccessDenied")


@pytest.mark.parametrize(
    ("condition", "sent", "fits"),
    [
        (
            ["starts-with", "$success_action_redirect", "http://localhost"],
            {"success_action_redirect": "http://localhost.test/random"},
            True,
        ),
        (
            ["starts-with", "$success_action_redirect", "http://localhost"],
            {"success_action_redirect": "http://wrong.test"},
            False,
        ),
        (
            ["starts-with", "$success_action_redirect", "http://localhost"],
            {"success_action_redirect": "HTTP://localhost"},
            False,
        ),
        (["starts-with", "$Content-Type", ""], {"Content-Type": "anything"}, True),
        (["eq", "$x-amz-meta-a", "1"], {"X-Amz-Meta-A": "1"}, True),
        (["eq", "$x-amz-meta-a", "1"], {"x-amz-meta-a": "2"}, False),
        (["eq", "$x-amz-meta-a", "1"], {}, False),
    ],
)
def test_conditions(s3: Any, web: httpx.Client, condition: list[str], sent: dict[str, str], fits: bool) -> None:
    post = s3.generate_presigned_post(BUCKET, "key", Conditions=[condition])
    response = send(web, {"url": post["url"], "fields": post["fields"] | sent})
    if fits:
        assert response.status_code in (204, 303)
    else:
        error = error_of(response)
        assert (error["Status"], error["Code"]) == ("403", "AccessDenied")
        assert error["Message"] == f"Invalid according to Policy: Policy Condition failed: {json.dumps(condition)}"


def test_the_bucket_is_a_condition_too(s3: Any, web: httpx.Client) -> None:
    s3.create_bucket(Bucket="another-bucket")
    post = s3.generate_presigned_post(BUCKET, "key")
    response = send(web, post | {"url": post["url"].replace(BUCKET, "another-bucket")})
    assert (
        error_of(response)["Message"]
        == f'Invalid according to Policy: Policy Condition failed: ["eq", "$bucket", "{BUCKET}"]'
    )


def test_every_field_needs_a_condition(s3: Any, web: httpx.Client) -> None:
    post = s3.generate_presigned_post(BUCKET, "key")
    extra = {"url": post["url"], "fields": post["fields"] | {"x-amz-meta-extra": "1"}}
    assert error_of(send(web, extra))["Message"] == "Invalid according to Policy: Extra input fields: x-amz-meta-extra"
    ignored = {"url": post["url"], "fields": post["fields"] | {"x-ignore-me": "1"}}
    assert send(web, ignored).status_code == 204


def test_a_policy_expires_by_the_cloud_s_clock(cloud: Cloud, s3: Any, web: httpx.Client) -> None:
    post = s3.generate_presigned_post(BUCKET, "key", ExpiresIn=600)
    cloud.clock.advance(minutes=9)
    assert send(web, post).status_code == 204
    cloud.clock.advance(minutes=2)
    error = error_of(send(web, post))
    assert (error["Status"], error["Code"]) == ("403", "AccessDenied")
    assert error["Message"] == "Invalid according to Policy: Policy expired."


def test_an_expired_policy_of_version_2(cloud: Cloud, s3: Any, web: httpx.Client) -> None:
    client = cloud.client("s3", config=Config(signature_version="s3"))
    post = client.generate_presigned_post(BUCKET, "key")
    document = policy(post["fields"])
    document["expiration"] = (datetime.now(UTC) - timedelta(seconds=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert error_of(send(web, with_policy(post, document)))["Message"] == "Invalid according to Policy: Policy expired."


@pytest.mark.parametrize(
    "document",
    [
        b"no json",
        b"[]",
        b"{}",
        b'{"expiration": "2099-01-01T00:00:00Z"}',
        b'{"expiration": "never", "conditions": []}',
        b"\xff\xfe",
    ],
)
def test_malformed_policies(s3: Any, web: httpx.Client, document: bytes) -> None:
    error = error_of(send(web, with_policy(s3.generate_presigned_post(BUCKET, "key"), document)))
    assert (error["Status"], error["Code"]) == ("400", "InvalidPolicyDocument")


def test_an_unknown_condition(s3: Any, web: httpx.Client) -> None:
    post = s3.generate_presigned_post(BUCKET, "key")
    document = policy(post["fields"])
    document["conditions"].append(["ends-with", "$key", "y"])
    assert error_of(send(web, with_policy(post, document)))["Code"] == "InvalidPolicyDocument"


@pytest.mark.parametrize(
    ("version", "field", "named"),
    [
        ("s3", "AWSAccessKeyId", "AWSAccessKeyId"),
        ("s3", "signature", "Signature"),
        ("s3v4", "x-amz-signature", "X-Amz-Signature"),
        ("s3v4", "x-amz-date", "X-Amz-Date"),
        ("s3v4", "key", "key"),
    ],
)
def test_fields_that_a_signed_form_needs(
    cloud: Cloud, s3: Any, web: httpx.Client, version: str, field: str, named: str
) -> None:
    client = cloud.client("s3", config=Config(signature_version=version))
    post = client.generate_presigned_post(BUCKET, "key")
    del post["fields"][field]
    error = error_of(send(web, post))
    assert (error["Status"], error["Code"], error["ArgumentName"]) == ("400", "InvalidArgument", named)
    assert error["Message"].replace("&apos;", "'") == (
        f"Bucket POST must contain a field named '{named}'.  If it is specified, please check the order of the fields."
    )


def test_a_form_that_nobody_signed(s3: Any, web: httpx.Client) -> None:
    post = s3.generate_presigned_post(BUCKET, "key")
    error = error_of(send(web, {"url": post["url"], "fields": {"key": "key"}}))
    assert (error["Status"], error["Code"], error["Message"]) == ("403", "AccessDenied", "Access Denied")


def test_forms_that_are_none(s3: Any, web: httpx.Client) -> None:
    post = s3.generate_presigned_post(BUCKET, "key")
    error = error_of(web.post(post["url"], data=post["fields"]))
    assert (error["Status"], error["Code"]) == ("412", "PreconditionFailed")
    assert error["Condition"] == "Bucket POST must be of the enclosure-type multipart/form-data"
    error = error_of(web.post(post["url"], data=post["fields"], files={"other": b""}))
    assert (error["Code"], error["ArgumentName"], error["ArgumentValue"]) == ("InvalidArgument", "file", "0")
    assert error["Message"] == "POST requires exactly one file upload per request."
    form = {"content-type": "multipart/form-data"}
    assert error_of(web.post(post["url"], content=b"x", headers=form))["Code"] == "MalformedPOSTRequest"
    form = {"content-type": "multipart/form-data; boundary=b"}
    for content in (b"", b"--b", b"--b\r\nno colon\r\n\r\nx\r\n--b--", b"--bx\r\n"):
        assert error_of(web.post(post["url"], content=content, headers=form))["Code"] == "MalformedPOSTRequest"
    big = {"url": post["url"], "fields": {"x-amz-meta-a": "a" * 21_000} | post["fields"]}
    assert error_of(send(web, big))["Code"] == "MaxPostPreDataLengthExceeded"
    assert error_of(web.post(post["url"].replace(BUCKET, "no-such"), files={"file": b""}))["Code"] == "NoSuchBucket"
    error = error_of(web.post("http://localhost:4566/", files={"file": b""}))
    assert (error["Status"], error["Code"], error["ResourceType"]) == ("405", "MethodNotAllowed", "SERVICE")


class Chunks(Body):
    """A body that comes in pieces of a given size."""

    def __init__(self, content: bytes, size: int) -> None:
        super().__init__(None)
        self.length = len(content)
        self._content, self._size = content, size

    async def chunks(self) -> Any:
        for start in range(0, len(self._content), self._size):
            yield self._content[start : start + self._size]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    parts=st.lists(st.sampled_from([b"\r\n", b"--", b"--bound", b"\r\n--boun", b"\r", b"x", b"\0" * 9]), max_size=12),
    size=st.integers(1, 40),
)
def test_a_file_comes_through_whole_however_it_is_cut(cloud: Cloud, s3: Any, parts: list[bytes], size: int) -> None:
    body = b"".join(parts)
    post = s3.generate_presigned_post(BUCKET, "key")
    form = b"".join(
        b'--bound!\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name.encode(), value.encode())
        for name, value in post["fields"].items()
    )
    form += b'--bound!\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n' + body + b"\r\n--bound!"
    form += b'\r\nContent-Disposition: form-data; name="late"\r\n\r\nnot looked at\r\n--bound!--\r\n'
    headers = Headers([("Host", "localhost:4566"), ("Content-Type", 'multipart/form-data; boundary="bound!"')])
    response = cloud.send(Request("POST", f"/{BUCKET}", headers, Chunks(form, size)))
    assert response.status == 204, response.body
    assert s3.get_object(Bucket=BUCKET, Key="key")["Body"].read() == body


def test_a_big_file_streams(s3: Any, web: httpx.Client) -> None:
    body = bytes(range(256)) * 20_000
    assert send(web, s3.generate_presigned_post(BUCKET, "big"), body).status_code == 204
    assert s3.get_object(Bucket=BUCKET, Key="big")["Body"].read() == body
