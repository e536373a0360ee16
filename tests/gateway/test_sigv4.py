"""Signature version 4 of all services but S3, and SigV4a: the vectors of AWS, botocore's signers, awscrt's."""

from __future__ import annotations

import hmac
import os
import time
from pathlib import Path

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.signing import (
    ACCESS_KEY,
    HOST,
    KEY,
    REGION,
    SECRET,
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
from hodei.kernel.signatures import canonical, check, read, verify
from hodei.kernel.signatures.keys import signing_key
from hodei.kernel.signatures.signature import moment
from hodei.protocol.http import Body, Request

pytestmark = pytest.mark.feature("iam.sigv4")

ROOT = Path(os.environ.get("HODEI_VECTORS") or Path(__file__).parents[3] / "shared" / "vectors") / "sigv4"
needs_vectors = pytest.mark.skipif(not ROOT.is_dir(), reason=f"no test vectors in {ROOT} (set HODEI_VECTORS)")
VECTORS = sorted(ROOT.rglob("*.req"))
VECTOR_SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
SIGNED_WITHOUT_THE_TOKEN = "get-vanilla-with-session-token"  # its signature is that of get-vanilla: it cannot hold


def parsed(text: str) -> Request:
    """A request as the suite writes it: raw UTF-8 in the path, folded headers."""
    head, _, body = text.partition("\n\n")
    first, *lines = head.split("\n")
    method, _, rest = first.partition(" ")
    target = rest.rpartition(" ")[0].encode().decode("latin-1")
    pairs: list[tuple[str, str]] = []
    for line in lines:
        if line[0].isspace():
            pairs[-1] = (pairs[-1][0], f"{pairs[-1][1]}\n{line}")
        else:
            name, _, value = line.partition(":")
            pairs.append((name, value))
    return Request(method, target, received(method, "", pairs).headers, Body(body.encode()))


# the vectors


@needs_vectors
@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_the_vectors_of_aws(path: Path) -> None:
    """Their canonical requests, strings to sign and signatures, made and verified."""
    request = parsed(path.with_suffix(".sreq").read_text())
    signature = read(request, "service")
    assert signature
    assert signature.access_key == "AKIDEXAMPLE"
    check(signature, request, now=moment("20150830T123600Z") or 0, region="us-east-1")
    assert request.body.data is not None
    form = canonical.canonical_request(
        request,
        signature.dialect.path(canonical.raw_path(request)),
        signature.headers,
        canonical.sha256(request.body.data),
        (),
    )
    assert form == path.with_suffix(".creq").read_text()
    text = signature.string_to_sign(canonical.sha256(form.encode()))
    assert text == path.with_suffix(".sts").read_text()
    made = hmac.digest(signing_key(VECTOR_SECRET, "20150830", "us-east-1", "service"), text.encode(), "sha256").hex()
    if path.stem == SIGNED_WITHOUT_THE_TOKEN:
        assert made != signature.value
        return
    assert path.with_suffix(".authz").read_text().endswith(f"Signature={made}")
    verify(signature, request, VECTOR_SECRET, request.body.data, token=request.headers.get("x-amz-security-token"))


@needs_vectors
def test_there_are_vectors() -> None:
    assert len(VECTORS) > 30


# botocore's signers


def signed(credentials: Credentials = KEY, service: str = "sqs", body: bytes = b'{"QueueUrl": "q"}') -> Request:
    request = AWSRequest("POST", f"http://{HOST}/", headers={"X-Amz-Target": "AmazonSQS.SendMessage"}, data=body)
    return sent(SigV4Auth(credentials, service, REGION), request)


def presigned(credentials: Credentials = KEY, service: str = "sts") -> Request:
    request = AWSRequest("GET", f"http://{HOST}/?Action=GetCallerIdentity&Version=2011-06-15")
    return sent(SigV4QueryAuth(credentials, service, REGION, expires=60), request)


@given(methods, st.one_of(paths, dotted), queries, headers, st.binary(max_size=64))
def test_what_botocore_signs_in_the_header_holds(
    method: str, path: str, query: str, fields: dict[str, str], body: bytes
) -> None:
    request = AWSRequest(method, f"http://{HOST}{path}?{query}", headers=fields, data=body)
    judged(sent(SigV4Auth(KEY, "sqs", REGION), request), "sqs")


@given(paths, queries)
def test_what_botocore_signs_in_the_query_holds(path: str, query: str) -> None:
    request = AWSRequest("GET", f"http://{HOST}{path}?{query}")
    judged(sent(SigV4QueryAuth(SESSION, "sts", REGION), request), "sts", token=TOKEN)


def test_repeated_parameters_and_headers_are_signed_in_order() -> None:
    request = AWSRequest("GET", f"http://{HOST}/?b=2&a=3&b=1&a=&c")
    request.headers["My-Header"] = " one "
    request.headers.add_header("My-Header", "two   words")
    SigV4Auth(KEY, "sqs", REGION).add_auth(request)
    arrived = received("GET", request.url, list(request.headers.items()))
    judged(arrived, "sqs")
    refused(changed(arrived, target="/?b=2&a=3&b=1&a=&c=1"), "sqs")
    turned = [*[pair for pair in arrived.headers.raw if pair[0] != "My-Header"], ("my-header", "two words, one")]
    refused(received("GET", f"http://{HOST}{arrived.target}", turned), "sqs")


def test_headers_that_no_client_signs_may_change_on_the_way() -> None:
    judged(changed(signed(), headers={"user-agent": "a proxy's", "x-amzn-trace-id": "Root=1"}), "sqs")


def test_an_operation_with_an_unsigned_payload_takes_both() -> None:
    request = AWSRequest("POST", f"https://{HOST}/", data=b"body")
    request.context["payload_signing_enabled"] = False
    arrived = sent(SigV4Auth(KEY, "mediastore", REGION), request)
    judged(arrived, "mediastore", may_be_unsigned=True)
    judged(signed(service="mediastore"), "mediastore", may_be_unsigned=True)
    assert refused(arrived, "mediastore").code == "SignatureDoesNotMatch"


def test_the_token_of_an_iot_url_is_added_once_it_is_signed() -> None:
    request = sent(SigV4QueryAuth(KEY, "iotdevicegateway", REGION), AWSRequest("GET", f"http://{HOST}/mqtt"))
    request = changed(request, target=f"{request.target}&X-Amz-Security-Token=a%2Fsession%2Btoken%3D%3D")
    judged(request, "iotdevicegateway", token=TOKEN)


# SigV4a


def asymmetric(region_set: str, *, presign: bool = False, s3: bool = False) -> Request:
    auth = pytest.importorskip("botocore.crt.auth")
    kind = (
        (auth.CrtS3SigV4AsymQueryAuth if s3 else auth.CrtSigV4AsymQueryAuth)
        if presign
        else (auth.CrtS3SigV4AsymAuth if s3 else auth.CrtSigV4AsymAuth)
    )
    body = b"" if presign else b"body"
    request = AWSRequest(
        "PUT", f"http://{HOST}/a%20b/c?d=e%2F&f", data=body, headers={"X-Amz-Meta-A": "b"} if not presign else {}
    )
    return sent(kind(SESSION, "s3" if s3 else "events", region_set), request)


@pytest.mark.parametrize("s3", [False, True])
@pytest.mark.parametrize("presign", [False, True])
def test_what_awscrt_signs_asymmetrically_holds(presign: bool, s3: bool) -> None:
    service = "s3" if s3 else "events"
    request = asymmetric("eu-west-1,us-*", presign=presign, s3=s3)
    for region in ("eu-west-1", "us-west-2"):
        judged(request, service, region=region, token=TOKEN)
    assert "region" in refused(request, service, region="eu-west-2", token=TOKEN).message
    assert refused(request, service, secret="another", token=TOKEN).code == "SignatureDoesNotMatch"
    refused(changed(request, target=f"{request.target}&more"), service, token=TOKEN)
    refused(changed(request, method="DELETE"), service, token=TOKEN)


@settings(max_examples=20, deadline=None)
@given(st.text(min_size=1, max_size=40, alphabet=st.characters(min_codepoint=33, max_codepoint=126)))
def test_the_key_pair_follows_from_any_secret(secret: str) -> None:
    auth = pytest.importorskip("botocore.crt.auth")
    signer = auth.CrtSigV4AsymAuth(Credentials(ACCESS_KEY, secret), "events", "*")
    judged(sent(signer, AWSRequest("GET", f"http://{HOST}/")), "events", secret=secret)


@pytest.mark.parametrize("value", ["", "00", "zz", "3006020101020101", "30" * 70])
def test_what_is_no_signature_of_the_curve_is_refused(value: str) -> None:
    request = asymmetric("*")
    spoiled = request.headers.get("authorization").rpartition("=")[0] + f"={value}"
    refused(changed(request, headers={"authorization": spoiled}), "events", token=TOKEN)


# what is not signed so


def test_each_bit_of_the_signature_counts() -> None:
    request = signed()
    head, _, value = request.headers.get("authorization").rpartition("=")
    digest = int(value, 16)
    for bit in range(256):
        spoiled = f"{head}={digest ^ (1 << bit):064x}"
        assert refused(changed(request, headers={"authorization": spoiled}), "sqs").code == "SignatureDoesNotMatch"
    for length in range(64):
        assert refused(changed(request, headers={"authorization": f"{head}={value[:length]}"}), "sqs")
    for other in (value.upper(), value + "0", value[::-1], "é" * 64):
        assert refused(changed(request, headers={"authorization": f"{head}={other}"}), "sqs")


@given(st.data())
def test_whatever_of_the_request_is_changed(data: st.DataObject) -> None:
    request = signed()
    body = request.body.data
    assert body
    what = data.draw(st.sampled_from(["body", "method", "path", "query", "header", "date", "host", "secret"]))
    if what == "body":
        place = data.draw(st.integers(0, len(body) * 8 - 1))
        flipped = bytearray(body)
        flipped[place // 8] ^= 1 << place % 8
        request = changed(request, body=Body(bytes(flipped)))
    elif what == "method":
        request = changed(request, method="PUT")
    elif what in ("path", "query"):
        extra = data.draw(st.text("abc/%2F", min_size=1).filter(lambda text: text.strip("/")))
        request = changed(request, target=f"/{extra}" if what == "path" else f"/?{extra}")
    elif what in ("header", "host"):
        name = "host" if what == "host" else "x-amz-target"
        request = changed(request, headers={name: data.draw(st.sampled_from([None, "", "other", "evil.example"]))})
    elif what == "date":
        before = moment(request.headers.get("x-amz-date"))
        assert before
        moved = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(before + data.draw(st.sampled_from([-60, -1, 1, 60]))))
        request = changed(request, headers={"x-amz-date": moved})
    secret = SECRET + "x" if what == "secret" else SECRET
    assert refused(request, "sqs", secret=secret).code == "SignatureDoesNotMatch"


def test_a_parameter_of_a_presigned_request_cannot_be_changed() -> None:
    request = presigned()
    judged(request, "sts")
    for old, new in (("GetCallerIdentity", "AssumeRole"), ("Expires=60", "Expires=61"), ("Version=", "x=1&Version=")):
        assert old in request.target
        assert refused(changed(request, target=request.target.replace(old, new)), "sts")
    refused(changed(request, method="POST"), "sts")
    refused(changed(request, body=Body(b"Action=AssumeRole")), "sts")


# session tokens


@pytest.mark.parametrize("make", [signed, presigned])
def test_the_token_must_be_that_of_the_credentials(make: object) -> None:
    service = "sqs" if make is signed else "sts"
    with_token, without = make(SESSION), make(KEY)  # type: ignore[operator]
    judged(with_token, service, token=TOKEN)
    for request, token in ((with_token, ""), (with_token, "another"), (without, TOKEN)):
        error = refused(request, service, token=token)
        assert (error.code, error.message, error.status) == (
            "InvalidClientTokenId",
            "The security token included in the request is invalid.",
            403,
        )


def test_a_token_added_once_it_is_signed_will_do() -> None:
    judged(changed(signed(), headers={"x-amz-security-token": TOKEN}), "sqs", token=TOKEN)
