"""Objects, their versions, conditions and locks: our answers are those of AWS."""

from __future__ import annotations

import base64
import gzip
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from services.s3.callers import SIGNED
from services.s3.recorded import (
    Answers,
    Replay,
    Scenario,
    Scenarios,
    attributes,
    get,
    head,
    put,
    replayed,
    said,
    versioning,
)

pytestmark = pytest.mark.feature("s3.objects")

scenario = Scenarios()


def delete(s3: Any, key: str, **params: Any) -> Any:
    return said(s3.delete_object, Bucket="bucket", Key=key, **params)


def versions(s3: Any, **params: Any) -> Any:
    return said(s3.list_object_versions, Bucket="bucket", **params)


# put and get


@scenario()
def delete_non_existing_keys(r: Replay) -> Answers:
    put(r.s3, "dummy1")
    put(r.s3, "dummy2")
    keys = [{"Key": key} for key in ("test-key-nonexistent", "dummy1", "dummy2")]
    answer = said(r.s3.delete_objects, Bucket="bucket", Delete={"Objects": keys})
    answer["Deleted"].sort(key=lambda entry: entry["Key"])  # as the recording is sorted
    return {"deleted-resp": answer}


@scenario()
def delete_object_tagging(r: Replay) -> Answers:
    put(r.s3, "key", b"something")
    before = get(r.s3, "key")
    r.s3.delete_object_tagging(Bucket="bucket", Key="key")
    return {"get-obj": before, "get-obj-after-tag-deletion": get(r.s3, "key")}


@scenario()
def etag_on_get_object_call(r: Replay) -> Answers:
    put(r.s3, "key", "Lorem ipsum dolor sit amet, ... " * 30)
    return {"get_object": get(r.s3, "key"), "get_object_range": get(r.s3, "key", Range="bytes=0-16")}


@scenario()
def get_bucket_versioning_order(r: Replay) -> Answers:
    answers = {"list_object_versions_before": versions(r.s3), "put_bucket_versioning": versioning(r.s3)}
    answers["get_bucket_versioning"] = said(r.s3.get_bucket_versioning, Bucket="bucket")
    for key in ("test", "test", "test2"):
        put(r.s3, key, b"body")
    return answers | {"list_object_versions": versions(r.s3)}


@scenario()
def get_object_attributes_with_space(r: Replay) -> Answers:
    put(r.s3, "key", b"test-body", ChecksumAlgorithm="SHA256")

    def asked(names: str) -> Any:
        headers = {"x-amz-object-attributes": names, "Authorization": "AWS test:test"}
        return r.sent("GET", "/bucket/key?attributes", headers=headers)["Body"]

    return {
        "get-attrs-with-whitespace": asked("Checksum, ETag, ObjectSize, StorageClass"),
        "get-attrs-without-whitespace": asked("Checksum,ETag,ObjectSize,StorageClass"),
    }


@scenario()
def get_object_content_length_with_virtual_host(r: Replay) -> Answers:
    put(r.s3, "key", b"123")
    client = r.client("s3v4", "virtual" if r.variant == "True" else "path")
    url = client.generate_presigned_url("get_object", {"Bucket": "bucket", "Key": "key"})
    return {"get-obj-content-len-headers": r.sent("GET", url)["Headers"]}


@scenario()
def get_object_with_anon_credentials(r: Replay) -> Answers:
    from botocore import UNSIGNED

    r.s3.delete_bucket_ownership_controls(Bucket="bucket")
    r.s3.delete_public_access_block(Bucket="bucket")
    r.s3.put_bucket_acl(Bucket="bucket", ACL="public-read")
    put(r.s3, "key", b"body data", ACL="public-read")
    return {"get_object": get(r.client(UNSIGNED), "key")}


@scenario()
def head_object_fields(r: Replay) -> Answers:
    put(r.s3, "key", b"abcdefgh")
    return {"head-object": head(r.s3, "key"), "head-object-404": head(r.s3, "other")}


@scenario()
def invalid_range_error(r: Replay) -> Answers:
    put(r.s3, "key", b"12345678")
    return {"exc": get(r.s3, "key", Range="bytes=1024-4096")}


@scenario()
def range_key_not_exists(r: Replay) -> Answers:
    return {"exc": get(r.s3, "my-key", Range="bytes=1024-4096")}


@scenario()
def metadata_header_character_decoding(r: Replay) -> Answers:
    put(r.s3, "key", b"foo", Metadata={"TEST_META_1": "foo", "__meta_2": "bar"})
    return {"head-object": head(r.s3, "key")}


@scenario()
def object_with_slashes_in_key(r: Replay) -> Answers:
    for key, body in (("/foo", b"foobar"), ("bar", b"barfoo"), ("/bar/foo/", b"test")):
        put(r.s3, key, body)
        assert get(r.s3, key)["Body"] == body.decode()
    return {"list-objects-slashes": said(r.s3.list_objects_v2, Bucket="bucket")}


@scenario()
def put_and_get_object_with_content_language_disposition(r: Replay) -> Answers:
    headers = {"ContentLanguage": "de", "ContentDisposition": 'attachment; filename="foo.jpg"'}
    written = r.s3.put_object(Bucket="bucket", Key="key", Body=b"abc123", CacheControl="no-cache", **headers)
    read = r.s3.get_object(Bucket="bucket", Key="key")
    return {
        "put-object": put(r.s3, "key", b"abc123", CacheControl="no-cache", **headers),
        "put-object-headers": written["ResponseMetadata"],
        "get-object": get(r.s3, "key"),
        "get-object-headers": read["ResponseMetadata"],
    }


@scenario()
def put_and_get_object_with_hash_prefix(r: Replay) -> Answers:
    return {
        "put-object": put(r.s3, "#key-with-hash-prefix", b"test 123"),
        "get-object": get(r.s3, "#key-with-hash-prefix"),
    }


@scenario()
def put_get_object_single_character_trailing_slash(r: Replay) -> Answers:
    answers: Answers = {}
    for letter in "aut":
        answers[f"put-object-single-char-{letter}/"] = put(r.s3, f"{letter}/")
        answers[f"get-object-single-char-{letter}/"] = get(r.s3, f"{letter}/")
    return answers | {"list-objects-single-char": said(r.s3.list_objects_v2, Bucket="bucket")}


@scenario()
def put_get_object_special_character(r: Replay) -> Answers:
    return {
        "put-object-special-char": put(r.s3, r.variant),
        "list-object-special-char": said(r.s3.list_objects_v2, Bucket="bucket"),
        "get-object-special-char": get(r.s3, r.variant),
        "del-object-special-char": delete(r.s3, r.variant),
    }


@scenario()
def put_object_storage_class(r: Replay) -> Answers:
    put(r.s3, "key", b"body-test", StorageClass=r.variant.partition("-")[0])
    return {"get-object-storage-class": attributes(r.s3, "key", "StorageClass"), "get-object": get(r.s3, "key")}


@scenario()
def put_object_storage_class_outposts(r: Replay) -> Answers:
    call = {"Bucket": "bucket", "Key": "key", "StorageClass": "OUTPOSTS"}
    return {
        "put-object-outposts": said(r.s3.put_object, **call),
        "create-multipart-outposts-exc": said(r.s3.create_multipart_upload, **call),
    }


@scenario()
def putobject_with_multiple_keys(r: Replay) -> Answers:
    put(r.s3, "a/b/c")
    return {"get_object": get(r.s3, "a/b/c")}


@scenario()
def s3_object_expires(r: Replay) -> Answers:
    answers: Answers = {}
    for name, days in (("past", -1), ("future", 1)):
        at = datetime.now(UTC) + timedelta(days=days)
        answers[f"put-object-expires-{name}"] = put(r.s3, name, b"foo", Expires=at)
        answers[f"head-object-expires-{name}"] = head(r.s3, name)
        answers[f"get-object-expires-{name}"] = get(r.s3, name)
    return answers


@scenario(loose="ChecksumCRC32 ETag")
def s3_upload_download_gzip(r: Replay) -> Answers:
    body = gzip.compress(b"1234567890 " * 100)
    body += bytes(41 - len(body)) if len(body) < 41 else b""
    return {"put-object": put(r.s3, "key", body[:41], ContentEncoding="gzip"), "get-object": get(r.s3, "key")}


@scenario()
def s3_uppercase_key_names(r: Replay) -> Answers:
    put(r.s3, "CamelCaseKey", b"something")
    return {"response": get(r.s3, "CamelCaseKey"), "wrong-case-key": get(r.s3, "camelcasekey")}


@scenario()
def system_metadata_with_unicode(r: Replay) -> Answers:
    headers = {
        "Cache-Control": "ÄMÄZÕÑ S3",
        "Content-Disposition": 'attachment; filename="test_—_file%E2%80%94_é_2.pdf"',
        "Content-Language": "de",
    }
    client = r.client("s3")

    def as_sent(request: Any, **kwargs: Any) -> None:
        for name, value in headers.items():
            request.headers[name] = value.encode()

    client.meta.events.register("before-sign.s3.PutObject", as_sent)
    answers = {"put-object": put(client, "key", b"")}
    return answers | {"get-object": get(r.s3, "key")}


def sent_metadata(r: Replay, metadata: dict[str, str]) -> Any:
    return put(r.s3, "key", b"", Metadata=metadata)


@scenario()
def user_metadata_rfc2047_encoded(r: Replay) -> Answers:
    metadata = {
        "non-ascii": "=?UTF-8?Q?test=5F=E2=80=94=5Ffile%E2%80%94=5F=C3=A9=5F2=3F.pdf?=",
        "non-ascii-2": "=?UTF-8?Q?=C3=84M=C3=84Z=C3=95=C3=91_S3?=",
        "non-ascii-binary": "=?UTF-8?B?AAECAw==?=",
        "replacement-chars": "=?UTF-8?B?gICAgICAgA==?=",
        "fake-encoded": "=?UTF-8?Q?actually-ascii?=",
        "asciib64-encoded": "=?UTF-8?B?YWJj?=",
        "safe-chars": "".join(chr(code) for code in range(0x21, 0x7F) if not chr(code).isalnum()),
    }
    return {"put-object": sent_metadata(r, metadata), "get-object": get(r.s3, "key")}


@scenario()
def user_metadata_rfc2047_bad_b64_encoded(r: Replay) -> Answers:
    text = base64.b64encode(b"\xffa\xff").decode()
    return {
        "put-object": sent_metadata(r, {"bad-b64-encoded": f"=?UTF-8?B?{text}?="}),
        "get-object": get(r.s3, "key"),
    }


@scenario()
def upload_file_with_xml_preamble(r: Replay) -> Answers:
    put(r.s3, "key", '<?xml version="1.0" encoding="UTF-8"?><test/>')
    return {"get_object": get(r.s3, "key")}


@scenario(loose="ETag ChecksumCRC32")
def upload_big_file(r: Replay) -> Answers:
    bodies = {"key1": b"\x01" * 10_000_000, "key2": b"\x02" * 10_000_000}
    answers = {f"put_object_{key}": put(r.s3, key, body) for key, body in bodies.items()}
    return answers | {f"head_object_{key}": head(r.s3, key) for key in bodies}


@scenario()
def s3_invalid_content_md5(r: Replay) -> Answers:
    client = r.client("s3")
    upload = r.s3.create_multipart_upload(Bucket="bucket", Key="key")["UploadId"]
    digest = hashlib.md5(b"something", usedforsecurity=False).digest()

    def part(md5: str) -> Any:
        call = {"Bucket": "bucket", "Key": "key", "UploadId": upload, "PartNumber": 1}
        return said(client.upload_part, **call, Body=b"something", ContentMD5=md5)

    answers: Answers = {}
    invalid = ("__invalid__", "000", "not base64 encoded checksum", "MTIz", base64.b64encode(b"test-string").decode())
    for number, md5 in enumerate(invalid):
        answers[f"md5-error-{number}"] = put(client, "key", b"something", ContentMD5=md5)
        answers[f"upload-part-md5-error-{number}"] = part(md5)
    right = base64.b64encode(digest).decode()
    return answers | {
        "success-put-object-md5": put(client, "key", b"something", ContentMD5=right),
        "success-upload-part-md5": part(right),
        "md5-error-bad-digest": put(client, "key", b"something", ContentMD5="CYketZBSTjX8czcs3cXVlg=="),
        "upload-part-md5-bad-digest": part("CYketZBSTjX8czcs3cXVlg=="),
    }


# conditions


@scenario()
def s3_get_object_preconditions(r: Replay) -> Answers:
    etag = put(r.s3, "key", b"data")["ETag"]
    modified = head(r.s3, "key")["LastModified"]
    before, after = modified - timedelta(seconds=10), modified + timedelta(days=1)
    wrong = '"d41d8cd98f00b204e9800998ecf8427e"'

    def got(**params: Any) -> Any:
        return get(r.s3, "key", **params)

    return {
        "precondition-if-match": got(IfMatch=wrong),
        "precondition-if-unmodified-since": got(IfUnmodifiedSince=before),
        "precondition-if-none-match": got(IfNoneMatch=etag),
        "copy-precondition-if-modified-since": got(IfModifiedSince=modified),
        "precondition-if-modified-since-is-object": got(IfModifiedSince=modified),
        "precondition-if-unmodified-since-is-object": got(IfUnmodifiedSince=modified),
        "etag-missing-quotes": got(IfNoneMatch=etag.strip('"')),
        "obj-ignore-future-modified-since": got(IfModifiedSince=after),
        "obj-success": got(IfMatch=etag, IfNoneMatch=wrong, IfModifiedSince=before, IfUnmodifiedSince=after),
    }


@scenario()
def delete_object_if_match_non_express(r: Replay) -> Answers:
    put(r.s3, "key")
    return {"delete-obj-if-match": delete(r.s3, "key", IfMatch="badvalue")}


@scenario()
def delete_object_if_match_modified_non_express(r: Replay) -> Answers:
    put(r.s3, "key")
    answer = delete(r.s3, "key", IfMatchLastModifiedTime=datetime(2026, 1, 1, tzinfo=UTC))
    return {"delete-obj-if-match-last-modified": answer}


@scenario()
def delete_object_if_match_size_non_express(r: Replay) -> Answers:
    put(r.s3, "key")
    return {"delete-obj-if-match-size": delete(r.s3, "key", IfMatchSize=10)}


@scenario()
def put_object_if_match_and_if_none_match_validation(r: Replay) -> Answers:
    return {"put-obj-both-precondition": put(r.s3, "key", IfNoneMatch="*", IfMatch="abcdef")}


@scenario()
def put_object_if_match_validation(r: Replay) -> Answers:
    key = "test-precondition-validation"
    return {
        "put-obj-if-match-star-value": put(r.s3, key, IfMatch="*"),
        "put-obj-if-match-bad-value": put(r.s3, key, IfMatch="abcdef"),
        "put-obj-if-match-bad-value-2": put(r.s3, key, IfMatch="bad-char_/"),
    }


@scenario(loose="ETag ChecksumCRC32")
def put_object_if_match_versioned_bucket(r: Replay) -> Answers:
    versioning(r.s3)
    key = "test-precondition"
    answers = {"put-obj": put(r.s3, key)}
    etag = answers["put-obj"]["ETag"]
    answers["put-obj-if-none-match-bad-value"] = put(r.s3, key, IfMatch="abcdef")
    answers["del-obj"] = delete(r.s3, key)
    answers["put-obj-after-del-exc"] = put(r.s3, key, IfMatch=etag)
    answers["put-obj-after-del"] = put(r.s3, key, b"a" * 14)
    answers["put-obj-if-match"] = put(r.s3, key, b"b" * 13, IfMatch=answers["put-obj-after-del"]["ETag"])
    return answers | {"list-object-versions": versions(r.s3)}


@scenario()
def put_object_if_none_match_versioned_bucket(r: Replay) -> Answers:
    versioning(r.s3)
    key = "test-precondition"
    return {
        "put-obj": put(r.s3, key, b""),
        "put-obj-if-none-match": put(r.s3, key, b"", IfNoneMatch="*"),
        "del-obj": delete(r.s3, key),
        "put-obj-after-del": put(r.s3, key, b"", IfNoneMatch="*"),
        "list-object-versions": versions(r.s3),
    }


# versions


@scenario(loose="ETag ChecksumCRC32")
def delete_object_on_suspended_bucket(r: Replay) -> Answers:
    versioning(r.s3)
    key = "test-delete-suspended"
    answers = {f"put-object-{number}": put(r.s3, key, f"test-version-{number}".encode()[:14]) for number in (0, 1)}
    versioning(r.s3, "Suspended")
    answers["list-suspended"] = versions(r.s3)
    answers["delete-object-no-version"] = delete(r.s3, key)
    answers["list-suspended-delete"] = versions(r.s3)
    answers["put-object-suspended"] = put(r.s3, key, b"a" * 35)
    answers["list-suspended-put"] = versions(r.s3)
    answers["delete-object-no-version-after-put"] = delete(r.s3, key)
    answers["list-suspended-after-put"] = versions(r.s3)
    for answer in answers.values():
        for entry in answer.get("Versions", ()):
            assert entry["Size"] in (14, 35)
    return answers


@scenario()
def delete_object_versioned(r: Replay) -> Answers:
    versioning(r.s3)
    key = "test-delete"
    answers = {"put-object": put(r.s3, key, b"test-delete")}
    version = answers["put-object"]["VersionId"]
    answers["get-object-with-version"] = get(r.s3, key, VersionId=version)
    answers["delete-with-bad-version"] = delete(r.s3, key, VersionId="not-a-version")
    answers["delete-object"] = delete(r.s3, key)
    marker = answers["delete-object"]["VersionId"]
    answers["get-deleted-object"] = get(r.s3, key)
    answers["get-delete-marker"] = get(r.s3, key, VersionId=marker)
    answers["delete-object-2"] = delete(r.s3, key)
    answers["list-object-versions"] = versions(r.s3, Prefix=key)
    answers["delete-delete-marker"] = delete(r.s3, key, VersionId=marker)
    answers["delete-object-version"] = delete(r.s3, key, VersionId=version)
    answers["get-deleted-object-with-version"] = get(r.s3, key, VersionId=version)
    return answers | {"delete-wrong-key": delete(r.s3, "wrong-key")}


@scenario()
def get_object_with_version_unversioned_bucket(r: Replay) -> Answers:
    return {
        "put-object": put(r.s3, "key", b"test-version"),
        "get-obj-with-version": get(r.s3, "key", VersionId="HPniJFCxqTsMuIH9KX8K8wEjNUgmABCD"),
        "get-obj-with-null-version": get(r.s3, "key", VersionId="null"),
    }


@scenario(loose="ETag ChecksumCRC32")
def list_object_versions_order_unversioned(r: Replay) -> Answers:
    return {
        "list-empty": versions(r.s3),
        "put-object": put(r.s3, "a-test-object-1", b"test-object-1"),
        "put-object-3": put(r.s3, "c-test-object-3", b"test-object-3"),
        "put-object-2": put(r.s3, "b-test-object-2", b"test-object-2"),
        "list-object-versions": versions(r.s3),
    }


# requests that no SDK makes


@scenario()
def url_encoded_key(r: Replay) -> Answers:
    bodies = {
        "test%40key/": b"test-encoded",
        "test@key/": b"test-non-encoded",
        "test%40key": b"test-encoded-no-trailing",
    }
    for key, body in bodies.items():
        put(r.s3, key, body)
        assert get(r.s3, key)["Body"] == body.decode()
        url = f"http://bucket.s3.localhost:4566/{quote(key)}" if r.variant == "True" else f"/bucket/{quote(key)}"
        assert r.sent("GET", url, headers=dict([SIGNED]))["Body"] == body.decode()
    return {"list-object-encoded-char": said(r.s3.list_objects_v2, Bucket="bucket")}


@scenario()
def s3_batch_delete_public_objects_using_requests(r: Replay) -> Answers:
    r.s3.delete_bucket_ownership_controls(Bucket="bucket")
    r.s3.delete_public_access_block(Bucket="bucket")
    r.s3.put_bucket_acl(Bucket="bucket", ACL="public-read-write")
    keys = [f"key-created-by-anonymous-{number}" for number in (1, 2)]
    for key in keys:
        assert r.sent("PUT", f"/bucket/{key}", content=b"body data")["StatusCode"] == 200
    objects = "".join(f"<Object><Key>{key}</Key></Object>" for key in keys)
    body = f'<?xml version="1.0" encoding="UTF-8"?><Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{objects}</Delete>'
    md5 = base64.b64encode(hashlib.md5(body.encode(), usedforsecurity=False).digest()).decode()
    answer = r.sent("POST", "/bucket?delete", content=body, headers={"Content-MD5": md5})["Body"]
    return {
        "multi-delete-with-requests": answer,
        "list-remaining-objects": said(r.s3.list_objects, Bucket="bucket"),
    }


@pytest.mark.parametrize(("play", "variant", "expected", "loose"), list(scenario.cases()))
def test_answers_are_those_of_aws(play: Scenario, variant: str, expected: Answers, loose: frozenset[str]) -> None:
    replayed(play, variant, expected, loose)
