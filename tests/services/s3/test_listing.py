"""Listings, against what AWS answered and against a plain model of their semantics."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hodei.services.s3.state import Object, objects
from hodei.testing import Cloud
from services.s3.callers import SIGNED

pytestmark = pytest.mark.feature("s3.objects")

BUCKET = "listed"


@pytest.fixture
def s3(cloud: Cloud) -> Any:
    client = cloud.client("s3")
    client.create_bucket(Bucket=BUCKET)
    return client


def put(s3: Any, *keys: str) -> None:
    for key in keys:
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"test-content")


def keys(answer: Any) -> list[str]:
    return [entry["Key"] for entry in answer.get("Contents", [])]


def prefixes(answer: Any) -> list[str]:
    return [entry["Prefix"] for entry in answer.get("CommonPrefixes", [])]


def raw(cloud: Cloud, path: str) -> Any:
    import httpx

    return httpx.Client(transport=cloud.transport(), base_url=cloud.url, headers=[SIGNED]).get(path)


def model_page(
    names: list[str], prefix: str, delimiter: str, marker: str, limit: int
) -> tuple[list[tuple[str, str]], bool]:
    """What a page must hold, as ("key"|"prefix", name), and whether it is truncated."""
    entries: list[tuple[str, str]] = []
    for name in sorted(names):
        rest = name.removeprefix(prefix)
        if not name.startswith(prefix) or name <= marker:
            continue
        entry = ("key", name)
        if delimiter and delimiter in rest:
            entry = ("prefix", prefix + rest.partition(delimiter)[0] + delimiter)
            if marker.startswith(entry[1]):
                continue
        if entry not in entries:
            entries.append(entry)
    return entries[:limit], limit > 0 and len(entries) > limit


NAMES = st.text(alphabet="ab/é\U0010ffff", min_size=1, max_size=6)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    names=st.sets(NAMES, max_size=25),
    prefix=st.one_of(st.just(""), NAMES),
    delimiter=st.sampled_from(["", "/", "a", "//", "/a"]),
    marker=st.one_of(st.just(""), NAMES),
    limit=st.integers(0, 8),
)
def test_every_page_is_what_the_semantics_say(
    s3: Any, cloud: Cloud, names: set[str], prefix: str, delimiter: str, marker: str, limit: int
) -> None:
    fill(cloud, names)
    expected, truncated = model_page(list(names), prefix, delimiter, marker, limit)
    for operation, start in ((s3.list_objects_v2, "StartAfter"), (s3.list_objects, "Marker")):
        answer = operation(Bucket=BUCKET, Prefix=prefix, Delimiter=delimiter, MaxKeys=limit, **{start: marker})
        found = [("key", name) for name in keys(answer)] + [("prefix", name) for name in prefixes(answer)]
        assert found == sorted(expected)
        assert answer["IsTruncated"] is truncated
    assert s3.list_objects_v2(Bucket=BUCKET, MaxKeys=limit, Prefix=prefix, Delimiter=delimiter, StartAfter=marker)[
        "KeyCount"
    ] == len(expected)
    paginator = s3.get_paginator("list_objects_v2")
    pages = list(
        paginator.paginate(Bucket=BUCKET, Prefix=prefix, Delimiter=delimiter, PaginationConfig={"PageSize": limit or 3})
    )
    found = [("key", name) for page in pages for name in keys(page)]
    found += [("prefix", name) for page in pages for name in prefixes(page)]
    assert found == sorted(model_page(list(names), prefix, delimiter, "", 1000)[0])


def fill(cloud: Cloud, names: set[str]) -> None:
    """Make the bucket hold just these keys, without the cost of sending bodies."""

    def write() -> None:
        home = cloud.world.context("s3", account="000000000000", region="us-east-1")
        with cloud.world.store.batch():
            objects.delete_all(home, BUCKET)
            for name in names:
                objects.put(home, Object(bucket=BUCKET, key=name, sequence=1, modified=0.0, size=1, etag="0" * 32))

    cloud._runner.call(write)


def test_defaults_of_an_answer(s3: Any) -> None:
    put(s3, "test/bar/1", "test/foo/1")
    answer = s3.list_objects_v2(Bucket=BUCKET, Prefix="test/")
    assert {
        name: answer[name] for name in ("EncodingType", "IsTruncated", "KeyCount", "MaxKeys", "Name", "Prefix")
    } == {
        "EncodingType": "url",
        "IsTruncated": False,
        "KeyCount": 2,
        "MaxKeys": 1000,
        "Name": BUCKET,
        "Prefix": "test/",
    }
    entry = answer["Contents"][0]
    assert entry.pop("LastModified").tzinfo
    assert entry == {
        "Key": "test/bar/1",
        "ETag": '"9749fad13d6e7092a6337c4af9d83764"',
        "Size": 12,
        "StorageClass": "STANDARD",
        "ChecksumAlgorithm": ["CRC32"],
        "ChecksumType": "FULL_OBJECT",
    }
    assert "Delimiter" not in answer and "StartAfter" not in answer and "NextContinuationToken" not in answer
    first = s3.list_objects(Bucket=BUCKET)
    assert first["Marker"] == "" and first["Prefix"] == "" and "NextMarker" not in first
    assert set(first["Contents"][0]["Owner"]) == {"ID"}
    assert s3.list_objects_v2(Bucket=BUCKET, FetchOwner=True)["Contents"][0]["Owner"] == first["Contents"][0]["Owner"]


def test_next_marker_only_with_a_delimiter(s3: Any) -> None:
    put(s3, "a", "b", "c")
    assert s3.list_objects(Bucket=BUCKET, MaxKeys=1, Delimiter="/")["NextMarker"] == "a"
    answer = s3.list_objects(Bucket=BUCKET, MaxKeys=1)
    assert answer["IsTruncated"] and "NextMarker" not in answer


def test_pages_over_common_prefixes(s3: Any) -> None:
    put(s3, "folder/aSubfolder/subFile1", "folder/aSubfolder/subFile2", "folder/file1", "folder/file2")
    wanted: dict[str, Any] = {"Bucket": BUCKET, "Prefix": "folder/", "Delimiter": "/", "MaxKeys": 1}
    first = s3.list_objects_v2(**wanted)
    assert prefixes(first) == ["folder/aSubfolder/"] and keys(first) == [] and first["KeyCount"] == 1
    second = s3.list_objects_v2(**wanted, ContinuationToken=first["NextContinuationToken"])
    assert keys(second) == ["folder/file1"] and second["ContinuationToken"] == first["NextContinuationToken"]
    third = s3.list_objects_v2(**wanted, ContinuationToken=second["NextContinuationToken"], StartAfter="folder/x")
    assert keys(third) == ["folder/file2"] and not third["IsTruncated"] and "StartAfter" not in third


def test_names_are_url_encoded_on_request(s3: Any, cloud: Cloud) -> None:
    put(s3, "a b/+~*(é).txt")
    text = raw(cloud, f"/{BUCKET}?list-type=2&encoding-type=url&delimiter=%2F").text
    assert "<CommonPrefixes><Prefix>a+b/</Prefix></CommonPrefixes>" in text and "<Delimiter>/</Delimiter>" in text
    text = raw(cloud, f"/{BUCKET}?list-type=2&encoding-type=url").text
    assert "<Key>a+b/%2B%7E*%28%C3%A9%29.txt</Key>" in text
    assert "<Key>a b/+~*(é).txt</Key>" in raw(cloud, f"/{BUCKET}?list-type=2").text
    assert keys(s3.list_objects_v2(Bucket=BUCKET)) == ["a b/+~*(é).txt"]


@pytest.mark.parametrize(
    ("operation", "params", "code", "message", "fields"),
    [
        (
            "list_objects_v2",
            {"ContinuationToken": ""},
            "InvalidArgument",
            "The continuation token provided is incorrect",
            {"ArgumentName": "continuation-token"},
        ),
        (
            "list_objects",
            {"MaxKeys": -1},
            "InvalidArgument",
            "Argument maxKeys must be an integer between 0 and 2147483647",
            {"ArgumentName": "maxKeys", "ArgumentValue": "-1"},
        ),
        (
            "list_object_versions",
            {"EncodingType": "value"},
            "InvalidArgument",
            "Invalid Encoding Method specified in Request",
            {"ArgumentName": "encoding-type", "ArgumentValue": "value"},
        ),
        (
            "list_multipart_uploads",
            {"EncodingType": ""},
            "InvalidArgument",
            "Invalid Encoding Method specified in Request",
            {"ArgumentName": "encoding-type"},
        ),
        (
            "list_object_versions",
            {"VersionIdMarker": "v"},
            "InvalidArgument",
            "A version-id marker cannot be specified without a key marker.",
            {"ArgumentName": "version-id-marker", "ArgumentValue": "v"},
        ),
        ("list_objects_v2", {"Bucket": "no-such"}, "NoSuchBucket", "The specified bucket does not exist", {}),
        ("list_object_versions", {"Bucket": "no-such"}, "NoSuchBucket", "The specified bucket does not exist", {}),
        ("list_objects_v2", {"ExpectedBucketOwner": "111111111111"}, "AccessDenied", "Access Denied", {}),
    ],
)
def test_refusals(
    s3: Any, operation: str, params: dict[str, Any], code: str, message: str, fields: dict[str, str]
) -> None:
    with pytest.raises(ClientError) as caught:
        getattr(s3, operation)(**{"Bucket": BUCKET, **params})
    error = caught.value.response["Error"]
    assert (error["Code"], error["Message"]) == (code, message)
    assert fields.items() <= error.items()


def test_a_page_holds_at_most_1000(s3: Any, cloud: Cloud) -> None:
    fill(cloud, {f"k{number:05}" for number in range(2100)})
    answer = s3.list_objects_v2(Bucket=BUCKET, MaxKeys=5000)
    assert len(answer["Contents"]) == answer["MaxKeys"] == 1000
    found = [key for page in s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET) for key in keys(page)]
    assert found == [f"k{number:05}" for number in range(2100)]


def test_keys_under_a_common_prefix_are_jumped_over(s3: Any, cloud: Cloud) -> None:
    """A folder of 20,000 keys costs a listing by "/" no more than one of 20."""
    fill(cloud, {f"big/{number:05}" for number in range(20_000)} | {"small/1", "z"})
    read = 0
    walk = cloud.world.store._walk

    def counted(*args: Any, **options: Any) -> Any:
        nonlocal read
        for row in walk(*args, **options):
            read += 1
            yield row

    cloud.world.store._walk = counted  # type: ignore[method-assign]
    answer = s3.list_objects_v2(Bucket=BUCKET, Delimiter="/")
    assert prefixes(answer) == ["big/", "small/"] and keys(answer) == ["z"]
    assert 3 <= read < 50


def versioned(s3: Any) -> dict[str, list[str]]:
    """test_0, test_1, test_2 with two versions each, a delete marker over each, and a third version over two."""
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    made: dict[str, list[str]] = {f"test_{number}": [] for number in range(3)}
    for key, body in itertools.product(made, (b"version 1", b"version 2")):
        made[key].insert(0, s3.put_object(Bucket=BUCKET, Key=key, Body=body)["VersionId"])
    for key in made:
        made[key].insert(0, s3.delete_object(Bucket=BUCKET, Key=key)["VersionId"])
    for key in ("test_0", "test_1"):
        made[key].insert(0, s3.put_object(Bucket=BUCKET, Key=key, Body=b"version 3")["VersionId"])
    return made


def entries(answer: Any) -> list[tuple[str, str, bool, bool]]:
    """(key, version, latest, marker) of each entry, by key; within one key versions come before delete markers."""
    found = [(e["Key"], e["VersionId"], e["IsLatest"], False) for e in answer.get("Versions", [])]
    found += [(e["Key"], e["VersionId"], e["IsLatest"], True) for e in answer.get("DeleteMarkers", [])]
    return sorted(found, key=lambda entry: entry[0])


def test_versions_come_newest_first(s3: Any) -> None:
    made = versioned(s3)
    answer = s3.list_object_versions(Bucket=BUCKET)
    versions = [(e["Key"], e["VersionId"], e["IsLatest"]) for e in answer["Versions"]]
    markers = [(e["Key"], e["VersionId"], e["IsLatest"]) for e in answer["DeleteMarkers"]]
    t0, t1, t2 = made["test_0"], made["test_1"], made["test_2"]
    assert versions == [
        ("test_0", t0[0], True),
        ("test_0", t0[2], False),
        ("test_0", t0[3], False),
        ("test_1", t1[0], True),
        ("test_1", t1[2], False),
        ("test_1", t1[3], False),
        ("test_2", t2[1], False),
        ("test_2", t2[2], False),
    ]
    assert markers == [("test_0", t0[1], False), ("test_1", t1[1], False), ("test_2", t2[0], True)]
    assert answer["KeyMarker"] == answer["VersionIdMarker"] == answer["Prefix"] == ""
    assert "Size" not in answer["DeleteMarkers"][0] and answer["Versions"][0]["Size"] == 9


@pytest.mark.parametrize("size", [1, 2, 3, 5, 11, 12])
def test_pages_of_versions(s3: Any, size: int) -> None:
    made = versioned(s3)
    pages = list(s3.get_paginator("list_object_versions").paginate(Bucket=BUCKET, PaginationConfig={"PageSize": size}))
    found = [entry for page in pages for entry in entries(page)]
    expected = sorted((key, version) for key, ids in made.items() for version in ids)
    assert sorted((key, version) for key, version, _, _ in found) == expected
    assert {version for _, version, latest, _ in found if latest} == {ids[0] for ids in made.values()}
    assert len(pages) == -(-11 // size)


def test_version_markers(s3: Any) -> None:
    made = versioned(s3)
    t0, t1, t2 = made["test_0"], made["test_1"], made["test_2"]
    both = s3.list_object_versions(Bucket=BUCKET, MaxKeys=1, KeyMarker="test_1", VersionIdMarker=t1[1])
    assert entries(both) == [("test_1", t1[2], False, False)]
    assert (both["NextKeyMarker"], both["NextVersionIdMarker"]) == ("test_1", t1[2])
    last = s3.list_object_versions(Bucket=BUCKET, MaxKeys=1, KeyMarker="test_2", VersionIdMarker=t2[1])
    assert entries(last) == [("test_2", t2[2], False, False)] and not last["IsTruncated"]
    assert "NextKeyMarker" not in last
    key_only = s3.list_object_versions(Bucket=BUCKET, MaxKeys=1, KeyMarker="test_1")
    assert entries(key_only) == [("test_2", t2[0], True, True)]
    assert entries(s3.list_object_versions(Bucket=BUCKET, MaxKeys=1, KeyMarker="test_2")) == []
    assert entries(s3.list_object_versions(Bucket=BUCKET, MaxKeys=1, KeyMarker="test_0", VersionIdMarker=t0[3]))[0][
        :2
    ] == ("test_1", t1[0])


def test_deleting_page_by_page_ends_with_an_empty_bucket(s3: Any) -> None:
    made = versioned(s3)
    page = s3.list_object_versions(Bucket=BUCKET, MaxKeys=2)
    deleted = entries(page)
    s3.delete_objects(
        Bucket=BUCKET, Delete={"Objects": [{"Key": key, "VersionId": version} for key, version, _, _ in deleted]}
    )
    following = s3.list_object_versions(
        Bucket=BUCKET, KeyMarker=page["NextKeyMarker"], VersionIdMarker=page["NextVersionIdMarker"]
    )
    rest = entries(following)
    assert len(deleted) + len(rest) == 11
    assert rest[0] == ("test_0", made["test_0"][2], True, False)


def test_versions_by_delimiter(s3: Any) -> None:
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    put(s3, "folder/aSubfolder/subFile1", "folder/aSubfolder/subFile2", "folder/file1", "folder/file2")
    wanted: dict[str, Any] = {"Bucket": BUCKET, "Prefix": "folder/", "Delimiter": "/", "MaxKeys": 1}
    first = s3.list_object_versions(**wanted)
    assert prefixes(first) == ["folder/aSubfolder/"] and first["NextKeyMarker"] == "folder/aSubfolder/"
    assert "NextVersionIdMarker" not in first
    second = s3.list_object_versions(**wanted, KeyMarker="folder/aSubfolder/")
    assert [entry[0] for entry in entries(second)] == ["folder/file1"]
    inside = s3.list_object_versions(**wanted, KeyMarker="folder/aSubfolder/subFile1")
    assert [entry[0] for entry in entries(inside)] == ["folder/file1"]


def test_an_unversioned_bucket_has_null_versions(s3: Any) -> None:
    put(s3, "a", "b")
    assert entries(s3.list_object_versions(Bucket=BUCKET)) == [("a", "null", True, False), ("b", "null", True, False)]
