"""Presigned requests, browsers' forms, cross-origin rules and websites: our answers are those of AWS."""

from __future__ import annotations

import re
from typing import Any

import pytest

from services.s3.callers import SIGNED, let, statement
from services.s3.recorded import Answers, Replay, Scenario, Scenarios, get, head, put, replayed, said

pytestmark = pytest.mark.feature("s3.presigned")

scenario = Scenarios()


def signed(
    r: Replay, operation: str, signature: str, style: str = "path", *, expires: int = 3600, **params: Any
) -> str:
    client = r.client(signature, style)
    url = client.generate_presigned_url(operation, {"Bucket": "bucket", "Key": "key", **params}, ExpiresIn=expires)
    return str(url)


def error_of(answer: Any, *, status: bool = False) -> Any:
    return answer["Body"] | ({"StatusCode": answer["StatusCode"]} if status else {})


# presigned requests


@scenario(loose="ChecksumCRC64NVME")
def put_object(r: Replay) -> Answers:
    assert r.sent("PUT", signed(r, "put_object", "s3v4"), content=b"something")["StatusCode"] == 200
    return {"get_object": get(r.s3, "key")}


@scenario()
def get_response_overrides_unicode_metadata_with_sig_s3(r: Replay) -> Answers:
    put(r.s3, "key")
    text = "non-ascii-%E2%80%94_—_é_"
    return {"unicode-error": error_of(r.sent("GET", signed(r, "get_object", "s3", ResponseCacheControl=text)))}


@scenario()
def presigned_double_encoded_credentials(r: Replay) -> Answers:
    put(r.s3, "key")
    url = signed(r, "get_object", "s3v4").replace("%2F", "%252F")
    return {"error-malformed": error_of(r.sent("GET", url))}


def expired(r: Replay, signature: str, name: str) -> Answers:
    put(r.s3, "key")
    url = signed(r, "get_object", signature, expires=2)
    r.cloud.clock.advance(seconds=4)
    return {name: error_of(r.sent("GET", url))}


@scenario()
def presigned_url_signature_authentication_expired(r: Replay) -> Answers:
    return expired(r, r.variant.partition("-")[0], "expired")


@scenario()
def s3_presigned_url_expired(r: Replay) -> Answers:
    return expired(r, r.variant, "expired-exception")


@scenario()
def s3_put_presigned_url_missing_sig_param(r: Replay) -> Answers:
    url = re.sub(r"&?Signature=[^&]*", "", signed(r, "put_object", r.variant))
    return {"missing-param-exception": error_of(r.sent("PUT", url, content=b"test"), status=True)}


@scenario()
def put_unicode_metadata_with_sig_s3(r: Replay) -> Answers:
    from botocore.handlers import validate_ascii_metadata

    client = r.client("s3")
    client.meta.events.unregister("before-parameter-build.s3.PutObject", validate_ascii_metadata)
    params = {"Bucket": "bucket", "Key": "key", "Metadata": {"foo": "non-ascii-%E2%80%94_—_é_"}}
    assert r.sent("PUT", client.generate_presigned_url("put_object", params), content=b"")["StatusCode"] == 200
    return {"head_object": head(r.s3, "key")}


@scenario(without="wrong-meta-headers", loose="ETag")
def put_url_metadata_with_sig_s3(r: Replay) -> Answers:
    url = signed(r, "put_object", "s3", Metadata={"foo": "bar"})
    headers = {"x-amz-meta-foo": "bar"}
    assert r.sent("PUT", url, headers=headers, content=b"hello world")["StatusCode"] == 200
    return {"head_object": head(r.s3, "key")}


@scenario(without="no-meta-headers", loose="ETag")
def put_url_metadata_with_sig_s3v4(r: Replay) -> Answers:
    url = signed(r, "put_object", "s3v4", "virtual" if r.variant == "True" else "path", Metadata={"foo": "bar"})
    headers = {"x-amz-meta-foo": "bar"}
    assert r.sent("PUT", url, headers=headers, content=b"hello world")["StatusCode"] == 200
    wrong = r.sent("PUT", url, headers=headers | {"x-amz-meta-wrong": "wrong"}, content=b"hello world")
    return {"wrong-meta-headers": error_of(wrong), "head_object": head(r.s3, "key")}


@scenario(without="content-type-exception wrong-content-encoding-response")
def s3_put_presigned_url_with_different_headers(r: Replay) -> Answers:
    url = signed(r, "put_object", "s3v4", ContentType="text/plain")
    answer = r.sent("PUT", url, headers={"Content-Type": "text/plain"}, content=b"test")
    return {"content-type-response": {"StatusCode": answer["StatusCode"]}}


# forms


def form(r: Replay, key: str = "key", *conditions: Any, signature: str = "s3v4", **fields: str) -> Any:
    return r.client(signature).generate_presigned_post("bucket", key, dict(fields), list(conditions))


def posted(
    r: Replay, post: Any, body: Any = b"a-content-to-post", filename: str | None = "my.file", **fields: str
) -> Any:
    files = {"file": (filename, body)}
    return r.sent("POST", post["url"], data={**post["fields"], **fields}, files=files)


@scenario(loose="ETag ChecksumCRC64NVME")
def post_object_default_checksum(r: Replay) -> Answers:
    posted(r, form(r))
    return {"head-object": head(r.s3, "key", ChecksumMode="ENABLED")}


@scenario(loose="ChecksumCRC64NVME ETag")
def post_object_policy_conditions_validation_starts_with(r: Replay) -> Answers:
    condition = ["starts-with", "$success_action_redirect", "http://localhost"]

    def post(where: str, name: str, body: bytes = b"abcdef", operator: str = "starts-with") -> Any:
        made = form(r, "key", [operator, *condition[1:]])
        return posted(r, made, body, **{name: where})

    name = "success_action_redirect"
    answers = {
        "invalid-condition-starts-with": error_of(post("http://wrong.localhost", name)),
        "invalid-condition-starts-with-casing": error_of(post("HTTP://localhost", name, operator="Starts-With")),
    }
    assert post("http://localhost.test", name)["StatusCode"] == 303
    answers["get-object-1"] = get(r.s3, "key")
    assert post("http://localhost.test", name, b"manual value to change ETag")["StatusCode"] == 303
    return answers | {"get-object-2": get(r.s3, "key")}


@scenario(loose="ChecksumCRC64NVME")
def post_object_policy_validation_size(r: Replay) -> Answers:
    def post(size: int, least: Any = 5, most: Any = 10) -> Any:
        made = form(r, "key", ["content-length-range", least, most])
        return posted(r, made, b"a" * size)

    answers = {
        "invalid-content-length-too-big": error_of(post(12)),
        "invalid-content-length-too-small": error_of(post(1)),
        "invalid-content-length-wrong-type": error_of(post(10, "test")),
    }
    assert post(10)["StatusCode"] == 204
    return answers | {"final-object": get(r.s3, "key")}


@scenario(loose="ETag")
def post_object_with_file_as_string(r: Replay) -> Answers:
    posted(r, form(r, "test-presigned-post-file-as-field"), b"a" * 23, None)
    answer = head(r.s3, "test-presigned-post-file-as-field")
    posted(r, form(r, "file-as-field-${filename}"), b"a" * 44, None)
    return {"head-object": answer, "list-objects": said(r.s3.list_objects_v2, Bucket="bucket")}


@scenario(loose="ETag")
def post_object_with_metadata(r: Replay) -> Answers:
    fields = {
        "x-amz-meta-test-1": "test-meta-1",
        "x-amz-meta-TEST-2": "test-meta-2",
        "Content-Type": "text/plain",
        "Expires": "Wed, 21 Oct 2035 07:28:00 GMT",
    }
    posted(r, form(r, "key", *({name: value} for name, value in fields.items()), **fields))
    return {"head-object": head(r.s3, "key")}


@scenario()
def post_object_with_tags(r: Replay) -> Answers:
    tags = {
        "single": "<Tagging><TagSet><Tag><Key>TagName</Key><Value>TagValue</Value></Tag></TagSet></Tagging>",
        "notxml": "not-xml",
    }[r.variant]
    answer = posted(r, form(r, "key", {"tagging": tags}, tagging=tags))
    if answer["StatusCode"] >= 400:
        return {"tagging-error": error_of(answer)}
    return {"get-tagging": said(r.s3.get_object_tagging, Bucket="bucket", Key="key")}


@scenario(loose="ETag")
def post_object_with_unicode_metadata(r: Replay) -> Answers:
    fields = {
        "success_action_status": "201",
        "x-amz-meta-nonascii": "ÄMÄZÕÑ S3",
        "x-amz-meta-nonascii-2": "test_—_file%E2%80%94_é_2👑.pdf",
        "x-amz-meta-b-encoded": "=?UTF-8?B?YWJj?=",
        "x-amz-meta-q-encoded": "=?UTF-8?Q?actually-ascii?=",
        "x-amz-meta-utf-8": "\0\1\2\3\4",
        "Cache-Control": "non-ascii-%E2%80%94_—_é_",
        "Content-Disposition": 'filename="test_—_file%E2%80%94_é_2-.pdf"',
    }
    safe = "! \"#$%&'()*+,-./0123456789:;<>'?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~\t"
    fields["x-amz-meta-safe-chars"] = safe
    conditions = [{name: value} for name, value in fields.items()]
    answer = posted(r, form(r, "test_unicode—_file.pdf", *conditions, **fields))
    told = {"LocationHeader": answer["Headers"]["location"], "PostResponse": answer["Body"]["PostResponse"]}
    return {"post-object": told, "head-object": head(r.s3, "test_unicode—_file.pdf")}


@scenario()
def post_object_with_wrong_content_type(r: Replay) -> Answers:
    post = form(r)
    answer = r.sent("POST", post["url"], data=post["fields"])
    return {"invalid-content-type-error": error_of(answer)}


def without(post: Any, *names: str) -> Any:
    return post | {"fields": {name: value for name, value in post["fields"].items() if name not in names}}


@scenario()
def post_request_missing_fields(r: Replay) -> Answers:
    post = form(r, signature=r.variant)
    return {
        "exception-missing-fields": error_of(posted(r, without(post, "AWSAccessKeyId")), status=True),
        "exception-no-sig-related-fields": error_of(
            posted(r, without(post, "AWSAccessKeyId", "signature", "policy")), status=True
        ),
    }


@scenario()
def post_request_missing_signature(r: Replay) -> Answers:
    answer = posted(r, without(form(r, signature=r.variant), "x-amz-signature"))
    return {"exception-missing-signature": error_of(answer, status=True)}


# cross-origin rules


ORIGIN = "https://localhost:4200"


def rules(r: Replay, **rule: Any) -> Any:
    return said(r.s3.put_bucket_cors, Bucket="bucket", CORSConfiguration={"CORSRules": [rule]})


def rules_of(r: Replay) -> Any:
    return said(r.s3.get_bucket_cors, Bucket="bucket")


def crossed(r: Replay, method: str, path: str = "/bucket/key", asked: str = "", **headers: str) -> Any:
    """A request with these headers; `asked` is the method that a preflight asks for."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    sent |= {"Access-Control-Request-Method": asked} if asked else {}
    sent |= {} if method == "OPTIONS" else dict([SIGNED])
    return r.sent(method, path, headers=sent)


@scenario()
def cors_expose_headers(r: Replay) -> Answers:
    exposed = ["x-amz-id-2", "x-amz-request-id", "x-amz-request-payer"]
    rules(r, AllowedOrigins=["*"], AllowedMethods=["GET"], ExposeHeaders=exposed)
    return {"opt-get": crossed(r, "OPTIONS", asked="GET", Origin=ORIGIN)}


@scenario()
def cors_http_options_no_config(r: Replay) -> Answers:
    return {
        "options-no-origin": crossed(r, "OPTIONS", "/bucket")["Body"],
        "options-with-origin-and-method": crossed(r, "OPTIONS", "/bucket", "PUT", Origin=ORIGIN)["Body"],
        "options-with-origin-no-method": crossed(r, "OPTIONS", "/bucket", Origin=ORIGIN)["Body"],
    }


@scenario()
def cors_match_methods(r: Replay) -> Answers:
    put(r.s3, "key", b"test-cors")
    rules(r, AllowedOrigins=[ORIGIN], AllowedMethods=["GET"], MaxAgeSeconds=3000, AllowedHeaders=["*"])
    return {
        "opt-get": crossed(r, "OPTIONS", asked="GET", Origin=ORIGIN),
        "get-wrong-op": crossed(r, "GET", asked="PUT", Origin=ORIGIN),
        "get-op": crossed(r, "GET", asked="GET", Origin=ORIGIN),
        "opt-put": crossed(r, "OPTIONS", asked="PUT", Origin=ORIGIN),
        "put-op": crossed(r, "PUT", "/bucket/new", asked="PUT", Origin=ORIGIN),
    }


@scenario()
def cors_match_origins(r: Replay) -> Answers:
    put(r.s3, "key", b"test-cors")
    rule = {"AllowedMethods": ["GET", "PUT"], "MaxAgeSeconds": 3000, "AllowedHeaders": ["*"]}
    rules(r, AllowedOrigins=[ORIGIN], **rule)
    answers: Answers = {}
    origins: dict[str, dict[str, str]] = {
        "no-origin": {},
        "referer": {"Referer": ORIGIN},
        "right-origin": {"Origin": ORIGIN},
        "wrong-origin": {"Origin": "http://localhost:4200"},
    }
    for name, headers in origins.items():
        answers[f"opt-{name}"] = crossed(r, "OPTIONS", asked="PUT", **headers)
        answers[f"get-{name}"] = crossed(r, "GET", **headers)
    rules(r, AllowedOrigins=["*"], **rule)
    answers["opt-random-wildcard-origin"] = crossed(r, "OPTIONS", asked="PUT", Origin="http://random:1234")
    return answers | {"get-random-wildcard-origin": crossed(r, "GET", Origin="http://random:1234")}


@scenario()
def cors_options_match_partial_origin(r: Replay) -> Answers:
    rule = {"AllowedMethods": ["GET", "PUT"], "MaxAgeSeconds": 3000, "AllowedHeaders": ["*"]}
    rules(r, AllowedOrigins=["http://*.origin.com"], **rule)
    answer = crossed(r, "OPTIONS", "/bucket/", "PUT", Origin="http://test.origin.com")
    return {"options_match_partial_origin": answer}


@scenario()
def cors_options_fails_partial_origin(r: Replay) -> Answers:
    rule = {"AllowedMethods": ["GET", "PUT"], "MaxAgeSeconds": 3000, "AllowedHeaders": ["*"]}
    rules(r, AllowedOrigins=["http://*.origin.com"], **rule)
    answer = crossed(r, "OPTIONS", "/bucket/", "GET", Origin="http://origin.com")
    return {"options_fails_partial_origin": answer}


@scenario()
def delete_cors(r: Replay) -> Answers:
    def gone() -> Any:
        return said(r.s3.delete_bucket_cors, Bucket="bucket")

    return {
        "delete-cors-before-set": gone(),
        "put-cors": rules(r, AllowedOrigins=["*"], AllowedMethods=["GET"]),
        "get-cors": rules_of(r),
        "delete-cors": gone(),
        "get-cors-deleted": rules_of(r),
    }


@scenario()
def get_cors(r: Replay) -> Answers:
    before = rules_of(r)
    rules(r, AllowedOrigins=["*"], AllowedMethods=["GET"])
    return {"get-cors-no-set": before, "get-cors-after-set": rules_of(r)}


@scenario()
def put_cors(r: Replay) -> Answers:
    answer = rules(
        r,
        AllowedOrigins=["https://test.com", "https://app.test.com", "http://test.com:80"],
        AllowedMethods=["GET", "PUT", "HEAD"],
        MaxAgeSeconds=3000,
        AllowedHeaders=["x-amz-expected-bucket-owner", "x-amz-server-side-encryption-customer-algorithm"],
    )
    return {"put-cors": answer, "get-cors": rules_of(r)}


@scenario()
def put_cors_default_values(r: Replay) -> Answers:
    rules(r, AllowedOrigins=["*"], AllowedMethods=["GET"])
    headers = {"Origin": ORIGIN, "Access_Control_Request_Headers": "x-amz-request-payer"}
    return {
        "opt-get": crossed(r, "OPTIONS", asked="GET", Origin=ORIGIN),
        "opt-get-headers": crossed(r, "OPTIONS", asked="GET", **headers),
    }


@scenario()
def put_cors_empty_origin(r: Replay) -> Answers:
    rules(r, AllowedOrigins=[""], AllowedMethods=["GET", "PUT", "HEAD"])
    return {"get-cors-empty": rules_of(r)}


# websites


SITE = "http://bucket.s3-website.localhost:4566"


def page(r: Replay, method: str, path: str) -> Any:
    return r.sent(method, SITE + path)["Body"]


def site(r: Replay, **more: Any) -> None:
    configuration = {"IndexDocument": {"Suffix": "index.html"}, **more}
    r.s3.put_bucket_website(Bucket="bucket", WebsiteConfiguration=configuration)
    let(r.s3, "bucket", statement("bucket", action=["s3:GetObject", "s3:ListBucket"]))


@scenario()
def website_hosting_404(r: Replay) -> Answers:
    site(r)
    plain = page(r, "GET", "/")
    site(r, ErrorDocument={"Key": "error.html"})
    return {"404-no-such-key": plain, "404-no-such-key-nor-custom": page(r, "GET", "/")}


@scenario()
def website_hosting_http_methods(r: Replay) -> Answers:
    site(r)
    put(r.s3, "index.html", b"index")
    return {
        "not-allowed-post": {"content": page(r, "POST", "/")},
        "not-allowed-delete": {"content": page(r, "DELETE", "/")},
    }


@scenario()
def website_hosting_index_lookup(r: Replay) -> Answers:
    site(r)
    return {
        "404-no-trailing-slash": page(r, "GET", "/directory-wrong"),
        "404-with-trailing-slash": page(r, "GET", "/directory-wrong/"),
    }


@pytest.mark.parametrize(("play", "variant", "expected", "loose"), list(scenario.cases()))
def test_answers_are_those_of_aws(play: Scenario, variant: str, expected: Answers, loose: frozenset[str]) -> None:
    replayed(play, variant, expected, loose)
