"""Versioning: what PUT, GET and DELETE make of it in each of a bucket's three states."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hodei.testing import Cloud

pytestmark = pytest.mark.feature("s3.versioning")

Refused = Callable[..., dict[str, Any]]


@pytest.fixture
def versioned(s3: Any) -> Any:
    set_versioning(s3, "Enabled")
    return s3


def set_versioning(s3: Any, status: str) -> None:
    s3.put_bucket_versioning(Bucket="bucket", VersioningConfiguration={"Status": status})


def put(s3: Any, body: bytes) -> str:
    """The version id, "null" where none is told."""
    return s3.put_object(Bucket="bucket", Key="k", Body=body).get("VersionId", "null")


def body(s3: Any, version: str | None = None) -> bytes:
    named = {"VersionId": version} if version else {}
    return s3.get_object(Bucket="bucket", Key="k", **named)["Body"].read()


def test_every_put_makes_a_version(versioned: Any) -> None:
    ids = [put(versioned, text) for text in (b"1", b"2", b"3")]
    assert len(set(ids)) == 3 and all(len(name) == 32 for name in ids)
    assert body(versioned) == b"3"
    assert [body(versioned, name) for name in ids] == [b"1", b"2", b"3"]
    assert versioned.head_object(Bucket="bucket", Key="k")["VersionId"] == ids[2]


def test_delete_hides_and_deleting_the_marker_brings_back(versioned: Any, refused: Refused) -> None:
    version = put(versioned, b"1")
    deleted = versioned.delete_object(Bucket="bucket", Key="k")
    assert deleted["DeleteMarker"] is True
    marker = deleted["VersionId"]
    with pytest.raises(versioned.exceptions.NoSuchKey) as caught:
        versioned.get_object(Bucket="bucket", Key="k")
    headers = caught.value.response["ResponseMetadata"]["HTTPHeaders"]
    assert (headers["x-amz-delete-marker"], headers["x-amz-version-id"]) == ("true", marker)
    assert body(versioned, version) == b"1"
    undone = versioned.delete_object(Bucket="bucket", Key="k", VersionId=marker)
    assert (undone["DeleteMarker"], undone["VersionId"]) == (True, marker)
    assert body(versioned) == b"1"


def test_a_marker_has_no_content(versioned: Any, refused: Refused) -> None:
    marker = versioned.delete_object(Bucket="bucket", Key="k")["VersionId"]
    assert refused(versioned.get_object, Bucket="bucket", Key="k", VersionId=marker) == {
        "Code": "MethodNotAllowed",
        "Message": "The specified method is not allowed against this resource.",
        "Method": "GET",
        "ResourceType": "DeleteMarker",
        "Status": 405,
    }
    assert refused(versioned.head_object, Bucket="bucket", Key="k", VersionId=marker)["Message"] == "Method Not Allowed"


def test_deleting_a_version_is_for_good(versioned: Any, refused: Refused) -> None:
    old, new = put(versioned, b"1"), put(versioned, b"2")
    deleted = versioned.delete_object(Bucket="bucket", Key="k", VersionId=new)
    assert (deleted["VersionId"], "DeleteMarker" in deleted) == (new, False)
    assert body(versioned) == b"1"
    error = refused(versioned.get_object, Bucket="bucket", Key="k", VersionId=new)
    assert error == {
        "Code": "NoSuchVersion",
        "Message": "The specified version does not exist.",
        "Key": "k",
        "VersionId": new,
        "Status": 404,
    }
    assert versioned.delete_object(Bucket="bucket", Key="k", VersionId=new)["VersionId"] == new
    versioned.delete_object(Bucket="bucket", Key="k", VersionId=old)
    assert refused(versioned.get_object, Bucket="bucket", Key="k")["Code"] == "NoSuchKey"


@pytest.mark.parametrize("state", ["", "Enabled"])
def test_ids_that_were_never_given_out(s3: Any, refused: Refused, state: str) -> None:
    if state:
        set_versioning(s3, state)
    s3.put_object(Bucket="bucket", Key="k", Body=b"1")
    for call in (s3.get_object, s3.delete_object):
        error = refused(call, Bucket="bucket", Key="k", VersionId="HPniJFCxqTsMuIH9KX8K8wEjNUgmABCD")
        assert (error["Code"], error["Message"]) == ("InvalidArgument", "Invalid version id specified")
        assert (error["ArgumentName"], error["ArgumentValue"]) == ("versionId", "HPniJFCxqTsMuIH9KX8K8wEjNUgmABCD")


def test_without_versioning_there_is_the_null_version(s3: Any) -> None:
    assert put(s3, b"1") == "null"
    got = s3.get_object(Bucket="bucket", Key="k", VersionId="null")
    assert (got["Body"].read(), "VersionId" in got) == (b"1", False)
    s3.delete_object(Bucket="bucket", Key="k", VersionId="null")
    assert "Contents" not in s3.list_objects_v2(Bucket="bucket")


def test_what_was_there_before_versioning_stays_the_null_version(s3: Any) -> None:
    put(s3, b"old")
    set_versioning(s3, "Enabled")
    assert s3.get_object(Bucket="bucket", Key="k")["VersionId"] == "null"
    put(s3, b"new")
    assert (body(s3), body(s3, "null")) == (b"new", b"old")


def test_suspended_puts_take_the_place_of_the_null_version(versioned: Any) -> None:
    first = put(versioned, b"1")
    set_versioning(versioned, "Suspended")
    for text in (b"2", b"3"):
        assert put(versioned, text) == "null"
    assert (body(versioned), body(versioned, "null"), body(versioned, first)) == (b"3", b"3", b"1")
    assert versioned.get_object(Bucket="bucket", Key="k")["VersionId"] == "null"
    listed = versioned.list_object_versions(Bucket="bucket")["Versions"]
    assert [entry["VersionId"] for entry in listed] == ["null", first]


def test_suspended_deletes_leave_a_null_marker(versioned: Any) -> None:
    first = put(versioned, b"1")
    set_versioning(versioned, "Suspended")
    put(versioned, b"2")
    for _ in range(2):
        deleted = versioned.delete_object(Bucket="bucket", Key="k")
        assert (deleted["DeleteMarker"], deleted["VersionId"]) == (True, "null")
    listed = versioned.list_object_versions(Bucket="bucket")
    assert [entry["VersionId"] for entry in listed["DeleteMarkers"]] == ["null"]
    assert [entry["VersionId"] for entry in listed["Versions"]] == [first]


def test_delete_objects_tells_of_markers(versioned: Any) -> None:
    version = put(versioned, b"1")
    (deleted,) = versioned.delete_objects(Bucket="bucket", Delete={"Objects": [{"Key": "k"}]})["Deleted"]
    marker = deleted["DeleteMarkerVersionId"]
    assert deleted == {"Key": "k", "DeleteMarker": True, "DeleteMarkerVersionId": marker}
    wanted = [{"Key": "k", "VersionId": marker}, {"Key": "k", "VersionId": version}]
    first, second = versioned.delete_objects(Bucket="bucket", Delete={"Objects": wanted})["Deleted"]
    assert first == {"Key": "k", "VersionId": marker, "DeleteMarker": True, "DeleteMarkerVersionId": marker}
    assert second == {"Key": "k", "VersionId": version}


STEPS = st.lists(
    st.sampled_from(["put", "delete", "delete latest", "delete oldest", "Enabled", "Suspended"]), max_size=12
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_any_history_reads_as_a_list_of_versions(steps: list[str]) -> None:
    """Against a model: newest first; null versions replace each other."""
    with Cloud() as cloud:
        s3 = cloud.client("s3")
        s3.create_bucket(Bucket="bucket")
        status, history = "", []
        for number, step in enumerate(steps):
            status = _take(s3, step, number, status, history)
            _check(s3, status, history)


def _take(s3: Any, step: str, number: int, status: str, history: list[tuple[str, bytes | None]]) -> str:
    if step in ("Enabled", "Suspended"):
        set_versioning(s3, step)
        return step
    if step == "put" or (step == "delete" and status):
        if step == "put":
            version = put(s3, text := b"%d" % number)
        else:
            version, text = s3.delete_object(Bucket="bucket", Key="k")["VersionId"], None
        if version == "null":
            history[:] = [entry for entry in history if entry[0] != "null"]
        history.insert(0, (version, text))
    elif step == "delete":
        s3.delete_object(Bucket="bucket", Key="k")
        history.clear()
    elif history:
        version, _ = history.pop(0 if step == "delete latest" else -1)
        s3.delete_object(Bucket="bucket", Key="k", VersionId=version)
    return status


def _check(s3: Any, status: str, history: list[tuple[str, bytes | None]]) -> None:
    listed = s3.list_object_versions(Bucket="bucket")
    markers = {entry["VersionId"]: entry["IsLatest"] for entry in listed.get("DeleteMarkers", [])}
    versions = {entry["VersionId"]: entry["IsLatest"] for entry in listed.get("Versions", [])}
    assert list(versions) == [version for version, text in history if text is not None]
    assert list(markers) == [version for version, text in history if text is None]
    if history:
        assert {**markers, **versions}[history[0][0]] is True
    assert sum([*markers.values(), *versions.values()]) == bool(history)
    for version, text in history:
        if text is not None:
            assert body(s3, version) == text
    current = [entry["Key"] for entry in s3.list_objects_v2(Bucket="bucket").get("Contents", [])]
    assert current == (["k"] if history and history[0][1] is not None else [])
