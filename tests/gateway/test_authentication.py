"""Keys that IAM has issued: their signatures are verified, in every way that SDKs sign."""

from __future__ import annotations

import io
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from hodei.protocol.http import Body, Headers, Request
from hodei.testing import Cloud

pytestmark = pytest.mark.feature("iam.sigv4")


@pytest.fixture
def keys(cloud: Cloud) -> dict[str, str]:
    """Those of a user who may do everything."""
    iam = cloud.client("iam")
    iam.create_user(UserName="bob")
    iam.attach_user_policy(UserName="bob", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    key = iam.create_access_key(UserName="bob")["AccessKey"]
    return {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}


def code(call: Any, **params: Any) -> tuple[str, int]:
    with pytest.raises(ClientError) as refused:
        call(**params)
    response = refused.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


CALLS = {
    "dynamodb": ("list_tables", ("InvalidSignatureException", 400), ("UnrecognizedClientException", 400)),
    "sqs": ("list_queues", ("InvalidSignatureException", 400), ("UnrecognizedClientException", 400)),
    "sts": ("get_caller_identity", ("SignatureDoesNotMatch", 403), ("InvalidClientTokenId", 403)),
    "iam": ("list_users", ("SignatureDoesNotMatch", 403), ("InvalidClientTokenId", 403)),
    "s3": ("list_buckets", ("SignatureDoesNotMatch", 403), ("InvalidAccessKeyId", 403)),
}


@pytest.mark.parametrize("service", CALLS)
def test_a_secret_that_is_not_the_keys_is_refused(cloud: Cloud, keys: dict[str, str], service: str) -> None:
    operation, wrong, gone = CALLS[service]
    client = cloud.client(service, **keys)
    getattr(client, operation)()
    forged = cloud.client(service, **{**keys, "aws_secret_access_key": keys["aws_secret_access_key"][:-1]})
    assert code(getattr(forged, operation)) == wrong
    token = cloud.client(service, **keys, aws_session_token="of somebody else")
    assert code(getattr(token, operation))[0] in (gone[0], "InvalidToken")
    cloud.client("iam").update_access_key(UserName="bob", AccessKeyId=keys["aws_access_key_id"], Status="Inactive")
    assert code(getattr(client, operation)) == gone


def test_who_a_key_is_of(cloud: Cloud, keys: dict[str, str]) -> None:
    answer = cloud.client("sts", **keys).get_caller_identity()
    assert answer["Arn"] == "arn:aws:iam::000000000000:user/bob"
    assert answer["UserId"].startswith("AIDA")
    assert answer["Account"] == "000000000000"


@pytest.mark.parametrize("options", [{}, {"payload_signing_enabled": True}, {"addressing_style": "path"}])
@pytest.mark.parametrize("size", [10, 300_000])
def test_s3_bodies_of_every_kind(cloud: Cloud, keys: dict[str, str], options: dict[str, Any], size: int) -> None:
    s3 = cloud.client("s3", **keys, config=Config(s3=options))
    s3.create_bucket(Bucket="bucket")
    body = b"x" * size
    s3.put_object(Bucket="bucket", Key="a b/ü+=", Body=body)
    s3.upload_fileobj(io.BytesIO(body), "bucket", "stream")
    assert s3.get_object(Bucket="bucket", Key="a b/ü+=")["Body"].read() == body
    assert s3.head_object(Bucket="bucket", Key="stream")["ContentLength"] == size


def get(cloud: Cloud, url: str) -> tuple[int, bytes]:
    parts = urlsplit(url)
    request = Request("GET", f"{parts.path}?{parts.query}", Headers([("host", parts.netloc)]), Body())
    response = cloud.send(request)
    assert isinstance(response.body, bytes)
    return response.status, response.body


@pytest.mark.parametrize("version", ["s3v4", "s3"])
def test_presigned_requests_hold_for_their_time(cloud: Cloud, keys: dict[str, str], version: str) -> None:
    s3 = cloud.client("s3", **keys, config=Config(signature_version=version))
    s3.create_bucket(Bucket="bucket")
    s3.put_object(Bucket="bucket", Key="k", Body=b"hello")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": "bucket", "Key": "k"}, ExpiresIn=600)
    assert get(cloud, url) == (200, b"hello")
    status, body = get(cloud, url.replace("Signature=", "Signature=a"))
    assert (status, b"SignatureDoesNotMatch" in body) == (403, True)
    cloud.clock.advance(minutes=11)
    status, body = get(cloud, url)
    assert (status, b"Request has expired" in body) == (403, True)


def test_strict_clouds_know_only_keys_that_they_issued(cloud: Cloud, keys: dict[str, str]) -> None:
    cloud.world.strict_auth = True
    assert code(cloud.client("sqs").list_queues) == ("UnrecognizedClientException", 400)
    assert code(cloud.client("s3").list_buckets) == ("InvalidAccessKeyId", 403)
    cloud.client("sqs", **keys).list_queues()


@pytest.mark.parametrize("service", CALLS)
def test_a_deleted_key_is_nobodys(cloud: Cloud, keys: dict[str, str], service: str) -> None:
    """And not, as a key that was never issued, the root's."""
    operation, _, gone = CALLS[service]
    client = cloud.client(service, **keys)
    cloud.client("iam").delete_access_key(UserName="bob", AccessKeyId=keys["aws_access_key_id"])
    assert code(getattr(client, operation)) == gone


def test_a_session_that_nobody_remembers_is_nobodys(cloud: Cloud, keys: dict[str, str]) -> None:
    given = cloud.client("sts", **keys).get_session_token()["Credentials"]
    session = {
        "aws_access_key_id": given["AccessKeyId"],
        "aws_secret_access_key": given["SecretAccessKey"],
        "aws_session_token": given["SessionToken"],
    }
    client = cloud.client("sqs", **session)
    client.list_queues()
    cloud.clock.advance(days=400)
    assert code(client.list_queues) == ("UnrecognizedClientException", 400)
