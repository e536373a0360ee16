"""Signature version 4 as S3 takes it, in the header and in the query."""

from __future__ import annotations

import hashlib
import re
import time
from urllib.parse import quote

import pytest
from botocore.auth import (
    S3SigV4Auth,
    S3SigV4QueryAuth,
)
from botocore.awsrequest import AWSRequest
from hypothesis import given
from hypothesis import strategies as st

from gateway.signing import (
    ACCESS_KEY,
    HOST,
    KEY,
    REGION,
    SESSION,
    TOKEN,
    changed,
    dotted,
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
from hodei.kernel.signatures import read
from hodei.kernel.signatures.signature import moment
from hodei.protocol.http import Body, Request

pytestmark = pytest.mark.feature("iam.sigv4")

MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your key and signing method."
)
EXAMPLE_TIME = moment("20130524T000000Z")  # of the examples in S3's documentation


@pytest.fixture
def put() -> Request:
    request = AWSRequest("PUT", f"http://{HOST}/bucket/a%20key", data=b"body", headers={"x-amz-meta-a": "b"})
    return sent(S3SigV4Auth(KEY, "s3", REGION), request)


@pytest.fixture
def url() -> Request:
    return sent(S3SigV4QueryAuth(KEY, "s3", REGION, expires=600), AWSRequest("GET", f"http://{HOST}/bucket/key"))


def said(error: AwsError) -> tuple[str, int | None, str]:
    return error.code, error.status, error.message


def edited(request: Request, old: str, new: str) -> Request:
    authorization = request.headers.get("authorization")
    assert old in authorization
    return changed(request, headers={"authorization": authorization.replace(old, new)})


# version 4 in the header


@given(methods, st.one_of(paths, dotted), queries, headers, st.binary(max_size=64))
def test_what_botocore_signs_holds(method: str, path: str, query: str, fields: dict[str, str], body: bytes) -> None:
    request = AWSRequest(method, f"http://{HOST}{path}?{query}", headers=fields, data=body)
    judged(sent(S3SigV4Auth(SESSION, "s3", REGION), request), "s3", token=TOKEN)


@pytest.mark.parametrize(
    ("method", "path", "given", "payload", "value"),
    [
        (
            "GET",
            "/test.txt",
            {"Range": "bytes=0-9"},
            b"",
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
        ),
        (
            "PUT",
            "/test$file.text",
            {"Date": "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY"},
            b"Welcome to Amazon S3.",
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
        ),
        ("GET", "/?lifecycle", {}, b"", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        ("GET", "/?max-keys=2&prefix=J", {}, b"", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
    ],
)
def test_the_examples_of_the_documentation(
    method: str, path: str, given: dict[str, str], payload: bytes, value: str
) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html"""
    fields = given | {
        "Host": "examplebucket.s3.amazonaws.com",
        "x-amz-content-sha256": hashlib.sha256(payload).hexdigest(),
        "x-amz-date": "20130524T000000Z",
    }
    names = ";".join(sorted(name.lower() for name in fields))
    fields["Authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/20130524/us-east-1/s3/aws4_request,SignedHeaders={names},"
        f"Signature={value}"
    )
    request = received(method, f"https://examplebucket.s3.amazonaws.com{path}", list(fields.items()), payload)
    judged(request, "s3", region="us-east-1", now=EXAMPLE_TIME)


def test_a_key_is_signed_as_it_is_named(put: Request) -> None:
    """However a client, or what stands between, has encoded it; but not another key."""
    judged(changed(put, target="/bucket/%61%20key"), "s3")
    for target in ("/bucket//a%20key", "/bucket/./a%20key", "/bucket/a%2520key", "/bucket/a+key"):
        assert refused(changed(put, target=target), "s3").code == "SignatureDoesNotMatch"


def test_a_bucket_in_the_host() -> None:
    """Routing moves it into `path`; signed is what was sent."""
    request = sent(S3SigV4Auth(KEY, "s3", REGION), AWSRequest("GET", f"http://bucket.s3.{HOST}/key"))
    request.path = "/bucket/key"
    judged(request, "s3")


def test_the_hash_of_the_body(put: Request) -> None:
    other = changed(put, body=Body(b"BODY"))
    error = refused(other, "s3")
    assert said(error) == (
        "XAmzContentSHA256Mismatch",
        400,
        "The provided 'x-amz-content-sha256' header does not match what was computed.",
    )
    assert error.fields == {
        "ClientComputedContentSHA256": put.headers.get("x-amz-content-sha256"),
        "S3ComputedContentSHA256": hashlib.sha256(b"BODY").hexdigest(),
    }
    judged(other, "s3", streamed=True)  # then who takes the body compares
    refused(changed(put, headers={"x-amz-content-sha256": "0" * 64}), "s3")


def test_an_unsigned_payload() -> None:
    request = AWSRequest("PUT", f"https://{HOST}/b/k", data=b"body", headers={"Content-MD5": "x"})
    request.context["has_streaming_input"] = True
    arrived = sent(S3SigV4Auth(KEY, "s3", REGION), request)
    assert arrived.headers.get("x-amz-content-sha256") == "UNSIGNED-PAYLOAD"
    judged(changed(arrived, body=Body(b"other")), "s3")


def test_fields_of_a_mismatch(put: Request) -> None:
    error = refused(put, "s3", secret="another")
    assert said(error) == ("SignatureDoesNotMatch", 403, MISMATCH)
    assert list(error.fields) == [
        "AWSAccessKeyId",
        "StringToSign",
        "SignatureProvided",
        "StringToSignBytes",
        "CanonicalRequest",
        "CanonicalRequestBytes",
    ]
    assert error.fields["AWSAccessKeyId"] == ACCESS_KEY
    assert put.headers.get("authorization").endswith(error.fields["SignatureProvided"])
    assert error.fields["StringToSign"].startswith("AWS4-HMAC-SHA256\n20")
    assert error.fields["CanonicalRequest"].startswith("PUT\n/bucket/a%20key\n\n")
    for name in ("StringToSign", "CanonicalRequest"):
        assert bytes.fromhex(error.fields[f"{name}Bytes"]).decode() == error.fields[name]
    assert error.fields["StringToSignBytes"].startswith("41 57 53 34 2d ")


def test_the_clocks_must_agree(put: Request) -> None:
    date = put.headers.get("x-amz-date")
    signed = moment(date)
    assert signed
    judged(put, "s3", now=signed + 900)
    judged(put, "s3", now=signed - 900)
    for now in (signed + 901, signed - 901):
        error = refused(put, "s3", now=now)
        assert said(error) == (
            "RequestTimeTooSkewed",
            403,
            "The difference between the request time and the current time is too large.",
        )
        assert error.fields == {
            "RequestTime": date,
            "ServerTime": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now)),
            "MaxAllowedSkewMilliseconds": "900000",
        }


MALFORMED = "The authorization header is malformed; "


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            f"{ACCESS_KEY}/",
            "",
            'the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".',
        ),
        (
            "aws4_request",
            "aws4",
            'the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".',
        ),
        (ACCESS_KEY, "", "a non-empty Access Key (AKID) must be provided in the credential."),
        (REGION, "", "a non-empty region must be provided in the credential."),
        ("/s3/", "/s2/", 'incorrect service "s2". This endpoint belongs to "s3".'),
        (
            "SignedHeaders=",
            "Headers=",
            "the authorization header requires three components: Credential, SignedHeaders, and Signature.",
        ),
        ("SignedHeaders=", "", None),
        ("Signature=", "Signature", None),
    ],
)
def test_a_malformed_header(put: Request, old: str, new: str, message: str | None) -> None:
    code, status, text = said(refused(edited(put, old, new), "s3"))
    assert (code, status) == ("AuthorizationHeaderMalformed", 400)
    if message:
        assert text == MALFORMED + message
    else:
        assert re.fullmatch(MALFORMED + 'the authorization component "[^"]+" is malformed.', text)


def test_another_day(put: Request) -> None:
    day = time.strftime("%Y%m%d", time.gmtime())
    for new, message in (
        ("20150830", "Invalid credential date. Date is not the same as X-Amz-Date."),
        (
            "2015",
            'incorrect date format "2015". This date in the credential must be in the format "yyyyMMdd".',
        ),
    ):
        error = refused(edited(put, f"/{day}/", f"/{new}/"), "s3")
        assert said(error) == ("AuthorizationHeaderMalformed", 400, MALFORMED + message)


def test_another_region(put: Request) -> None:
    error = refused(put, "s3", region="us-east-1")
    message = f"{MALFORMED}the region '{REGION}' is wrong; expecting 'us-east-1'"
    assert said(error) == ("AuthorizationHeaderMalformed", 400, message)
    assert error.fields == {"Region": "us-east-1"}


@pytest.mark.parametrize("authorization", ["Bearer token", "AWS4-HMAC-SHA25 Credential=a", "AWS4"])
def test_another_way_to_sign(authorization: str) -> None:
    error = refused(received("GET", f"http://{HOST}/", [("Authorization", authorization)]), "s3")
    assert said(error) == ("InvalidArgument", 400, "Unsupported Authorization Type")
    assert error.fields == {"ArgumentName": "Authorization", "ArgumentValue": authorization}


def test_signed_twice(put: Request, url: Request) -> None:
    error = refused(changed(put, target=url.target), "s3")
    assert error.code == "InvalidArgument"
    assert error.message.startswith("Only one auth mechanism allowed; ")


@pytest.mark.parametrize("date", [None, "yesterday", ""])
def test_without_a_date(put: Request, date: str | None) -> None:
    error = refused(changed(put, headers={"x-amz-date": date}), "s3")
    assert said(error) == ("AccessDenied", 403, "AWS authentication requires a valid Date or x-amz-date header")


def test_the_header_with_the_hash_must_be_there(put: Request) -> None:
    error = refused(changed(put, headers={"x-amz-content-sha256": None}), "s3")
    message = "Missing required header for this request: x-amz-content-sha256"
    assert said(error) == ("InvalidRequest", 400, message)
    for value in ("nothing", "STREAMING", "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"):
        error = refused(changed(put, headers={"x-amz-content-sha256": value}), "s3")
        assert error.code == "InvalidArgument"
        assert error.fields == {"ArgumentName": "x-amz-content-sha256", "ArgumentValue": value}


def test_headers_of_amazon_must_be_signed(put: Request) -> None:
    error = refused(changed(put, headers={"x-amz-acl": "public-read", "X-Amz-Grant-Read": "id=x"}), "s3")
    message = "There were headers present in the request which were not signed"
    assert said(error) == ("AccessDenied", 403, message)
    assert error.fields == {"HeadersNotSigned": "x-amz-acl, x-amz-grant-read"}
    assert refused(edited(put, "host;", ""), "s3").fields == {"HeadersNotSigned": "host"}
    judged(changed(put, headers={"content-language": "eu"}), "s3")


def test_the_token(put: Request, url: Request) -> None:
    for request in (put, url):
        error = refused(request, "s3", token=TOKEN)
        assert said(error)[:2] == ("InvalidAccessKeyId", 403)
        assert error.fields == {"AWSAccessKeyId": ACCESS_KEY}
    with_token = sent(S3SigV4Auth(SESSION, "s3", REGION), AWSRequest("GET", f"http://{HOST}/"))
    judged(with_token, "s3", token=TOKEN)
    error = refused(with_token, "s3", token="another")
    assert said(error)[:2] == ("InvalidToken", 400)
    assert error.fields == {"Token-0": TOKEN}


# version 4 in the query


@given(methods, st.one_of(paths, dotted), queries, st.binary(max_size=8))
def test_what_botocore_presigns_holds(method: str, path: str, query: str, body: bytes) -> None:
    request = sent(S3SigV4QueryAuth(SESSION, "s3", REGION), AWSRequest(method, f"http://{HOST}{path}?{query}"))
    judged(changed(request, body=Body(body)), "s3", token=TOKEN)


def test_the_presigned_example_of_the_documentation() -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html"""
    request = received(
        "GET",
        "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256"
        f"&X-Amz-Credential={ACCESS_KEY}%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z"
        "&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
        "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404",
        [],
    )
    judged(request, "s3", region="us-east-1", now=(EXAMPLE_TIME or 0) + 86400)


def test_the_hash_may_stand_in_the_query() -> None:
    """The SDK for JavaScript puts it there."""
    unsigned = AWSRequest("PUT", f"http://{HOST}/b/k?X-Amz-Content-Sha256=UNSIGNED-PAYLOAD")
    judged(changed(sent(S3SigV4QueryAuth(KEY, "s3", REGION), unsigned), body=Body(b"any")), "s3")


def test_a_presigned_request_expires(url: Request) -> None:
    signature = read(url, "s3")
    assert signature
    assert signature.begins
    assert signature.ends == signature.begins + 600
    judged(url, "s3", now=signature.ends)
    error = refused(url, "s3", now=signature.ends + 1)
    assert said(error) == ("AccessDenied", 403, "Request has expired")

    def iso(seconds: float) -> str:
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))

    assert error.fields == {
        "X-Amz-Expires": "600",
        "Expires": iso(signature.ends),
        "ServerTime": iso(signature.ends + 1),
    }
    error = refused(url, "s3", now=signature.begins - 901)
    assert said(error) == ("AccessDenied", 403, "Request is not yet valid")
    assert error.fields == {"X-Amz-Date": signature.timestamp, "ServerTime": iso(signature.begins - 901)}


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
        ("X-Amz-Algorithm", "AWS4", 'X-Amz-Algorithm only supports "AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256"'),
        (
            "X-Amz-SignedHeaders",
            "",
            "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, "
            "X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.",
        ),
    ],
)
def test_malformed_parameters(url: Request, parameter: str, value: str, message: str) -> None:
    spoiled = changed(url, target=re.sub(f"{parameter}=[^&]*", f"{parameter}={value}", url.target))
    assert said(refused(spoiled, "s3")) == ("AuthorizationQueryParametersError", 400, message)


def test_another_region_in_the_query(url: Request) -> None:
    error = refused(url, "s3", region="us-east-1")
    message = f"Error parsing the X-Amz-Credential parameter; the region '{REGION}' is wrong; expecting 'us-east-1'"
    assert said(error) == ("AuthorizationQueryParametersError", 400, message)
    assert error.fields == {"Region": "us-east-1"}


def test_whatever_of_a_url_is_changed(url: Request) -> None:
    for target in (
        url.target.replace("/key", "/yek"),
        url.target.replace("Expires=600", "Expires=601"),
        f"{url.target}&acl",
        f"{url.target}&x-amz-acl=public-read",
    ):
        assert refused(changed(url, target=target), "s3").code == "SignatureDoesNotMatch"
    assert refused(changed(url, method="PUT"), "s3").code == "SignatureDoesNotMatch"
    assert refused(changed(url, headers={"x-amz-meta-wrong": "1"}), "s3").fields == {
        "HeadersNotSigned": "x-amz-meta-wrong"
    }
    value = url.target.rpartition("=")[2]
    for bit in range(256):
        spoiled = f"{int(value, 16) ^ (1 << bit):064x}"
        refused(changed(url, target=url.target.replace(value, spoiled)), "s3")
