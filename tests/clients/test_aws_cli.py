"""The aws CLI, version 1, with a profile and nothing else."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.socket

Aws = Callable[..., str]


def tree(folder: Path, files: dict[str, str]) -> Path:
    """Files as old as a day: S3's times are whole seconds, so sync takes one of this second for newer than its object."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        yesterday = path.stat().st_mtime - 86400
        os.utime(path, (yesterday, yesterday))
    return folder


def keys(listing: str) -> list[str]:
    """The keys of `aws s3 ls --recursive`."""
    return [line.split(maxsplit=3)[3] for line in listing.splitlines()]


@pytest.mark.feature("cli.profile", "s3.objects")
def test_s3_there_and_back(aws: Aws, tmp_path: Path) -> None:
    assert aws("s3", "mb", "s3://cli-basics") == "make_bucket: cli-basics\n"
    (tmp_path / "a file.txt").write_text("hello")
    aws("s3", "cp", "a file.txt", "s3://cli-basics/été/a file+1.txt")
    aws("s3", "mv", "s3://cli-basics/été/a file+1.txt", "s3://cli-basics/moved.txt")
    assert keys(aws("s3", "ls", "s3://cli-basics", "--recursive")) == ["moved.txt"]
    assert "Total Objects: 1" in aws("s3", "ls", "s3://cli-basics", "--recursive", "--summarize")
    aws("s3", "cp", "s3://cli-basics/moved.txt", "back.txt")
    assert (tmp_path / "back.txt").read_text() == "hello"
    assert " cli-basics" in aws("s3", "ls")
    assert "BucketNotEmpty" in aws("s3", "rb", "s3://cli-basics", code=1)
    aws("s3", "rm", "s3://cli-basics/moved.txt")
    aws("s3", "rb", "s3://cli-basics")
    assert "NoSuchBucket" in aws("s3", "ls", "s3://cli-basics", code=255)


@pytest.mark.feature("s3.objects")
def test_s3_sync(aws: Aws, tmp_path: Path) -> None:
    aws("s3", "mb", "s3://cli-sync")
    here = tree(tmp_path / "here", {"a.txt": "1", "b/c.txt": "2", "b/d.log": "3", "ünï.txt": "4"})
    aws("s3", "sync", "here", "s3://cli-sync/tree", "--exclude", "*.log")
    assert keys(aws("s3", "ls", "s3://cli-sync", "--recursive")) == ["tree/a.txt", "tree/b/c.txt", "tree/ünï.txt"]
    assert aws("s3", "sync", "here", "s3://cli-sync/tree", "--exclude", "*.log") == ""
    (here / "a.txt").unlink()
    tree(here, {"b/c.txt": "longer"})
    told = aws("s3", "sync", "here", "s3://cli-sync/tree", "--exclude", "*.log", "--delete")
    assert "delete: s3://cli-sync/tree/a.txt" in told and told.count("upload:") == 1
    aws("s3", "sync", "s3://cli-sync/tree", "s3://cli-sync/copy")
    aws("s3", "sync", "s3://cli-sync/copy", "there")
    assert {str(p.relative_to(tmp_path / "there")) for p in (tmp_path / "there").rglob("*.*")} == {
        "b/c.txt",
        "ünï.txt",
    }
    assert (tmp_path / "there/b/c.txt").read_text() == "longer"
    aws("s3", "rb", "s3://cli-sync", "--force")
    assert "cli-sync" not in aws("s3", "ls")


@pytest.mark.feature("s3.objects")
def test_s3_big_files_go_in_parts(aws: Aws, tmp_path: Path) -> None:
    aws("s3", "mb", "s3://cli-parts")
    data = bytes(range(256)) * (20 * 2**20 // 256)
    (tmp_path / "big").write_bytes(data)
    aws("s3", "cp", "big", "s3://cli-parts/big", "--profile", "multipart")
    head = json.loads(aws("s3api", "head-object", "--bucket", "cli-parts", "--key", "big"))
    assert head["ContentLength"] == len(data)
    assert re.fullmatch(r'"[0-9a-f]{32}-4"', head["ETag"])
    aws("s3", "cp", "s3://cli-parts/big", "s3://cli-parts/copy", "--profile", "multipart")
    aws("s3", "cp", "s3://cli-parts/copy", "back", "--profile", "multipart")
    assert (tmp_path / "back").read_bytes() == data
    assert "Uploads" not in aws("s3api", "list-multipart-uploads", "--bucket", "cli-parts")


@pytest.mark.feature("s3.objects")
def test_s3_pipes(aws: Aws) -> None:
    aws("s3", "mb", "s3://cli-pipes")
    text = "line\n" * 2_000_000
    aws("s3", "cp", "-", "s3://cli-pipes/in", "--profile", "multipart", stdin=text.encode())
    assert aws("s3", "cp", "s3://cli-pipes/in", "-") == text


@pytest.mark.feature("s3.presigned", "s3.website")
def test_s3_presign_and_website(aws: Aws) -> None:
    aws("s3", "mb", "s3://cli-web")
    aws("s3", "cp", "-", "s3://cli-web/index.html", "--content-type", "text/html", stdin=b"<p>home")
    url = aws("s3", "presign", "s3://cli-web/index.html", "--expires-in", "60").strip()
    with urllib.request.urlopen(url) as answer:
        assert (answer.read(), answer.headers["content-type"]) == (b"<p>home", "text/html")
    aws("s3", "website", "s3://cli-web", "--index-document", "index.html", "--error-document", "error.html")
    assert json.loads(aws("s3api", "get-bucket-website", "--bucket", "cli-web")) == {
        "IndexDocument": {"Suffix": "index.html"},
        "ErrorDocument": {"Key": "error.html"},
    }


@pytest.mark.feature("cli.profile")
def test_s3api_takes_a_filled_in_skeleton(aws: Aws, tmp_path: Path) -> None:
    aws("s3", "mb", "s3://cli-skeleton")
    skeleton = json.loads(aws("s3api", "put-bucket-tagging", "--generate-cli-skeleton"))
    skeleton["Bucket"] = "cli-skeleton"
    skeleton["Tagging"]["TagSet"] = [{"Key": "team", "Value": "cloud"}]
    given = {name: skeleton[name] for name in ("Bucket", "Tagging")}
    (tmp_path / "input.json").write_text(json.dumps(given))
    aws("s3api", "put-bucket-tagging", "--cli-input-json", "file://input.json")
    assert aws(
        "s3api", "get-bucket-tagging", "--bucket", "cli-skeleton", "--query", "TagSet[].Value", "--output", "text"
    ) == ("cloud\n")
    sample = json.loads(aws("s3api", "list-objects-v2", "--bucket", "b", "--generate-cli-skeleton", "output"))
    assert sample["Contents"][0]["Key"] == "Key"


@pytest.mark.feature("cli.profile")
def test_pages_queries_and_waiters(aws: Aws, tmp_path: Path) -> None:
    aws("s3api", "create-bucket", "--bucket", "cli-pages")
    aws("s3api", "wait", "bucket-exists", "--bucket", "cli-pages")
    aws("s3", "sync", str(tree(tmp_path / "many", {f"{n:02}": "" for n in range(12)})), "s3://cli-pages")
    paged = ("s3api", "list-objects-v2", "--bucket", "cli-pages", "--page-size", "5", "--output", "text")
    assert aws(*paged, "--query", "Contents[].Key").split() == [f"{n:02}" for n in range(12)]
    first = json.loads(aws(*paged, "--max-items", "7", "--output", "json"))
    rest = aws(*paged, "--starting-token", first["NextToken"], "--query", "Contents[].Key")
    assert len(first["Contents"]) == 7 and rest.split() == [f"{n:02}" for n in range(7, 12)]
    body = ("s3api", "put-object", "--bucket", "cli-pages", "--key", "k", "--checksum-algorithm", "CRC32")
    (tmp_path / "body").write_text("body")
    assert json.loads(aws(*body, "--body", "body"))["ChecksumCRC32"]
    aws("s3api", "wait", "object-exists", "--bucket", "cli-pages", "--key", "k")
    got = json.loads(aws("s3api", "get-object", "--bucket", "cli-pages", "--key", "k", "--range", "bytes=1-2", "out"))
    assert (got["ContentRange"], (tmp_path / "out").read_text()) == ("bytes 1-2/4", "od")


@pytest.fixture
def hodei_aws(environment: dict[str, str]) -> Callable[..., dict[str, object]]:
    """`hodei aws ...`: version 1 of the aws CLI ignores the profile's endpoint for SQS."""

    def run(*arguments: str) -> dict[str, object]:
        command = [sys.executable, "-m", "hodei", "aws", *arguments]
        ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
        answer: dict[str, object] = json.loads(ran.stdout or "{}")
        return answer

    return run


@pytest.mark.feature("sqs.standard", "sqs.fifo")
@pytest.mark.parametrize("fifo", [False, True], ids=["standard", "fifo"])
def test_the_life_of_a_queue(hodei_aws: Callable[..., dict[str, object]], fifo: bool) -> None:
    name = "cli.fifo" if fifo else "cli"
    attributes = ["FifoQueue=true,ContentBasedDeduplication=true"] if fifo else ["VisibilityTimeout=0"]
    group = ["--message-group-id", "g"] if fifo else []
    queue = str(hodei_aws("sqs", "create-queue", "--queue-name", name, "--attributes", *attributes)["QueueUrl"])
    at = ["--queue-url", queue]
    assert hodei_aws("sqs", "get-queue-url", "--queue-name", name) == {"QueueUrl": queue}
    kind = '{"kind": {"DataType": "String", "StringValue": "book"}}'
    sent = hodei_aws("sqs", "send-message", *at, "--message-body", "a book", "--message-attributes", kind, *group)
    got = hodei_aws("sqs", "receive-message", *at, "--message-attribute-names", "All", "--wait-time-seconds", "1")
    (message,) = got["Messages"]  # type: ignore[misc]
    assert (message["Body"], message["MessageId"]) == ("a book", sent["MessageId"])
    assert message["MessageAttributes"]["kind"]["StringValue"] == "book"
    hodei_aws("sqs", "delete-message", *at, "--receipt-handle", message["ReceiptHandle"])
    entries = [{"Id": str(n), "MessageBody": str(n)} | ({"MessageGroupId": "g"} if fifo else {}) for n in range(3)]
    batch = hodei_aws("sqs", "send-message-batch", *at, "--entries", json.dumps(entries))
    assert [entry["Id"] for entry in batch["Successful"]] == ["0", "1", "2"]  # type: ignore[attr-defined]
    hodei_aws("sqs", "tag-queue", *at, "--tags", "team=cloud")
    assert hodei_aws("sqs", "list-queue-tags", *at) == {"Tags": {"team": "cloud"}}
    count = hodei_aws("sqs", "get-queue-attributes", *at, "--attribute-names", "ApproximateNumberOfMessages")
    assert count == {"Attributes": {"ApproximateNumberOfMessages": "3"}}
    hodei_aws("sqs", "purge-queue", *at)
    assert queue in hodei_aws("sqs", "list-queues")["QueueUrls"]  # type: ignore[operator]
    hodei_aws("sqs", "delete-queue", *at)
