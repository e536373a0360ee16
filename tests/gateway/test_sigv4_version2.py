"""Version 2 of the signature, and the signatures of browsers' forms: what else S3 takes."""

from __future__ import annotations

import base64
import json
import time

import pytest
from botocore.auth import (
    HmacV1Auth,
    HmacV1PostAuth,
    HmacV1QueryAuth,
    S3SigV4PostAuth,
)
from botocore.awsrequest import AWSRequest
from hypothesis import given

from gateway.signing import (
    ACCESS_KEY,
    HOST,
    KEY,
    REGION,
    SECRET,
    SESSION,
    TOKEN,
    changed,
    headers,
    judged,
    methods,
    paths,
    queries,
    received,
    refused,
    sent,
)
from hodei.kernel.errors import AwsError
from hodei.kernel.signatures import read, read_form, verify_form

pytestmark = pytest.mark.feature("iam.sigv4")

MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your key and signing method."
)


def said(error: AwsError) -> tuple[str, int | None, str]:
    return error.code, error.status, error.message


# version 2


@given(methods, paths, queries, headers)
def test_what_botocore_signs_by_version_2_holds(method: str, path: str, query: str, fields: dict[str, str]) -> None:
    request = AWSRequest(method, f"http://{HOST}{path}?{query}&acl&versionId=a%2Fb", headers=fields)
    judged(sent(HmacV1Auth(SESSION), request), "s3", token=TOKEN)


@given(paths, headers)
def test_what_botocore_presigns_by_version_2_holds(path: str, fields: dict[str, str]) -> None:
    """The headers move into the query."""
    request = AWSRequest("PUT", f"http://{HOST}{path}?uploadId=a%2Bb&partNumber=1", headers=fields)
    HmacV1QueryAuth(KEY, expires=600).add_auth(request)
    judged(received("PUT", request.url, []), "s3")


@pytest.mark.parametrize(
    ("method", "target", "path", "given", "value"),
    [
        ("GET", "/photos/puppy.jpg", "", {}, "bWq2s1WEIj+Ydj0vQ697zp+IXMU="),
        (
            "PUT",
            "/photos/puppy.jpg",
            "",
            {"Content-Type": "image/jpeg", "Content-Length": "94328", "Date": "Tue, 27 Mar 2007 21:15:45 +0000"},
            "MyyxeRY7whkBe+bq8fHCL/2kKUg=",
        ),
        (
            "GET",
            "/?prefix=photos&max-keys=50&marker=puppy",
            "/",
            {"Date": "Tue, 27 Mar 2007 19:42:41 +0000"},
            "htDYFYduRNen8P9ZfE/s9SuKy0U=",
        ),
        ("GET", "/?acl", "/", {"Date": "Tue, 27 Mar 2007 19:44:46 +0000"}, "c2WLPFtWHVgbEmeEG93a4cG37dM="),
    ],
)
def test_the_examples_of_version_2(method: str, target: str, path: str, given: dict[str, str], value: str) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/RESTAuthentication.html"""
    fields = {"Date": "Tue, 27 Mar 2007 19:36:42 +0000"} | given | {"Authorization": f"AWS {ACCESS_KEY}:{value}"}
    request = received(method, f"https://johnsmith.s3.amazonaws.com{target}", list(fields.items()))
    request.path = f"/johnsmith{path or target}"
    signature = read(request, "s3")
    assert signature
    judged(request, "s3", now=signature.begins)


def test_version_2_is_late() -> None:
    request = sent(HmacV1Auth(KEY), AWSRequest("GET", f"http://{HOST}/b/k"))
    error = refused(request, "s3", now=time.time() + 1000)
    assert error.code == "RequestTimeTooSkewed"
    assert error.fields["RequestTime"] == request.headers.get("date")
    presign = AWSRequest("GET", f"http://{HOST}/b/k")
    HmacV1QueryAuth(KEY, expires=600).add_auth(presign)
    request = received("GET", presign.url, [])
    judged(request, "s3", now=time.time() + 590)
    error = refused(request, "s3", now=time.time() + 610)
    assert said(error) == ("AccessDenied", 403, "Request has expired")
    assert set(error.fields) == {"Expires", "ServerTime"}


def test_version_2_does_not_match() -> None:
    request = sent(HmacV1Auth(KEY), AWSRequest("GET", f"http://{HOST}/b/k?acl", headers={"x-amz-meta-a": "1"}))
    error = refused(request, "s3", secret="another")
    assert said(error) == ("SignatureDoesNotMatch", 403, MISMATCH)
    date = request.headers.get("date")
    assert error.fields["StringToSign"] == f"GET\n\n\n{date}\nx-amz-meta-a:1\n/b/k?acl"
    assert list(error.fields) == ["AWSAccessKeyId", "StringToSign", "SignatureProvided", "StringToSignBytes"]
    for changes in ({"method": "PUT"}, {"headers": {"x-amz-meta-a": "2"}}, {"headers": {"content-md5": "x"}}):
        assert refused(changed(request, **changes), "s3").code == "SignatureDoesNotMatch"
    for target in ("/b/k", "/b/K?acl", "/b/k?acl&versionId=1"):
        assert refused(changed(request, target=target), "s3").code == "SignatureDoesNotMatch"


@pytest.mark.parametrize("authorization", ["AWS", "AWS a b", "AWS nothing", "AWS :sig", "AWS key:"])
def test_malformed_headers_of_version_2(authorization: str) -> None:
    error = refused(received("GET", f"http://{HOST}/", [("Authorization", authorization)]), "s3")
    assert error.code == "InvalidArgument"
    assert error.fields == {"ArgumentName": "Authorization", "ArgumentValue": authorization}


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (
            "AWSAccessKeyId=a",
            "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters",
        ),
        (
            "AWSAccessKeyId=a&Signature=b&Expires=soon",
            "Invalid date (should be seconds since epoch): soon",
        ),
        (
            f"AWSAccessKeyId=a&Signature=b&Expires={'9' * 400}",
            f"Invalid date (should be seconds since epoch): {'9' * 400}",
        ),
    ],
)
def test_malformed_parameters_of_version_2(query: str, message: str) -> None:
    assert said(refused(received("GET", f"http://{HOST}/?{query}", []), "s3")) == ("AccessDenied", 403, message)


def test_other_services_know_no_version_2() -> None:
    assert read(received("GET", f"http://{HOST}/?AWSAccessKeyId=a&Signature=b", []), "sqs") is None


# forms


def form(signer: type[S3SigV4PostAuth] | type[HmacV1PostAuth], key: object = KEY) -> dict[str, str]:
    request = AWSRequest("POST", f"http://{HOST}/bucket")
    request.context["s3-presign-post-policy"] = {
        "expiration": "2030-01-01T00:00:00Z",
        "conditions": [{"bucket": "bucket"}],
    }
    signer(*((key, "s3", REGION) if signer is S3SigV4PostAuth else (key,))).add_auth(request)  # type: ignore[arg-type]
    fields: dict[str, str] = request.context["s3-presign-post-fields"]
    return {name.lower(): value for name, value in fields.items()}


def verified(fields: dict[str, str], secret: str = SECRET, **options: str) -> None:
    signature = read_form(fields)
    assert signature
    assert signature.access_key == ACCESS_KEY
    verify_form(signature, fields, secret, **options)


@pytest.mark.parametrize("signer", [S3SigV4PostAuth, HmacV1PostAuth])
def test_the_policy_of_a_form(signer: type[S3SigV4PostAuth]) -> None:
    fields = form(signer)
    verified(fields)
    verified(form(signer, SESSION), token=TOKEN)
    policy = base64.b64encode(json.dumps({"conditions": []}).encode()).decode()
    for changes, options in (
        ({"policy": policy}, {}),
        ({}, {"secret": "another"}),
        ({"x-amz-signature" if signer is S3SigV4PostAuth else "signature": "0" * 64}, {}),
    ):
        with pytest.raises(AwsError) as caught:
            verified(fields | changes, **options)
        assert said(caught.value) == ("SignatureDoesNotMatch", 403, MISMATCH)
        assert caught.value.fields["StringToSign"] == (fields | changes)["policy"]
        assert "CanonicalRequest" not in caught.value.fields
    with pytest.raises(AwsError, match="Access Key Id"):
        verified(fields, token=TOKEN)
    with pytest.raises(AwsError, match="token"):
        verified(form(signer, SESSION))


def test_a_form_that_nobody_signed() -> None:
    assert read_form({"key": "a", "policy": "b"}) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [("x-amz-algorithm", "AWS4"), ("x-amz-date", "soon"), ("x-amz-credential", "a/b"), ("x-amz-algorithm", "")],
)
def test_a_malformed_form(name: str, value: str) -> None:
    with pytest.raises(AwsError) as caught:
        read_form(form(S3SigV4PostAuth) | {name: value})
    assert caught.value.code in ("InvalidArgument", "AuthorizationQueryParametersError")


def test_a_form_for_another_region() -> None:
    with pytest.raises(AwsError, match="the region"):
        verified(form(S3SigV4PostAuth), region="us-east-1")
    verified(form(S3SigV4PostAuth), region=REGION)
