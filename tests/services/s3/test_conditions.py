"""Conditional reads, writes and deletes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hodei.protocol.http import Body, Headers, Request
from hodei.testing import Cloud
from services.s3.callers import SIGNED

pytestmark = pytest.mark.feature("s3.objects")

Refused = Callable[..., dict[str, Any]]
FAILED = "At least one of the pre-conditions you specified did not hold"
HOST = ("Host", "bucket.s3.localhost")


@pytest.fixture
def put(cloud: Cloud, s3: Any) -> dict[str, Any]:
    """What the key "k" is: its ETag and Modified."""
    cloud.clock.advance(days=1)
    etag = s3.put_object(Bucket="bucket", Key="k", Body=b"data")["ETag"]
    modified = s3.head_object(Bucket="bucket", Key="k")["LastModified"]
    cloud.clock.advance(days=1)
    return {"ETag": etag, "Modified": modified}


@pytest.mark.parametrize("operation", ["get_object", "head_object"])
def test_conditional_reads(s3: Any, refused: Refused, put: dict[str, Any], operation: str) -> None:
    call, where = getattr(s3, operation), {"Bucket": "bucket", "Key": "k"}
    etag, modified, second = put["ETag"], put["Modified"], timedelta(seconds=1)
    for holds in (
        {"IfMatch": etag},
        {"IfMatch": etag.strip('"')},
        {"IfMatch": "*"},
        {"IfMatch": f'"0", {etag}'},
        {"IfNoneMatch": '"0"'},
        {"IfUnmodifiedSince": modified},
        {"IfModifiedSince": modified - second},
        {"IfModifiedSince": datetime.now(UTC) + timedelta(days=3650)},  # the future does not count
        {"IfMatch": etag, "IfUnmodifiedSince": modified - second},
        {"IfNoneMatch": '"0"', "IfModifiedSince": modified},
    ):
        assert call(**where, **holds)["ETag"] == etag
    for status, fails in (
        (412, {"IfMatch": '"0"'}),
        (412, {"IfUnmodifiedSince": modified - second}),
        (304, {"IfNoneMatch": etag}),
        (304, {"IfNoneMatch": etag.strip('"')}),
        (304, {"IfNoneMatch": "*"}),
        (304, {"IfModifiedSince": modified}),
        (304, {"IfModifiedSince": modified + second}),
        (304, {"IfMatch": etag, "IfNoneMatch": etag}),
        (412, {"IfMatch": '"0"', "IfNoneMatch": etag}),
    ):
        assert refused(call, **where, **fails)["Status"] == status, fails


def test_what_failed_reads_say(cloud: Cloud, s3: Any, refused: Refused, put: dict[str, Any]) -> None:
    where = {"Bucket": "bucket", "Key": "k"}
    error = refused(s3.get_object, **where, IfMatch='"0"')
    assert error == {"Code": "PreconditionFailed", "Message": FAILED, "Condition": "If-Match", "Status": 412}
    error = refused(s3.get_object, **where, IfUnmodifiedSince=put["Modified"] - timedelta(seconds=1))
    assert error["Condition"] == "If-Unmodified-Since"
    response = cloud.send(Request("GET", "/k", Headers([HOST, SIGNED, ("If-None-Match", put["ETag"])]), Body()))
    assert (response.status, response.body, response.header("etag")) == (304, b"", put["ETag"])
    assert response.header("last-modified") is not None and response.header("content-type") is None


def test_put_only_what_is_not_there(s3: Any, refused: Refused) -> None:
    where = {"Bucket": "bucket", "Key": "k"}
    s3.put_object(**where, Body=b"first", IfNoneMatch="*")
    error = refused(s3.put_object, **where, Body=b"second", IfNoneMatch="*")
    assert error == {"Code": "PreconditionFailed", "Message": FAILED, "Condition": "If-None-Match", "Status": 412}
    assert s3.get_object(**where)["Body"].read() == b"first"
    s3.delete_object(**where)
    s3.put_object(**where, Body=b"third", IfNoneMatch="*")


def test_put_only_over_what_is_known(s3: Any, refused: Refused, put: dict[str, Any]) -> None:
    where = {"Bucket": "bucket", "Key": "k"}
    etag = s3.put_object(**where, Body=b"new", IfMatch=put["ETag"])["ETag"]
    error = refused(s3.put_object, **where, Body=b"newer", IfMatch=put["ETag"])
    assert error == {"Code": "PreconditionFailed", "Message": FAILED, "Condition": "If-Match", "Status": 412}
    s3.put_object(**where, IfMatch=etag.strip('"'))
    s3.delete_object(**where)
    error = refused(s3.put_object, **where, IfMatch=etag)
    assert (error["Code"], error["Key"], error["Status"]) == ("NoSuchKey", "k", 404)


def test_a_delete_marker_is_no_object(s3: Any, refused: Refused) -> None:
    where = {"Bucket": "bucket", "Key": "k"}
    s3.put_bucket_versioning(Bucket="bucket", VersioningConfiguration={"Status": "Enabled"})
    etag = s3.put_object(**where)["ETag"]
    s3.delete_object(**where)
    assert refused(s3.put_object, **where, IfMatch=etag)["Code"] == "NoSuchKey"
    s3.put_object(**where, IfNoneMatch="*")


@pytest.mark.parametrize(
    ("given", "header", "more"),
    [
        (
            {"IfMatch": '"0"', "IfNoneMatch": "*"},
            "If-Match,If-None-Match",
            "Multiple conditional request headers present in the request",
        ),
        (
            {"IfNoneMatch": '"0"'},
            "If-None-Match",
            "We don't accept the provided value of If-None-Match header for this API",
        ),
        ({"IfMatch": "*"}, "If-Match", "We don't accept the provided value of If-Match header for this API"),
    ],
)
def test_conditions_that_puts_do_not_know(s3: Any, refused: Refused, given: Any, header: str, more: str) -> None:
    assert refused(s3.put_object, Bucket="bucket", Key="k", **given) == {
        "Code": "NotImplemented",
        "Message": "A header you provided implies functionality that is not implemented",
        "Header": header,
        "additionalMessage": more,
        "Status": 501,
    }


class Interrupted(Body):
    """A body during whose coming something else happens."""

    def __init__(self, data: bytes, meanwhile: Callable[[], Any]) -> None:
        super().__init__(None)
        self.length = len(data)
        self._data, self._meanwhile = data, meanwhile

    async def chunks(self) -> Any:
        yield self._data[:10]
        await self._meanwhile()
        yield self._data[10:]


@pytest.mark.parametrize("size", [100, 100_000])
@pytest.mark.parametrize(
    ("condition", "method", "body", "status", "code"),
    [
        (("If-None-Match", "*"), "PUT", b"other", 412, "PreconditionFailed"),
        (("If-Match", "{etag}"), "PUT", b"other", 412, "PreconditionFailed"),
        (("If-Match", "{etag}"), "PUT", b"data", 409, "ConditionalRequestConflict"),
        (("If-Match", "{etag}"), "DELETE", b"", 404, "NoSuchKey"),
    ],
)
def test_changes_while_the_body_comes(
    cloud: Cloud, s3: Any, size: int, condition: tuple[str, str], method: str, body: bytes, status: int, code: str
) -> None:
    etag = ""
    if condition[0] == "If-Match":
        etag = s3.put_object(Bucket="bucket", Key="k", Body=b"data")["ETag"]

    async def meanwhile() -> None:
        await cloud._runner.answer(Request(method, "/k", Headers([HOST, SIGNED]), Body(body)))

    headers = Headers([HOST, SIGNED, (condition[0], condition[1].format(etag=etag))])
    response = cloud.send(Request("PUT", "/k", headers, Interrupted(b"x" * size, meanwhile)))
    assert (response.status, f"<Code>{code}</Code>".encode() in response.body) == (status, True)
    if method == "PUT":
        assert s3.get_object(Bucket="bucket", Key="k")["Body"].read() == body


def test_of_racing_creations_one_wins(cloud: Cloud, s3: Any) -> None:
    async def race() -> list[int]:
        async def create(number: int) -> int:
            async def pause() -> None:
                await asyncio.sleep(0.001 * (number % 3))

            headers = Headers([HOST, SIGNED, ("If-None-Match", "*")])
            body = Interrupted(b"%d" % number * 50_000, pause)
            return (await cloud._runner.answer(Request("PUT", "/k", headers, body))).status

        return await asyncio.gather(*(create(number) for number in range(10)))

    assert sorted(cloud._runner.call(race)) == [200] + [412] * 9


def test_conditional_deletes(s3: Any, refused: Refused, put: dict[str, Any]) -> None:
    where = {"Bucket": "bucket", "Key": "k"}
    error = refused(s3.delete_object, **where, IfMatch='"0"')
    assert error == {"Code": "PreconditionFailed", "Message": FAILED, "Condition": "If-Match", "Status": 412}
    s3.delete_object(**where, IfMatch=put["ETag"])
    assert refused(s3.delete_object, **where, IfMatch="*")["Code"] == "NoSuchKey"
    s3.put_object(**where)
    s3.delete_object(**where, IfMatch="*")


@pytest.mark.parametrize(
    ("given", "header"),
    [
        ({"IfMatchLastModifiedTime": datetime(2020, 1, 1, tzinfo=UTC)}, "x-amz-if-match-last-modified-time"),
        ({"IfMatchSize": 10}, "x-amz-if-match-size"),
    ],
)
def test_conditions_of_directory_buckets(s3: Any, refused: Refused, given: Any, header: str) -> None:
    error = refused(s3.delete_object, Bucket="bucket", Key="k", **given)
    assert (error["Code"], error["Header"], error["Status"]) == ("NotImplemented", header, 501)
