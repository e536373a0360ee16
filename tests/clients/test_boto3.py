"""boto3 and botocore with the settings that people have, over a real socket."""

from __future__ import annotations

import hashlib
import io
import urllib.request
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

from hostile.process import Process

pytestmark = [pytest.mark.socket, pytest.mark.feature("s3.objects")]

Connect = Callable[..., Any]
MB = 2**20
DATA = bytes(range(256)) * (12 * MB // 256)
THREADS = TransferConfig(multipart_threshold=5 * MB, multipart_chunksize=5 * MB, max_concurrency=4)


def write(s3: Any, bucket: str, browse: Callable[[str], Any] = urllib.request.urlopen) -> None:
    """A life of a bucket that every configuration of a client has to manage."""
    s3.create_bucket(Bucket=bucket)
    key = "dir/ä +%2F&='.txt"
    etag = s3.put_object(Bucket=bucket, Key=key, Body=b"hello", Metadata={"who": "me"})["ETag"]
    assert etag == f'"{hashlib.md5(b"hello").hexdigest()}"'
    got = s3.get_object(Bucket=bucket, Key=key, Range="bytes=1-")
    assert (got["Body"].read(), got["Metadata"], got["ResponseMetadata"]["HTTPStatusCode"]) == (
        b"ello",
        {"who": "me"},
        206,
    )
    s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": key})
    assert [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["copy", key]
    url = s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": key})
    with browse(url) as answer:
        assert answer.read() == b"hello"
    gone = {"Objects": [{"Key": "copy"}, {"Key": key}]}
    assert len(s3.delete_objects(Bucket=bucket, Delete=gone)["Deleted"]) == 2
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.get_object(Bucket=bucket, Key=key)
    s3.delete_bucket(Bucket=bucket)


@pytest.mark.parametrize("style", ["path", "virtual", "auto"])
@pytest.mark.parametrize("signature", ["s3", "s3v4"])
def test_signatures_and_addresses(server: Process, connect: Connect, named: None, signature: str, style: str) -> None:
    url = f"http://s3.localhost:{server.port}"
    s3 = connect("s3", url=url, signature_version=signature, s3={"addressing_style": style})
    hosts = []
    s3.meta.events.register("before-send.s3", lambda request, **_: hosts.append(request.url.split("/")[2]))
    write(s3, f"boto3-{signature}-{style}")
    assert any(host.startswith("boto3-") for host in hosts) == (style == "virtual")


@pytest.mark.parametrize("base", ["localhost", "s3.localhost", "s3.us-west-2.localhost"])
def test_a_bucket_before_the_host(server: Process, connect: Connect, named: None, base: str) -> None:
    write(connect("s3", url=f"http://{base}:{server.port}", s3={"addressing_style": "virtual"}), "boto3-virtual")


@pytest.mark.parametrize("when", ["when_required", "when_supported"])
@pytest.mark.parametrize("signed", [False, True])
def test_checksums_and_signed_payloads(connect: Connect, when: str, signed: bool) -> None:
    settings = {"request_checksum_calculation": when, "response_checksum_validation": when}
    s3 = connect("s3", **settings, s3={"payload_signing_enabled": signed})
    write(s3, f"boto3-{when.replace('_', '-')}-{signed}".lower())


@pytest.mark.parametrize("algorithm", ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"])
def test_streams_with_trailing_checksums(connect: Connect, authority: str, server: Process, algorithm: str) -> None:
    """Over HTTPS botocore signs no payload: it sends aws-chunked with the checksum behind the body."""
    for s3 in (connect("s3"), connect("s3", url=f"https://localhost:{server.port}", verify=authority)):
        bucket = f"boto3-trailers-{algorithm.lower()}"
        s3.create_bucket(Bucket=bucket)
        s3.put_object(Bucket=bucket, Key="k", Body=io.BytesIO(DATA), ChecksumAlgorithm=algorithm)
        got = s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
        assert got["Body"].read() == DATA  # botocore compares the checksum
        assert got[f"Checksum{algorithm}"]


@pytest.mark.parametrize("secure", [False, True], ids=["http", "https"])
def test_transfers_in_threads(connect: Connect, server: Process, authority: str, secure: bool) -> None:
    s3 = connect("s3", url=server.url.replace("http:", "https:"), verify=authority) if secure else connect("s3")
    s3.create_bucket(Bucket="boto3-transfers")
    told: list[int] = []
    s3.upload_fileobj(io.BytesIO(DATA), "boto3-transfers", "big", Config=THREADS, Callback=told.append)
    assert sum(told) == len(DATA)
    back = io.BytesIO()
    s3.download_fileobj("boto3-transfers", "big", back, Config=THREADS)
    assert back.getvalue() == DATA
    assert s3.head_object(Bucket="boto3-transfers", Key="big")["ETag"].endswith('-3"')
    s3.copy({"Bucket": "boto3-transfers", "Key": "big"}, "boto3-transfers", "copy", Config=THREADS)
    assert s3.get_object(Bucket="boto3-transfers", Key="copy", Range="bytes=-3")["Body"].read() == DATA[-3:]


def test_resources(server: Process, connect: Connect) -> None:
    s3 = boto3.resource(
        "s3",
        endpoint_url=server.url,
        region_name="eu-west-1",
        aws_access_key_id="111122223333",
        aws_secret_access_key="any",
    )
    bucket = s3.create_bucket(Bucket="boto3-resources", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    bucket.wait_until_exists()
    for n in range(1, 13):
        bucket.put_object(Key=f"dir{n % 2}/{n}", Body=b"x" * n)
    assert sum(item.size for item in bucket.objects.page_size(5)) == 78
    assert {item.key for item in bucket.objects.filter(Prefix="dir1/").limit(3)} == {"dir1/1", "dir1/11", "dir1/3"}
    entry = s3.Object("boto3-resources", "dir0/2")
    entry.wait_until_exists()
    assert (entry.content_length, entry.get()["Body"].read()) == (2, b"xx")
    entry.copy_from(CopySource="boto3-resources/dir1/5", MetadataDirective="REPLACE", Metadata={"n": "5"})
    entry.reload()
    assert entry.metadata == {"n": "5"}
    with pytest.raises(ClientError, match=r"\(404\).*HeadObject"):
        s3.Object("boto3-resources", "nothing").load()
    bucket.Versioning().enable()
    entry.delete()
    assert len(list(bucket.object_versions.filter(Prefix="dir0/2"))) == 2  # the object and its delete marker
    bucket.object_versions.delete()
    bucket.delete()
    assert bucket.creation_date is None


def test_lines_chunks_and_parts_of_a_stream(connect: Connect) -> None:
    s3 = connect("s3")
    s3.create_bucket(Bucket="boto3-streams")
    s3.put_object(Bucket="boto3-streams", Key="lines", Body="".join(f"line {n}\n" for n in range(100_000)))
    got = s3.get_object(Bucket="boto3-streams", Key="lines")["Body"]
    assert sum(1 for _ in got.iter_lines()) == 100_000
    got = s3.get_object(Bucket="boto3-streams", Key="lines")["Body"]
    assert got.read(7) == b"line 0\n"
    got.close()  # in the middle: the connection goes, the next call gets another
    assert s3.head_object(Bucket="boto3-streams", Key="lines")["ContentLength"] > MB


@pytest.mark.parametrize(
    "kind", [{}, {"use_dualstack_endpoint": True}, {"use_accelerate_endpoint": True}, {"addressing_style": "path"}]
)
def test_as_a_proxy_it_is_all_of_aws(server: Process, kind: dict[str, Any]) -> None:
    """With no endpoint set at all: the client asks for AWS's own hosts."""
    s3 = boto3.client(
        "s3",
        use_ssl=False,
        region_name="us-east-1",
        aws_access_key_id="111122223333",
        aws_secret_access_key="any",
        config=Config(proxies={"http": server.url}, s3=kind),
    )
    write(s3, "boto3-proxied", urllib.request.build_opener(urllib.request.ProxyHandler({"http": server.url})).open)


@pytest.mark.feature("cli.profile")
@pytest.mark.parametrize("mode", ["legacy", "standard", "adaptive"])
def test_https_and_retry_modes(connect: Connect, server: Process, authority: str, mode: str) -> None:
    sts = connect("sts", url=f"https://localhost:{server.port}", verify=authority, retries={"mode": mode})
    answer = sts.get_caller_identity()
    assert answer["Account"] == "111122223333"
    assert answer["ResponseMetadata"]["RetryAttempts"] == 0
