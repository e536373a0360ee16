"""Copies, tags and encryption with customers' keys: our answers are those of AWS."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.s3.recorded import (
    Answers,
    Replay,
    Scenario,
    Scenarios,
    attributes,
    copy,
    customer,
    get,
    head,
    put,
    replayed,
    said,
    versioning,
)

pytestmark = pytest.mark.feature("s3.objects")

scenario = Scenarios()
DOCUMENT = b'{"key": "value"}'


# copies


@scenario()
def s3_copy_metadata_directive_copy(r: Replay) -> Answers:
    put_answer = put(r.s3, "key", Metadata={"key": "value"}, ContentLanguage="en-US")
    answers = {"put-object": put_answer, "head-object": head(r.s3, "key")}
    ignored = {"Metadata": {"another": "value"}, "ContentType": "application/javascript"}
    answers["copy-object"] = copy(r.s3, "key", MetadataDirective="COPY", **ignored)
    return answers | {"head-object-copy": head(r.s3, "target")}


@scenario()
def s3_copy_object_in_place(r: Replay) -> Answers:
    answers = {"put_object": put(r.s3, "key", DOCUMENT, ContentType="application/json", Metadata={"key": "value"})}
    r.s3.put_bucket_ownership_controls(
        Bucket="bucket", OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    )
    r.s3.delete_public_access_block(Bucket="bucket")
    return answers | {
        "object-attrs": attributes(r.s3, "key", "StorageClass"),
        "head_object": head(r.s3, "key"),
        "copy-object-in-place-no-change": copy(r.s3, "key", "key"),
        "copy-object-in-place-with-acl": copy(r.s3, "key", "key", ACL="public-read"),
        "object-acl": said(r.s3.get_object_acl, Bucket="bucket", Key="key"),
        "copy-object-in-place-with-storage-class": copy(
            r.s3, "key", "key", StorageClass="STANDARD", ChecksumAlgorithm="SHA256"
        ),
        "object-attrs-after-copy": attributes(r.s3, "key", "StorageClass"),
    }


@scenario()
def s3_copy_object_in_place_metadata_directive(r: Replay) -> Answers:
    one, two, three = {"key": "value"}, {"key2": "value2"}, {"key3": "value3"}
    answers = {"put_object": put(r.s3, "key", DOCUMENT, ContentType="application/json", Metadata=one)}
    answers["head_object"] = head(r.s3, "key")
    answers["no-metadata-directive-fail"] = copy(r.s3, "key", "key", Metadata=two)

    def onto_itself(name: str, shown: str, **params: Any) -> None:
        answers[name] = copy(r.s3, "key", "key", **params)
        answers[shown] = head(r.s3, "key")

    onto_itself("copy-replace-directive", "head-replace-directive", Metadata=two, MetadataDirective="REPLACE")
    storage = {"StorageClass": "STANDARD", "MetadataDirective": "COPY"}
    onto_itself("copy-copy-directive", "head-copy-directive", **storage)
    onto_itself("copy-copy-directive-ignore", "head-copy-directive-ignore", **storage, Metadata=three)
    onto_itself("copy-replace-directive-empty", "head-replace-directive-empty", MetadataDirective="REPLACE")
    return answers


@scenario()
def s3_copy_object_in_place_storage_class(r: Replay) -> Answers:
    return {
        "put-object": put(r.s3, "key", StorageClass="STANDARD"),
        "object-attrs": attributes(r.s3, "key", "StorageClass"),
        "copy-object-in-place-with-storage-class": copy(r.s3, "key", "key", StorageClass="STANDARD"),
        "object-attrs-after-copy": attributes(r.s3, "key", "StorageClass"),
        "head-object": head(r.s3, "key"),
    }


@scenario()
def s3_copy_object_in_place_suspended_only(r: Replay) -> Answers:
    answers = {"put_object": put(r.s3, "key", DOCUMENT, ContentType="application/json", Metadata={"key": "value"})}
    answers["head_object"] = head(r.s3, "key")
    answers["copy-in-place-non-versioned"] = copy(r.s3, "key", "key", MetadataDirective="REPLACE")
    answers |= {"head-object-copied": head(r.s3, "key"), "get-object-copied": get(r.s3, "key")}
    versioning(r.s3, "Suspended")
    answers["copy-in-place-versioned-suspended"] = copy(r.s3, "key", "key")
    answers |= {"head-object-copied-suspended": head(r.s3, "key"), "get-object-copied-suspended": get(r.s3, "key")}
    return answers | {"copy-in-place-versioned-suspended-twice": copy(r.s3, "key", "key")}


@scenario()
def s3_copy_object_with_checksum(r: Replay) -> Answers:
    answers = {"put-object-no-checksum": put(r.s3, "key", DOCUMENT)}
    answers["object-attrs"] = attributes(r.s3, "key", "Checksum")
    params = {"ChecksumAlgorithm": r.variant, "MetadataDirective": "REPLACE"}
    answers["copy-object-in-place-with-checksum"] = copy(r.s3, "key", "key", **params)
    answers["object-attrs-after-copy"] = attributes(r.s3, "key", "Checksum")
    return answers | {"copy-object-to-dest-keep-checksum": copy(r.s3, "key")}


@scenario()
def s3_copy_object_with_default_checksum(r: Replay) -> Answers:
    answers = {"put-object-no-checksum": put(r.s3, "key", DOCUMENT, ChecksumAlgorithm=r.variant)}
    answers["object-attrs"] = attributes(r.s3, "key", "Checksum")
    answers["copy-object-in-place-with-no-checksum"] = copy(r.s3, "key", "key", MetadataDirective="REPLACE")
    answers["object-attrs-after-copy"] = attributes(r.s3, "key", "Checksum")
    answers["copy-object-to-dest-keep-checksum"] = copy(r.s3, "key")
    return answers | {"dest-object-attrs-after-copy": attributes(r.s3, "target", "Checksum")}


@scenario()
def s3_copy_object_wrong_format(r: Replay) -> Answers:
    answer = said(r.s3.copy_object, Bucket="bucket", Key="key", CopySource="no-slash-here")
    return {"copy-object-wrong-copy-source": answer}


@scenario()
def s3_copy_md5(r: Replay) -> Answers:
    put(r.s3, "key", b"something")
    return {"copy-obj": copy(r.s3, "key", "key2")}


@scenario(loose="ETag ChecksumCRC32")
def copy_object_if_match(r: Replay) -> Answers:
    etag, target = put(r.s3, "source")["ETag"], put(r.s3, "target", b"target")["ETag"]
    return {
        "copy-obj-if-match-fail-no-object": copy(r.s3, "source", "non-existent-key", IfMatch=etag),
        "copy-obj-if-match-fail-wrong-etag": copy(r.s3, "source", IfMatch=etag),
        "copy-obj-if-match": copy(r.s3, "source", IfMatch=target),
    }


@scenario(loose="ETag ChecksumCRC32")
def copy_object_if_match_in_place(r: Replay) -> Answers:
    etag = put(r.s3, "key")["ETag"]
    answer = copy(r.s3, "key", "key", MetadataDirective="REPLACE", IfMatch=etag)
    return {"copy-obj-if-match-in-place": answer}


@scenario(loose="ETag ChecksumCRC32")
def copy_object_if_none_match(r: Replay) -> Answers:
    put(r.s3, "source")
    return {
        "copy-obj": copy(r.s3, "source", IfNoneMatch="*"),
        "copy-obj-if-none-match-fail": copy(r.s3, "source", IfNoneMatch="*"),
    }


@scenario()
def copy_object_if_none_match_in_place(r: Replay) -> Answers:
    put(r.s3, "key")
    answer = copy(r.s3, "key", "key", MetadataDirective="REPLACE", IfNoneMatch="*")
    return {"copy-obj-if-none-match-fail": answer}


@scenario()
def s3_copy_object_preconditions(r: Replay) -> Answers:
    etag = put(r.s3, "key", b"data")["ETag"]
    found = head(r.s3, "key")
    modified = found["LastModified"]
    before, after = modified - timedelta(seconds=10), modified + timedelta(days=1)
    wrong = '"d41d8cd98f00b204e9800998ecf8427e"'

    def onto(**params: Any) -> Any:
        return copy(r.s3, "key", **{f"CopySource{name}": value for name, value in params.items()})

    return {
        "head-object": found,
        "copy-precondition-if-match": onto(IfMatch=wrong),
        "copy-precondition-if-unmodified-since": onto(IfUnmodifiedSince=before),
        "copy-precondition-if-none-match": onto(IfNoneMatch=etag),
        "copy-precondition-if-modified-since": onto(IfModifiedSince=modified),
        "copy-ignore-future-modified-since": onto(IfModifiedSince=after),
        "copy-etag-missing-quotes": onto(IfNoneMatch=etag.strip('"')),
        "copy-success": onto(IfMatch=etag, IfNoneMatch=wrong, IfModifiedSince=before, IfUnmodifiedSince=after),
    }


@scenario()
def s3_copy_object_if_source_modified_since_versioned(r: Replay) -> Answers:
    versioning(r.s3, "Enabled")
    put(r.s3, "key", b"data")
    found = head(r.s3, "key")
    modified, before = found["LastModified"], found["LastModified"] - timedelta(seconds=10)
    return {
        "head-object": found,
        "copy-if-modified-since-last-modified": copy(r.s3, "key", CopySourceIfModifiedSince=modified),
        "copy-if-modified-since": copy(r.s3, "key", CopySourceIfModifiedSince=before),
    }


# tags


def tags(s3: Any, key: str = "key", **params: Any) -> Any:
    return said(s3.get_object_tagging, Bucket="bucket", Key=key, **params)


def tag(s3: Any, key: str = "key", /, *, version: str = "", **pairs: str) -> Any:
    tag_set = [{"Key": name, "Value": value} for name, value in pairs.items()]
    params = {"VersionId": version} if version else {}
    return said(s3.put_object_tagging, Bucket="bucket", Key=key, Tagging={"TagSet": tag_set}, **params)


def directive(r: Replay) -> dict[str, str]:
    return {} if r.variant == "None" else {"TaggingDirective": r.variant}


@scenario()
def s3_copy_tagging_directive(r: Replay) -> Answers:
    return {
        "put-object": put(r.s3, "key", Tagging="key1=value1"),
        "get-object-tag": tags(r.s3),
        "copy-object": copy(r.s3, "key", Tagging="key2=value2", **directive(r)),
        "get-copy-object-tag": tags(r.s3, "target"),
        "copy-object-tag-empty": copy(r.s3, "key", **directive(r)),
        "get-copy-object-tag-empty": tags(r.s3, "target"),
    }


@scenario()
def s3_copy_tagging_directive_versioned(r: Replay) -> Answers:
    versioning(r.s3, "Enabled")
    answers = {"put-object": put(r.s3, "key", Tagging="key1=value1"), "get-object-tag-v1": tags(r.s3)}
    old = f"key?versionId={answers['put-object']['VersionId']}"
    answers["put-object-v2"] = put(r.s3, "key", b"test-v2", Tagging="key1=value1-v2")
    answers["get-object-tag"] = tags(r.s3)
    for source, suffix in (("key", ""), (old, "-v1")):
        answers[f"copy-object{suffix}"] = copy(r.s3, source, Tagging="key2=value2", **directive(r))
        answers[f"get-copy-object-tag{suffix}"] = tags(r.s3, "target")
        answers[f"copy-object-tag-empty{suffix}"] = copy(r.s3, source, **directive(r))
        answers[f"get-copy-object-tag-empty{suffix}"] = tags(r.s3, "target")
    return answers


@scenario()
def create_bucket_with_empty_tags(r: Replay) -> Answers:
    none = said(r.s3.create_bucket, Bucket="tagged", CreateBucketConfiguration={})
    empty = said(r.s3.create_bucket, Bucket="tagged", CreateBucketConfiguration={"Tags": []})
    return {
        "create-bucket-with-none-tags": none,
        "create-bucket-with-empty-tags": empty,
        "get-bucket-tags": said(r.s3.get_bucket_tagging, Bucket="tagged"),
    }


def raw_tag(**members: str) -> str:
    return "<Tag>" + "".join(f"<{name}>{value}</{name}>" for name, value in members.items()) + "</Tag>"


def sent_document(client: Any, operation: str, document: str) -> None:
    """Let a client send that document, which its model would not."""

    def replace(params: Any, **kwargs: Any) -> None:
        params["body"] = document.encode()

    client.meta.events.register_first(f"before-call.s3.{operation}", replace)


NAMESPACE = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'


@scenario()
def create_bucket_with_tags_exc(r: Replay) -> Answers:
    def created(*tag_set: Any) -> Any:
        return said(r.s3.create_bucket, Bucket="tagged", CreateBucketConfiguration={"Tags": list(tag_set)})

    def created_raw(**members: str) -> Any:
        client = r.client()
        document = (
            f"<CreateBucketConfiguration {NAMESPACE}><Tags>{raw_tag(**members)}</Tags></CreateBucketConfiguration>"
        )
        sent_document(client, "CreateBucket", document)
        return said(client.create_bucket, Bucket="tagged")

    def pair(key: str, value: str) -> dict[str, str]:
        return {"Key": key, "Value": value}

    return {
        "tags-key-aws-prefix": created(pair("aws:prefixed", "value")),
        "tags-key-aws-duplicated-key": created(pair("key", "value1"), pair("key", "value2")),
        "tags-key-aws-bad-key": created(pair("test,test2", "value")),
        "tags-key-aws-bad-value": created(pair("test", "value1,value2")),
        "tags-key-none": created_raw(Value="value"),
        "tags-value-none": created_raw(Key="key"),
    }


@scenario()
def tagging_validation(r: Replay) -> Answers:
    put(r.s3, "key")

    def refused(noun: str) -> Answers:
        at = {"Bucket": "bucket", **({"Key": "key"} if noun == "object" else {})}
        operation, name = f"put_{noun}_tagging", f"Put{noun.capitalize()}Tagging"

        def given(*pairs: tuple[str, str]) -> Any:
            tag_set = [{"Key": key, "Value": value} for key, value in pairs]
            return said(getattr(r.s3, operation), **at, Tagging={"TagSet": tag_set})

        def raw(**members: str) -> Any:
            client = r.client()
            sent_document(client, name, f"<Tagging {NAMESPACE}><TagSet>{raw_tag(**members)}</TagSet></Tagging>")
            return said(getattr(client, operation), **at, Tagging={"TagSet": []})

        invalid = "put-object-tags-invalid-field" if noun == "object" else "put-bucket-tags-invalid-key"
        return {
            f"put-{noun}-tags-aws-prefixed": given(("aws:prefixed", "Val1")),
            f"put-{noun}-tags-duplicate-keys": given(("Key1", "Val1"), ("Key1", "Val1")),
            invalid: given(("Key1,Key2", "Val1")),
            f"put-{noun}-tags-invalid-value": given(("Key1", "Val1,Val2")),
            f"put-{noun}-tags-none-key": raw(Value="Val1"),
            f"put-{noun}-tags-none-value": raw(Key="Key1"),
        }

    answers = refused("bucket") | refused("object")
    del answers["put-object-tags-invalid-value"]
    return answers


@scenario()
def head_object_with_tags(r: Replay) -> Answers:
    answers = {"put-object": put(r.s3, "key", b"test-tagging", Tagging="tag1=tag1&tag2=tag2&tag=")}
    answers["head-obj-after-create"] = head(r.s3, "key")
    put(r.s3, "key", b"test-tagging", Tagging="tag1=tag1&tag2=tag2&tag=")
    answers["head-obj-after-overwrite"] = head(r.s3, "key")
    answers["put-object-tags"] = tag(r.s3, tag3="tag3")
    answers["head-obj-after-tagging"] = head(r.s3, "key")
    r.s3.delete_object_tagging(Bucket="bucket", Key="key")
    return answers | {"head-obj-after-removal": head(r.s3, "key")}


@scenario()
def object_tagging_exc(r: Replay) -> Answers:
    answers: Answers = {}
    for name, at in (("bucket", {"Bucket": "nowhere", "Key": "key"}), ("key", {"Bucket": "bucket", "Key": "fake-key"})):
        answers[f"get-no-{name}-tags"] = said(r.s3.get_object_tagging, **at)
        answers[f"delete-no-{name}-tags"] = said(r.s3.delete_object_tagging, **at)
        answers[f"put-no-{name}-tags"] = said(r.s3.put_object_tagging, **at, Tagging={"TagSet": []})
    return answers | {
        "put-obj-duplicate-tagging": put(r.s3, "key", Tagging="key1=val1&key1=val2"),
        "put-obj-wrong-format": put(r.s3, "key", Tagging="key1=val1,key2=val2"),
    }


@scenario()
def object_tagging_versioned(r: Replay) -> Answers:
    versioning(r.s3, "Enabled")
    answers = {f"put-obj-{n}": put(r.s3, "key", f"test-{n}".encode(), Tagging=f"test_tag=tagv{n + 1}") for n in (0, 1)}
    one, two = (answers[f"put-obj-{n}"]["VersionId"] for n in (0, 1))
    answers["get-object-tags-previous-version"] = tags(r.s3, VersionId=one)
    answers["put-object-tags-previous-version"] = tag(r.s3, version=one, tag1="tag1")
    answers["get-object-tags-previous-version-again"] = tags(r.s3, VersionId=one)
    answers["put-object-tags-current-version"] = tag(r.s3, tag3="tag3")
    answers["get-object-tags-current-version"] = tags(r.s3)
    r.s3.delete_object_tagging(Bucket="bucket", Key="key")
    answers["get-object-tags-deleted-current"] = tags(r.s3)
    r.s3.delete_object_tagging(Bucket="bucket", Key="key", VersionId=one)
    answers["get-object-tags-previous-version-deleted"] = tags(r.s3, VersionId=two)  # sic
    answers["put-delete-marker"] = said(r.s3.delete_object, Bucket="bucket", Key="key")
    marker = answers["put-delete-marker"]["VersionId"]
    return answers | {
        "get-object-tags-delete-marker-latest": tags(r.s3),
        "get-object-tags-delete-marker-id": tags(r.s3, VersionId=marker),
        "put-object-tags-delete-marker-latest": tag(r.s3, tag="tag"),
        "put-object-tags-delete-marker-id": tag(r.s3, version=marker, tag="tag"),
        "delete-object-tags-delete-marker-latest": said(r.s3.delete_object_tagging, Bucket="bucket", Key="key"),
        "delete-object-tags-delete-marker-id": said(
            r.s3.delete_object_tagging, Bucket="bucket", Key="key", VersionId=marker
        ),
    }


@scenario()
def object_tags_delete_or_overwrite_object(r: Replay) -> Answers:
    put(r.s3, "key", Tagging="tag1=val1")
    answers = {"get-object-after-creation": tags(r.s3)}
    put(r.s3, "key")
    answers["get-object-after-overwrite"] = tags(r.s3)
    r.s3.delete_object(Bucket="bucket", Key="key")
    put(r.s3, "key")
    return answers | {"get-object-after-recreation": tags(r.s3)}


@scenario()
def put_object_tagging_none_value(r: Replay) -> Answers:
    put(r.s3, "key")
    client = r.client()
    sent_document(client, "PutObjectTagging", f"<Tagging {NAMESPACE}><TagSet /></Tagging>")
    answer = said(client.put_object_tagging, Bucket="bucket", Key="key", Tagging={"TagSet": []})
    return {"put-none-tag-set": answer, "get-object-tags-none": tags(r.s3)}


@scenario()
def put_object_with_tags(r: Replay) -> Answers:
    answers = {"put-object": put(r.s3, "key", b"test-tagging", Tagging="tag1=tag1&tag2=tag2&tag=")}
    answers["get-object-tags"] = tags(r.s3)
    answers["put-object-tags"] = tag(r.s3, tag3="tag3")
    answers["get-object-tags-override"] = tags(r.s3)
    answers |= {"head-obj": head(r.s3, "key"), "get-obj": get(r.s3, "key")}
    put(r.s3, "key", Tagging="wrongquery&wrongagain")
    answers["get-object-tags-wrong-format-qs"] = tags(r.s3)
    put(r.s3, "key", Tagging="key1&&&key2")
    return answers | {"get-object-tags-wrong-format-qs-2": tags(r.s3)}


# customers' keys


LOOSE = "ETag SSECustomerKeyMD5"


@scenario(loose=LOOSE)
def copy_object_with_sse_c(r: Replay) -> Answers:
    source, wrong = customer(prefix="CopySource"), customer("other", "KMS", "CopySource")

    def onto(**params: Any) -> Any:
        return copy(r.s3, "key", **params)

    return {
        "put-obj-sse-c": put(r.s3, "key", b"test_data", **customer()),
        "get-obj-no-sse-c-param": get(r.s3, "key"),
        "copy-obj-no-src-sse-c": onto(),
        "copy-obj-wrong-src-sse-c-algo": onto(**wrong),
        "copy-obj-wrong-target-sse-c-algo": onto(**source, **customer(algorithm="KMS")),
        "copy-obj-target-double-encryption": onto(**source, **customer(), ServerSideEncryption="AES256"),
        "copy-obj-sse-c": onto(**source, **customer()),
        "copy-obj-sse-c-target-no-sse-c": onto(**source),
    }


@scenario(loose=LOOSE)
def put_object_lifecycle_with_sse_c(r: Replay) -> Answers:
    return {
        "put-obj-sse-c": put(r.s3, "key", b"test_data", **customer()),
        "head-obj-sse-c": head(r.s3, "key", **customer()),
        "get-obj-sse-c": get(r.s3, "key", **customer()),
        "get-obj-attrs-sse-c": attributes(r.s3, "key", "ETag", "ObjectSize", **customer()),
        "del-obj-sse-c": said(r.s3.delete_object, Bucket="bucket", Key="key"),
    }


@pytest.mark.parametrize(("play", "variant", "expected", "loose"), list(scenario.cases()))
def test_answers_are_those_of_aws(play: Scenario, variant: str, expected: Answers, loose: frozenset[str]) -> None:
    replayed(play, variant, expected, loose)
