"""Listings of objects, versions, uploads and parts: our answers are those of AWS."""

from __future__ import annotations

from typing import Any

import pytest

from services.s3.recorded import Answers, Replay, Scenario, Scenarios, replayed, said

pytestmark = pytest.mark.feature("s3.objects")

scenario = Scenarios()
TREE = ("folder/aSubfolder/subFile1", "folder/aSubfolder/subFile2", "folder/file1", "folder/file2")


def fill(s3: Any, *keys: str, body: bytes = b"hello world") -> None:
    for key in keys:
        s3.put_object(Bucket="bucket", Key=key, Body=body)


def enable_versioning(s3: Any) -> None:
    s3.put_bucket_versioning(Bucket="bucket", VersioningConfiguration={"Status": "Enabled"})


def v1(s3: Any, **params: Any) -> Any:
    return said(s3.list_objects, Bucket="bucket", **params)


def v2(s3: Any, **params: Any) -> Any:
    return said(s3.list_objects_v2, Bucket="bucket", **params)


def versions(s3: Any, **params: Any) -> Any:
    return said(s3.list_object_versions, Bucket="bucket", **params)


# ListObjects


@scenario(loose="ETag")
def list_objects_next_marker(r: Replay) -> Answers:
    fill(r.s3, "a", "b", "c")
    answers = {"list-objects-all": v1(r.s3)}
    answers["list-objects-max-1"] = v1(r.s3, MaxKeys=1, Delimiter="/")
    marker = answers["list-objects-max-1"]["NextMarker"]
    answers["list-objects-rest"] = v1(r.s3, MaxKeys=1, Marker=marker)
    return answers | {"list-objects-marker-empty": v1(r.s3, MaxKeys=1, Marker="")}


@scenario(loose="ETag")
def list_objects_with_prefix(r: Replay) -> Answers:
    key = "test/foo/bar/123"
    fill(r.s3, key)
    answers = {"list-objects": v1(r.s3, Prefix="test/", Delimiter=r.variant, MaxKeys=1, EncodingType="url")}
    if r.variant == "%2F":
        headers = {"Authorization": "AWS test:test"}
        answers["list-objects-no-encoding"] = r.sent("GET", "/bucket?prefix=test&delimiter=/", headers=headers)["Body"]
    return answers


@scenario()
def s3_put_more_than_1000_items(r: Replay) -> Answers:
    for number in range(1010):
        r.s3.put_object(Bucket="bucket", Key=f"test-key-{number}", Body=f"test-{number}".encode())
    answers = {
        f"get_object-{number}": said(r.s3.get_object, Bucket="bucket", Key=f"test-key-{number}") for number in (0, 1009)
    }
    first = v1(r.s3, MaxKeys=1010, Delimiter="/")
    assert len(first["Contents"]) == 1000
    return answers | {
        "list-objects": first | {"Contents": "left out of the recording"},
        "list-objects-next_marker": v1(r.s3, Marker=first["NextMarker"]),
    }


# ListObjectsV2


@scenario(loose="ETag")
def list_objects_v2_continuation_common_prefixes(r: Replay) -> Answers:
    fill(r.s3, *TREE)
    page = {"Prefix": "folder/", "Delimiter": "/", "MaxKeys": 1}
    answers = {"list-objects-v2-all-keys": v2(r.s3), "list-objects-v2-start": v2(r.s3, **page)}
    for before, after in (("start", "next-1"), ("next-1", "end")):
        token = answers[f"list-objects-v2-{before}"]["NextContinuationToken"]
        answers[f"list-objects-v2-{after}"] = v2(r.s3, **page, ContinuationToken=token)
    return answers


@scenario(loose="ETag")
def list_objects_v2_continuation_start_after(r: Replay) -> Answers:
    fill(r.s3, *(f"test_{number}" for number in range(12)))
    answers = {"list-objects-v2-max-5": v2(r.s3, MaxKeys=5)}
    token = answers["list-objects-v2-max-5"]["NextContinuationToken"]
    return answers | {
        "list-objects-v2-rest": v2(r.s3, ContinuationToken=token),
        "list-objects-start-after": v2(r.s3, StartAfter="test_7", MaxKeys=2),
        "list-objects-start-after-token": v2(r.s3, StartAfter="test_7", ContinuationToken=token),
        "exc-continuation-token": v2(r.s3, ContinuationToken=""),
    }


@scenario()
def list_ops_encoding_type_validation(r: Replay) -> Answers:
    operation = getattr(r.s3, r.variant)
    return {
        f"{r.variant}-error-{name}-value": said(operation, Bucket="bucket", EncodingType=value)
        for name, value in (("wrong", "value"), ("empty", ""))
    }


@scenario(loose="ETag ChecksumAlgorithm")
def list_objects_v2_with_prefix(r: Replay) -> Answers:
    keys = ("test/foo/bar/123", "test/foo/bar/456", "test/bar/foo/123")
    fill(r.s3, *keys)
    answers = {
        f"list-objects-v2-{number}": without_checksums(v2(r.s3, Prefix=prefix))
        for number, prefix in enumerate(("test/", "test/foo", "test/foo/bar"), 1)
    }
    headers = {"Authorization": "AWS test:test"}
    raw = r.sent("GET", "/bucket?list-type=2&prefix=test/foo", headers=headers)["Body"]
    without_checksums(raw["ListBucketResult"])
    return answers | {"list-objects-v2-no-encoding": raw}


def without_checksums(answer: Any) -> Any:
    """As listings were when this was recorded, in 2023."""
    for entry in answer["Contents"]:
        del entry["ChecksumAlgorithm"], entry["ChecksumType"]
    return answer


# ListObjectVersions


@scenario(loose="ETag")
def list_object_versions_pagination_common_prefixes(r: Replay) -> Answers:
    enable_versioning(r.s3)
    fill(r.s3, *TREE)
    page = {"Prefix": "folder/", "Delimiter": "/", "MaxKeys": 1}
    answers = {"list-object-versions-all-keys": versions(r.s3), "list-object-versions-start": versions(r.s3, **page)}
    for before, after in (("start", "next-1"), ("next-1", "end")):
        marker = answers[f"list-object-versions-{before}"]["NextKeyMarker"]
        answers[f"list-object-versions-{after}"] = versions(r.s3, **page, KeyMarker=marker)
    first = versions(r.s3, **page, KeyMarker="folder/aSubfolder/subFile1")
    return answers | {"list-object-versions-manual-first-file": first}


@scenario(loose="ETag")
def list_objects_versions_markers(r: Replay) -> Answers:
    enable_versioning(r.s3)
    keys = [f"test_{number}" for number in range(3)]
    made: list[str] = []

    def put(key: str, body: bytes) -> None:
        made.append(r.s3.put_object(Bucket="bucket", Key=key, Body=body)["VersionId"])

    for key in keys:
        put(key, b"version 1")
    put(keys[2], b"version 2")
    made.extend(r.s3.delete_object(Bucket="bucket", Key=key)["VersionId"] for key in keys)
    for key in keys[:2]:
        put(key, b"version 2")

    def after(key: str, version: int = 0) -> Any:
        """The version that comes behind the marker; versions are counted from one."""
        markers = {"KeyMarker": key} | ({"VersionIdMarker": made[version - 1]} if version else {})
        return versions(r.s3, MaxKeys=1, **markers)

    return {
        "version-order": {"Versions": [{"VersionId": version} for version in made]},
        "list-objects-versions-all": versions(r.s3),
        "list-objects-versions-5": versions(r.s3, MaxKeys=5),
        "list-objects-next-key-only": after("test_1"),
        "list-objects-both-markers": after("test_1", 6),
        "list-objects-last-key-last-version": after("test_2", 4),
        "list-objects-next-key-last": after("test_2"),
        "list-objects-next-key-empty": after(""),
        "list-objects-next-version-only": versions(r.s3, VersionIdMarker=made[5]),
    }


@scenario()
def list_objects_versions_with_prefix_only_and_pagination(r: Replay) -> Answers:
    enable_versioning(r.s3)
    fill(r.s3, *["prefixed_key"] * 5, body=b"")
    fill(r.s3, "other")
    answers = {"list-object-version-prefix-full": versions(r.s3, Prefix="prefix")}
    answers["list-object-version-prefix-page-1"] = first = versions(r.s3, Prefix="prefix", MaxKeys=3)
    markers = {"KeyMarker": first["NextKeyMarker"], "VersionIdMarker": first["NextVersionIdMarker"]}

    def page_2() -> Any:
        return versions(r.s3, Prefix="prefix", MaxKeys=5, **markers)

    answers["list-object-version-prefix-page-2"] = page_2()
    answers["list-object-version-prefix-key-marker-only"] = versions(
        r.s3, Prefix="prefix", MaxKeys=4, KeyMarker=first["NextKeyMarker"]
    )
    for version in first["Versions"]:
        r.s3.delete_object(Bucket="bucket", Key="prefixed_key", VersionId=version["VersionId"])
    return answers | {"list-object-version-prefix-page-2-after-delete": page_2()}


# ListMultipartUploads, ListParts


@scenario()
def list_multiparts_with_prefix_and_delimiter(r: Replay) -> Answers:
    for key in ("test/foo/bar/123", "test/foo/bar/456", "test/bar/foo/123"):
        r.s3.create_multipart_upload(Bucket="bucket", Key=key)
    prefixes = ("test/", "test/foo/", "test/foo/bar")
    headers = {"Authorization": "AWS test:test"}
    page = {"Bucket": "bucket", "Delimiter": "/", "EncodingType": "url"}
    answers = {
        f"list-multiparts-{number}": said(r.s3.list_multipart_uploads, **page, Prefix=prefix)
        for number, prefix in enumerate(prefixes, 1)
    }
    answers["list-multiparts-no-encoding"] = r.sent("GET", "/bucket?uploads&prefix=test/foo", headers=headers)["Body"]
    return answers


def begun(s3: Any, key: str, *bodies: bytes) -> dict[str, str]:
    upload = s3.create_multipart_upload(Bucket="bucket", Key=key)["UploadId"]
    at = {"Bucket": "bucket", "Key": key, "UploadId": upload}
    for number, body in enumerate(bodies, 1):
        s3.upload_part(**at, PartNumber=number, Body=body)
    return at


@scenario()
def list_parts_empty_part_number_marker(r: Replay) -> Answers:
    at = begun(r.s3, "test-list-part-empty-marker", b"data")
    answers: Answers = {}
    for name, parameter in (("marker", "part-number-marker"), ("max-parts", "max-parts")):
        client = r.client()

        def empty(request: Any, *, parameter: str = parameter, **kwargs: Any) -> None:
            request.url += f"&{parameter}="

        client.meta.events.register("before-sign.s3.ListParts", empty)
        answers[f"list-parts-empty-{name}"] = said(client.list_parts, **at)
    return answers


@scenario()
def list_parts_pagination(r: Replay) -> Answers:
    at = begun(r.s3, "test-list-part-pagination")
    answers = {"list-parts-empty": said(r.s3.list_parts, **at)}
    for number in (1, 2):
        r.s3.upload_part(**at, PartNumber=number, Body=b"data")
    return answers | {
        "list-parts-all": said(r.s3.list_parts, **at),
        "list-parts-1": said(r.s3.list_parts, **at, MaxParts=1),
        "list-parts-next": said(r.s3.list_parts, **at, MaxParts=1, PartNumberMarker=1),
        "list-parts-wrong-part": said(r.s3.list_parts, **at, MaxParts=1, PartNumberMarker=10),
    }


@pytest.mark.parametrize(("play", "variant", "expected", "loose"), list(scenario.cases()))
def test_answers_are_those_of_aws(play: Scenario, variant: str, expected: Answers, loose: frozenset[str]) -> None:
    replayed(play, variant, expected, loose)
