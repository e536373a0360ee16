"""What services other than S3 answer to signatures that are malformed, late, or meant for something else."""

from __future__ import annotations

import re
import time

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest

from gateway.signing import ACCESS_KEY, HOST, KEY, REGION, changed, judged, received, refused, sent
from hodei.kernel.errors import AwsError
from hodei.kernel.signatures import read
from hodei.kernel.signatures.signature import moment
from hodei.protocol.http import Request

pytestmark = pytest.mark.feature("iam.sigv4")

HASHED = re.compile(r"[A-Za-z0-9+/]{43}=")


@pytest.fixture
def request_() -> Request:
    return sent(SigV4Auth(KEY, "sqs", REGION), AWSRequest("POST", f"http://{HOST}/queue", data=b"{}"))


@pytest.fixture
def presigned() -> Request:
    return sent(SigV4QueryAuth(KEY, "sts", REGION), AWSRequest("GET", f"http://{HOST}/?Action=GetCallerIdentity"))


def said(error: AwsError) -> tuple[str, int | None, str]:
    return error.code, error.status, error.message


def edited(request: Request, old: str, new: str) -> Request:
    authorization = request.headers.get("authorization")
    assert old in authorization
    return changed(request, headers={"authorization": authorization.replace(old, new)})


def test_what_is_not_signed() -> None:
    assert read(received("GET", f"http://{HOST}/?Action=x", []), "sts") is None


# the header


@pytest.mark.parametrize(
    ("authorization", "missing"),
    [
        ("AWS4-HMAC-SHA256", ["Credential", "Signature", "SignedHeaders"]),
        ("Basic QTpC=", ["Credential", "Signature", "SignedHeaders"]),
        ("AWS4-HMAC-SHA256 Credential=a/b/c/d/e", ["Signature", "SignedHeaders"]),
        ("AWS4-HMAC-SHA256 Signature=0, SignedHeaders=host", ["Credential"]),
        ("AWS4-HMAC-SHA256 Credential=, Signature=0, SignedHeaders=host", ["Credential"]),
        ("AWS4-HMAC-SHA256 credential=a, Signature=0, SignedHeaders=host", ["Credential"]),
    ],
)
@pytest.mark.parametrize("dated", [True, False])
def test_parameters_that_are_missing(authorization: str, missing: list[str], dated: bool) -> None:
    headers = [("Authorization", authorization), *([("X-Amz-Date", "20260101T000000Z")] if dated else [])]
    code, status, message = said(refused(received("POST", f"http://{HOST}/", headers), "sqs"))
    texts = [f"Authorization header requires '{name}' parameter." for name in missing]
    if not dated:
        texts.append("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
    hashed = "(Hashed with SHA-256 and encoded with Base64) Authorization="
    assert (code, status) == ("IncompleteSignature", 400)
    assert HASHED.sub("", message) == f"{' '.join(texts)} {hashed}"


@pytest.mark.parametrize(
    "authorization", ["Bearer token", "AWS4-HMAC-SHA256 Credential", "AWS4-HMAC-SHA256 Credential=a b/c"]
)
def test_what_is_no_parameter(authorization: str) -> None:
    request = received("POST", f"http://{HOST}/", [("Authorization", authorization)])
    code, status, message = said(refused(request, "sqs"))
    assert (code, status) == ("IncompleteSignature", 400)
    assert HASHED.sub("<hash>", message) == (
        "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with "
        "Base64): '<hash>'."
    )


@pytest.mark.parametrize("between", [",", " ", ",\t ", " , "])
def test_parameters_may_be_separated_as_you_like(request_: Request, between: str) -> None:
    judged(edited(request_, ", ", between), "sqs")


def test_parameters_may_stand_in_any_order(request_: Request) -> None:
    algorithm, _, rest = request_.headers.get("authorization").partition(" ")
    turned = ", ".join(reversed(rest.split(", ")))
    judged(changed(request_, headers={"authorization": f"{algorithm} {turned}"}), "sqs")


def test_an_algorithm_that_is_none(request_: Request) -> None:
    error = refused(edited(request_, "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA512"), "sqs")
    assert error.code == "IncompleteSignature"


@pytest.mark.parametrize("inserted", ["x/", "/"])
def test_a_credential_of_too_many_parts(request_: Request, inserted: str) -> None:
    error = refused(edited(request_, f"{ACCESS_KEY}/", f"{ACCESS_KEY}/{inserted}"), "sqs")
    day = time.strftime("%Y%m%d", time.gmtime())
    assert said(error) == (
        "IncompleteSignature",
        400,
        "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got "
        f"'{ACCESS_KEY}/{inserted}{day}/{REGION}/sqs/aws4_request'",
    )


@pytest.mark.parametrize(
    "date", ["yesterday", "2026-01-01T00:00:00Z", "20260101T000000", "20261301T000000Z", "\uff120260101T000000Z"]
)
def test_a_date_of_another_form(request_: Request, date: str) -> None:
    assert said(refused(changed(request_, headers={"x-amz-date": date}), "sqs")) == (
        "IncompleteSignature",
        400,
        f"Date must be in ISO-8601 'basic format'. Got '{date}'. See http://en.wikipedia.org/wiki/ISO_8601",
    )


def test_the_date_header_will_do() -> None:
    """As an HTTP date. It is signed in the basic format all the same."""
    request = AWSRequest("GET", f"http://{HOST}/")
    request.headers["Date"] = "now"  # botocore replaces it
    arrived = sent(SigV4Auth(KEY, "sqs", REGION), request)
    assert "x-amz-date" not in arrived.headers
    assert arrived.headers.get("date")[3] == ","
    judged(arrived, "sqs")
    assert "Date must be" in refused(changed(arrived, headers={"date": "soon"}), "sqs").message


# the scope


@pytest.mark.parametrize(
    ("service", "region", "message"),
    [
        ("sns", REGION, "Credential should be scoped to correct service: 'sns'. "),
        ("sqs", "us-east-1", "Credential should be scoped to a valid region. "),
        (
            "sns",
            "us-east-1",
            "Credential should be scoped to a valid region. Credential should be scoped to correct service: 'sns'. ",
        ),
    ],
)
def test_another_region_or_service(request_: Request, service: str, region: str, message: str) -> None:
    assert said(refused(request_, service, region=region)) == ("SignatureDoesNotMatch", 403, message)


def test_an_endpoint_of_no_region_takes_any(request_: Request) -> None:
    judged(request_, "sqs", region="")


def test_another_terminator(request_: Request) -> None:
    error = refused(edited(request_, "aws4_request", "aws5_request"), "sqs")
    assert said(error)[:2] == ("SignatureDoesNotMatch", 403)
    assert "terminator" in error.message


@pytest.mark.parametrize("day", ["20150830", "2015", ""])
def test_another_day(request_: Request, day: str) -> None:
    timestamp = request_.headers.get("x-amz-date")
    error = refused(edited(request_, f"/{timestamp[:8]}/", f"/{day}/"), "sqs")
    assert said(error) == (
        "SignatureDoesNotMatch",
        403,
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
        f"'{day}' != '{timestamp[:8]}', from '{timestamp}'.",
    )


def test_the_host_must_be_signed(request_: Request) -> None:
    assert said(refused(edited(request_, "host;", ""), "sqs")) == (
        "SignatureDoesNotMatch",
        403,
        "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
    )


def test_a_signed_header_that_was_not_sent(request_: Request) -> None:
    error = refused(edited(request_, "host;", "host;my-header;"), "sqs")
    assert "\nmy-header:\n" in error.message


# the time


def test_a_quarter_of_an_hour_late(request_: Request) -> None:
    signed = moment(request_.headers.get("x-amz-date"))
    assert signed
    judged(request_, "sqs", now=signed + 900)
    judged(request_, "sqs", now=signed - 900)
    late, early = refused(request_, "sqs", now=signed + 901), refused(request_, "sqs", now=signed - 901)

    def at(offset: int) -> str:
        return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(signed + offset))

    assert said(late) == (
        "SignatureDoesNotMatch",
        403,
        f"Signature expired: {at(0)} is now earlier than {at(1)} ({at(901)} - 15 min.)",
    )
    assert said(early) == (
        "SignatureDoesNotMatch",
        403,
        f"Signature not yet current: {at(0)} is still later than {at(-1)} ({at(-901)} + 15 min.)",
    )


def test_a_presigned_request_holds_as_long(presigned: Request) -> None:
    now = time.time()
    judged(presigned, "sts", now=now + 890)
    assert "Signature expired" in refused(presigned, "sts", now=now + 910).message


# the query


@pytest.mark.parametrize("names", [["X-Amz-Credential"], ["X-Amz-Algorithm", "X-Amz-Date"], ["X-Amz-SignedHeaders"]])
def test_query_parameters_that_are_missing(presigned: Request, names: list[str]) -> None:
    target = presigned.target
    for name in names:
        target = re.sub(f"&{name}=[^&]*", "", target)
    reasons = " ".join(f"AWS query-string parameters must include '{name}'." for name in names)
    assert said(refused(changed(presigned, target=target), "sts")) == (
        "IncompleteSignature",
        400,
        f"{reasons} Re-examine the query-string parameters.",
    )


# the mismatch


def test_what_should_have_been_signed(request_: Request) -> None:
    """Body of 2 bytes, one signed header more than a client must sign."""
    timestamp = request_.headers.get("x-amz-date")
    error = refused(request_, "sqs", secret="another")
    pattern = (
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access "
        "Key and signing method. Consult the service documentation for details.\n\n"
        "The Canonical String for this request should have been\n'POST\n/queue\n\n"
        f"host:{HOST}\nx-amz-date:{timestamp}\n\nhost;x-amz-date\n"
        "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a'\n\n"
        f"The String-to-Sign should have been\n'AWS4-HMAC-SHA256\n{timestamp}\n{timestamp[:8]}/{REGION}/sqs/aws4_request\n"
        "[0-9a-f]{64}'\n"
    )
    assert said(error)[:2] == ("SignatureDoesNotMatch", 403)
    assert re.fullmatch(pattern, error.message)
