"""Static websites, against what AWS answered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError

from hodei.testing import Cloud
from services.s3.callers import let, statement

pytestmark = pytest.mark.feature("s3.website")

BUCKET = "my.site"
BASE = f"http://{BUCKET}.s3-website.localhost:4566"


@pytest.fixture
def s3(cloud: Cloud) -> Any:
    client = cloud.client("s3")
    client.create_bucket(Bucket=BUCKET)
    let(client, BUCKET, statement(BUCKET, action=["s3:GetObject", "s3:ListBucket"]))
    return client


@pytest.fixture
def web(cloud: Cloud) -> Iterator[httpx.Client]:
    with httpx.Client(transport=cloud.transport(), base_url=BASE) as client:
        yield client


def put(s3: Any, **pages: str) -> None:
    for key, text in pages.items():
        s3.put_object(Bucket=BUCKET, Key=key.replace("__", "/") + ".html", Body=text.encode(), ContentType="text/html")


def configure(s3: Any, **document: Any) -> None:
    document.setdefault("IndexDocument", {"Suffix": "index.html"})
    s3.put_bucket_website(Bucket=BUCKET, WebsiteConfiguration=document)


def page(response: httpx.Response) -> str:
    """The text of S3's own page, its ids replaced."""
    return re.sub(r"<li>(RequestId|HostId): [^<]+</li>", r"<li>\1: </li>", response.text)


def error_page(title: str, items: str, more: str = "") -> str:
    return (
        f"<html>\n<head><title>{title}</title></head>\n<body>\n<h1>{title}</h1>\n<ul>\n{items}"
        f"<li>RequestId: </li>\n<li>HostId: </li>\n</ul>\n{more}<hr/>\n</body>\n</html>\n"
    )


def no_such_key(key: str) -> str:
    return f"<li>Code: NoSuchKey</li>\n<li>Message: The specified key does not exist.</li>\n<li>Key: {key}</li>\n"


@pytest.mark.parametrize(
    "host",
    [
        f"{BUCKET}.s3-website.localhost:4566",
        f"{BUCKET}.s3-website-us-east-1.amazonaws.com",
        f"{BUCKET}.s3-website.eu-central-1.amazonaws.com",
        f"{BUCKET}.s3-website.localhost.localstack.cloud:4566",
    ],
)
def test_index_documents_at_every_address(s3: Any, web: httpx.Client, host: str) -> None:
    configure(s3)
    put(s3, index="home", sub__index="sub")
    found = web.get(f"http://{host}/")
    assert (found.status_code, found.text, found.headers["content-type"]) == (200, "home", "text/html")
    assert found.headers["etag"] and found.headers["last-modified"]
    assert web.get(f"http://{host}/sub/").text == "sub"
    assert web.get(f"http://{host}/sub/index.html?versionId=none").text == "sub"


def test_conditions_ranges_and_head(s3: Any, web: httpx.Client) -> None:
    configure(s3)
    put(s3, index="0123456789")
    etag = web.get("/").headers["etag"]
    unmodified = web.get("/", headers={"If-None-Match": etag})
    assert (unmodified.status_code, unmodified.content) == (304, b"")
    part = web.get("/", headers={"Range": "bytes=2-4"})
    assert (part.status_code, part.text) == (206, "234")
    head = web.head("/")
    assert (head.status_code, head.headers["content-length"], head.content) == (200, "10", b"")
    missing = web.head("/missing")
    assert (missing.status_code, missing.content, missing.headers["x-amz-error-code"]) == (404, b"", "NoSuchKey")


def test_a_folder_without_slash_redirects(s3: Any, web: httpx.Client) -> None:
    configure(s3)
    put(s3, a__b__index="deep")
    response = web.get("/a/b")
    assert (response.status_code, response.headers["location"]) == (302, "/a/b/")
    response = web.get("/directory-wrong")
    assert (response.status_code, page(response)) == (404, error_page("404 Not Found", no_such_key("directory-wrong")))
    response = web.get("/directory-wrong/")
    assert page(response) == error_page("404 Not Found", no_such_key("directory-wrong/index.html"))
    assert response.headers["content-type"] == "text/html; charset=utf-8"


def test_the_error_document(s3: Any, web: httpx.Client) -> None:
    configure(s3, ErrorDocument={"Key": "error.html"})
    custom = (
        "<h3>An Error Occurred While Attempting to Retrieve a Custom Error Document</h3>\n"
        f"<ul>\n{no_such_key('error.html')}</ul>\n"
    )
    assert page(web.get("/")) == error_page("404 Not Found", no_such_key("index.html"), custom)
    put(s3, error="sorry")
    response = web.get("/", headers={"Range": "bytes=0-1"})
    assert (response.status_code, response.text, response.headers["content-type"]) == (404, "sorry", "text/html")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_other_methods(s3: Any, web: httpx.Client, method: str) -> None:
    configure(s3)
    response = web.request(method, "/key", content=b"x")
    assert response.status_code == 405
    assert page(response) == error_page(
        "405 Method Not Allowed",
        "<li>Code: MethodNotAllowed</li>\n"
        "<li>Message: The specified method is not allowed against this resource.</li>\n"
        f"<li>Method: {method}</li>\n<li>ResourceType: OBJECT</li>\n",
    )
    assert "Contents" not in s3.list_objects_v2(Bucket=BUCKET)


def test_what_is_no_site(s3: Any, web: httpx.Client) -> None:
    response = web.get("/")
    assert (response.status_code, response.headers["x-amz-error-code"]) == (404, "NoSuchWebsiteConfiguration")
    assert f"<li>BucketName: {BUCKET}</li>" in response.text
    response = web.get("http://no-such.s3-website.localhost:4566/<b>")
    assert (response.status_code, response.headers["x-amz-error-code"]) == (404, "NoSuchBucket")


def test_text_in_an_error_page_is_escaped(s3: Any, web: httpx.Client) -> None:
    configure(s3)
    response = web.get("/<script>é")
    assert "<li>Key: &lt;script&gt;é</li>" in response.text
    assert response.headers["x-amz-error-detail-Key"] == "%3Cscript%3E%C3%A9"


def test_everything_redirected(s3: Any, web: httpx.Client) -> None:
    s3.put_bucket_website(
        Bucket=BUCKET,
        WebsiteConfiguration={"RedirectAllRequestsTo": {"HostName": "other.example", "Protocol": "https"}},
    )
    response = web.get("/a b/c")
    assert (response.status_code, response.headers["location"]) == (301, "https://other.example/a%20b/c")


def test_an_object_that_redirects(s3: Any, web: httpx.Client) -> None:
    configure(s3)
    s3.put_object(Bucket=BUCKET, Key="old", WebsiteRedirectLocation="/new")
    response = web.get("/old")
    assert (response.status_code, response.headers["location"]) == (301, "/new")


@pytest.mark.parametrize(
    ("rule", "path", "status", "location"),
    [
        (
            {"Condition": {"KeyPrefixEquals": "docs/"}, "Redirect": {"ReplaceKeyPrefixWith": "documents/"}},
            "/docs/a",
            301,
            f"{BASE}/documents/a",
        ),
        (
            {"Condition": {"KeyPrefixEquals": "docs/"}, "Redirect": {"ReplaceKeyWith": "all.html"}},
            "/docs/a",
            301,
            f"{BASE}/all.html",
        ),
        (
            {
                "Condition": {"KeyPrefixEquals": "x"},
                "Redirect": {"HostName": "h.example", "Protocol": "https", "HttpRedirectCode": "307"},
            },
            "/xy",
            307,
            "https://h.example/xy",
        ),
        (
            {"Condition": {"HttpErrorCodeReturnedEquals": "404"}, "Redirect": {"ReplaceKeyPrefixWith": "#!/"}},
            "/gone",
            301,
            f"{BASE}/#!/gone",
        ),
        (
            {
                "Condition": {"HttpErrorCodeReturnedEquals": "404", "KeyPrefixEquals": "app/"},
                "Redirect": {"ReplaceKeyWith": "app.html"},
            },
            "/app/x",
            301,
            f"{BASE}/app.html",
        ),
        (
            {
                "Condition": {"HttpErrorCodeReturnedEquals": "404", "KeyPrefixEquals": "app/"},
                "Redirect": {"ReplaceKeyWith": "app.html"},
            },
            "/else",
            404,
            None,
        ),
        (
            {"Condition": {"HttpErrorCodeReturnedEquals": "403"}, "Redirect": {"ReplaceKeyWith": "x"}},
            "/gone",
            404,
            None,
        ),
        ({"Condition": {"HttpErrorCodeReturnedEquals": "404"}, "Redirect": {"ReplaceKeyWith": "x"}}, "/", 200, None),
        ({"Redirect": {"HostName": "h.example"}}, "/", 301, "http://h.example/"),
    ],
)
def test_routing_rules(
    s3: Any, web: httpx.Client, rule: dict[str, Any], path: str, status: int, location: str | None
) -> None:
    put(s3, index="home")
    configure(s3, RoutingRules=[rule])
    response = web.get(path)
    assert (response.status_code, response.headers.get("location")) == (status, location)


def test_the_first_rule_that_fits_decides(s3: Any, web: httpx.Client) -> None:
    rules = [
        {"Condition": {"KeyPrefixEquals": "a/b"}, "Redirect": {"ReplaceKeyWith": "1"}},
        {"Condition": {"KeyPrefixEquals": "a/"}, "Redirect": {"ReplaceKeyWith": "2"}},
    ]
    configure(s3, RoutingRules=rules)
    assert web.get("/a/bc").headers["location"] == f"{BASE}/1"
    assert web.get("/a/c").headers["location"] == f"{BASE}/2"


def test_cors_at_the_website_address(s3: Any, web: httpx.Client) -> None:
    configure(s3)
    put(s3, index="home")
    rule = {"AllowedOrigins": ["http://app.example"], "AllowedMethods": ["GET"]}
    s3.put_bucket_cors(Bucket=BUCKET, CORSConfiguration={"CORSRules": [rule]})
    asked = {"Origin": "http://app.example", "Access-Control-Request-Method": "GET"}
    assert web.options("/", headers=asked).headers["access-control-allow-origin"] == "http://app.example"
    found = web.get("/", headers={"Origin": "http://app.example"})
    assert (found.text, found.headers["access-control-allow-origin"]) == ("home", "http://app.example")


def test_configuration(s3: Any) -> None:
    with pytest.raises(ClientError) as caught:
        s3.get_bucket_website(Bucket=BUCKET)
    error = caught.value.response["Error"]
    assert (error["Code"], error["Message"], error["BucketName"]) == (
        "NoSuchWebsiteConfiguration",
        "The specified bucket does not have a website configuration",
        BUCKET,
    )
    rule = {"Condition": {"KeyPrefixEquals": "a"}, "Redirect": {"ReplaceKeyWith": "b"}}
    configure(s3, ErrorDocument={"Key": "error.html"}, RoutingRules=[rule])
    found = s3.get_bucket_website(Bucket=BUCKET)
    del found["ResponseMetadata"]
    assert found == {
        "IndexDocument": {"Suffix": "index.html"},
        "ErrorDocument": {"Key": "error.html"},
        "RoutingRules": [rule],
    }
    s3.delete_bucket_website(Bucket=BUCKET)
    with pytest.raises(ClientError, match="NoSuchWebsiteConfiguration"):
        s3.get_bucket_website(Bucket=BUCKET)


INDEX = {"IndexDocument": {"Suffix": "index.html"}}


@pytest.mark.parametrize(
    ("document", "code", "message"),
    [
        (
            {"RedirectAllRequestsTo": {"HostName": "h"}, **INDEX},
            "InvalidArgument",
            "RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules.",
        ),
        (
            {"ErrorDocument": {"Key": "e"}},
            "InvalidArgument",
            "A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty",
        ),
        ({"IndexDocument": {"Suffix": "a/b"}}, "InvalidArgument", "The IndexDocument Suffix is not well formed"),
        (
            {**INDEX, "RoutingRules": [{"Redirect": {"ReplaceKeyWith": "a", "ReplaceKeyPrefixWith": "b"}}]},
            "InvalidRequest",
            "You can only define ReplaceKeyPrefix or ReplaceKey but not both.",
        ),
        (
            {**INDEX, "RoutingRules": [{"Redirect": {"ReplaceKeyWith": "a"}, "Condition": {}}]},
            "InvalidRequest",
            "Condition cannot be empty. To redirect all requests without a condition, the condition element shouldn't "
            "be present.",
        ),
        (
            {**INDEX, "RoutingRules": [{"Redirect": {"HostName": "h", "HttpRedirectCode": "300"}}]},
            "InvalidRequest",
            "The provided HTTP redirect code (300) is not valid. Valid codes are 3XX except 300.",
        ),
        (
            {
                **INDEX,
                "RoutingRules": [{"Redirect": {"HostName": "h"}, "Condition": {"HttpErrorCodeReturnedEquals": "200"}}],
            },
            "InvalidRequest",
            "The provided HTTP error code (200) is not valid. Valid codes are 4XX or 5XX.",
        ),
    ],
)
def test_configurations_that_are_refused(s3: Any, document: dict[str, Any], code: str, message: str) -> None:
    with pytest.raises(ClientError) as caught:
        s3.put_bucket_website(Bucket=BUCKET, WebsiteConfiguration=document)
    assert (caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]) == (code, message)
