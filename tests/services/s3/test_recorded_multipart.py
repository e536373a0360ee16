"""Multipart uploads and checksums: our answers are those of AWS."""

from __future__ import annotations

import base64
import gzip
import hashlib
from datetime import timedelta
from typing import Any

import boto3.s3.transfer
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
)

pytestmark = pytest.mark.feature("s3.objects")

scenario = Scenarios()
PART = 5 * 2**20 + 1  # bytes


class Upload:
    """A multipart upload under way; its methods are calls and give what they answer."""

    def __init__(self, s3: Any, key: str, **params: Any) -> None:
        self.s3, self.parts = s3, list[Any]()
        self.begun = said(s3.create_multipart_upload, Bucket="bucket", Key=key, **params)
        self.at = {"Bucket": "bucket", "Key": key, "UploadId": self.begun.get("UploadId", "")}

    def put(self, body: bytes, number: int = 1, **params: Any) -> Any:
        answer = said(self.s3.upload_part, **self.at, PartNumber=number, Body=body, **params)
        self.keep(number, answer)
        return answer

    def copy(self, source: str, number: int = 1, **params: Any) -> Any:
        call = {**self.at, "PartNumber": number, "CopySource": f"bucket/{source}"}
        answer = said(self.s3.upload_part_copy, **call, **params)
        if "CopyPartResult" in answer:
            self.keep(number, answer["CopyPartResult"])
        return answer

    def keep(self, number: int, answer: Any) -> None:
        if "ETag" in answer:
            told = {name: value for name, value in answer.items() if name == "ETag" or name.startswith("Checksum")}
            self.parts = [part for part in self.parts if part["PartNumber"] != number]
            self.parts.append({"PartNumber": number, **told})

    def plain_parts(self) -> list[Any]:
        return [{"PartNumber": part["PartNumber"], "ETag": part["ETag"]} for part in self.parts]

    def complete(self, parts: list[Any] | None = None, **params: Any) -> Any:
        document = {"Parts": self.plain_parts() if parts is None else parts}
        return said(self.s3.complete_multipart_upload, **self.at, MultipartUpload=document, **params)

    def listed(self) -> Any:
        return said(self.s3.list_parts, **self.at)


def client_without_checksums(r: Replay) -> Any:
    """As SDKs were before 2025."""
    return r.client(checksums="when_required")


@scenario()
def complete_multipart_parts_order(r: Replay) -> Answers:
    def upload(key: str, step: int) -> Upload:
        made = Upload(r.s3, key)
        for number in range(3):
            made.put(b"a" * PART, 1 + number * step)
        return made

    one, two = upload("test-order-parts", 1), upload("key-sequence-with-step-2", 2)
    return {
        "upload-part-negative-part-number": one.put(b"data", -1),
        "complete-multipart-unordered": one.complete(one.plain_parts()[::-1]),
        "complete-multipart-ordered": one.complete(),
        "complete-multipart-with-step-2": two.complete(),
    }


@scenario()
def get_object_part(r: Replay) -> Answers:
    upload = Upload(r.s3, "test.file")
    upload.put(b"test content 123" * 327681, 1)
    upload.put(b"test content 123", 2)
    answers = {"multipart-upload": upload.complete()}
    put(r.s3, "plain", b"test-123")
    return answers | {
        "head-object-part": head(r.s3, "test.file", PartNumber=2),
        "get-object-part": get(r.s3, "test.file", PartNumber=2),
        "get-object-part-with-checksum": get(r.s3, "test.file", PartNumber=2, ChecksumMode="ENABLED"),
        "part-doesnt-exist": get(r.s3, "test.file", PartNumber=10),
        "part-with-range": get(r.s3, "test.file", PartNumber=1, Range="bytes=0-8"),
        "part-no-multipart": get(r.s3, "plain", PartNumber=2),
        "get-obj-no-multipart": get(r.s3, "plain", PartNumber=1),
    }


@scenario()
def get_object_part_checksum(r: Replay) -> Answers:
    key = "test-multipart-checksum"
    upload = Upload(r.s3, key, ChecksumAlgorithm="CRC32C", ChecksumType=r.variant)
    answers = {"create-mpu-checksum": upload.begun}
    answers["upload-part"] = upload.put(b"test content 123", ChecksumAlgorithm="CRC32C")
    answers["complete-multipart-checksum"] = upload.complete(upload.parts)
    return answers | {
        "head-object-part": head(r.s3, key, PartNumber=1, ChecksumMode="ENABLED"),
        "get-object-part": get(r.s3, key, PartNumber=1, ChecksumMode="ENABLED"),
    }


@scenario()
def multipart_complete_multipart_wrong_part(r: Replay) -> Answers:
    upload = Upload(r.s3, "key")
    upload.put(b"data")
    etag = upload.parts[0]["ETag"]
    return {
        "complete-exc-wrong-part-number": upload.complete([{"ETag": etag, "PartNumber": 2}]),
        "complete-exc-wrong-etag": upload.complete(
            [{"ETag": "d41d8cd98f00b204e9800998ecf8427e", "PartNumber": 1}]
        ),
    }  # fmt: skip


@scenario()
def multipart_copy_object_etag(r: Replay) -> Answers:
    upload = Upload(r.s3, "test.file")
    upload.put(b"test content 123")
    return {
        "multipart-upload": upload.complete(),
        "copy-object": copy(r.s3, "test.file", "copy"),
        "copy-object-in-place": copy(r.s3, "test.file", "test.file", MetadataDirective="REPLACE"),
        "head-obj": head(r.s3, "test.file", ChecksumMode="ENABLED"),
    }


@scenario()
def multipart_overwrite_key(r: Replay) -> Answers:
    answers = {"put-object": put(r.s3, "test.file", b"test content 123")}
    upload = Upload(r.s3, "test.file")
    upload.put(b"test content 123")
    return answers | {"multipart-upload": upload.complete()}


@scenario()
def multipart_key_validation(r: Replay) -> Answers:
    upload = Upload(r.s3, "right")
    upload.put(b"data")
    upload.at["Key"] = "wrong"
    return {
        "upload-part-wrong-key-name": upload.put(b"data"),
        "list-parts-wrong-key-name": upload.listed(),
        "abort-multipart-wrong-key-name": said(r.s3.abort_multipart_upload, **upload.at),
        "complete-multipart-wrong-key-name": upload.complete(),
    }


@scenario(loose="ETag ChecksumCRC64NVME")
def multipart_with_unicode_character_location(r: Replay) -> Answers:
    upload = Upload(r.s3, "test-unicode_—_file")
    upload.put(b"data")
    return {"create-multipart": upload.begun, "complete-multipart": upload.complete()}


@scenario()
def set_external_hostname(r: Replay) -> Answers:
    upload = Upload(r.s3, "test.file")
    upload.put(b"test content 123")
    answer = upload.complete()
    return {"multipart-upload": answer, "get-object": answer}  # sic


@scenario(loose="ETag ChecksumCRC32")
def upload_file_multipart(r: Replay) -> Answers:
    import io

    config = boto3.s3.transfer.TransferConfig(multipart_threshold=1, multipart_chunksize=5 * 2**20)
    r.s3.upload_fileobj(io.BytesIO(b"a" * 6144), "bucket", "key", Config=config)
    return {"get_object": get(r.s3, "key")}


@scenario(loose="ETag ChecksumCRC64NVME")
def multipart_if_match_with_put(r: Replay) -> Answers:
    key = "test-precondition"
    answers = {"put-obj": put(r.s3, key)}
    one = Upload(r.s3, key)
    answers["create-multipart"] = one.begun
    one.put(b"test2")
    answers["complete-multipart-if-match-put-before"] = one.complete(IfMatch="d41d8cd98f00b204e9800998ecf8427e")
    answers["put-obj-during"] = during = put(r.s3, key, b"test2")
    answers["complete-multipart-if-match-put-during"] = one.complete(IfMatch=during["ETag"])
    two = Upload(r.s3, key)
    answers["create-multipart-again"] = two.begun
    two.put(b"test2")
    return answers | {"complete-multipart-if-match-put-before-restart": two.complete(IfMatch=during["ETag"])}


@scenario(loose="ETag ChecksumCRC64NVME")
def multipart_if_match_with_put_identical(r: Replay) -> Answers:
    key = "test-precondition"
    answers = {"put-obj": put(r.s3, key)}
    one = Upload(r.s3, key)
    answers["create-multipart"] = one.begun
    one.put(b"test2")
    answers["put-obj-during"] = during = put(r.s3, key)
    answers["complete-multipart-if-match-put-during"] = one.complete(IfMatch=during["ETag"])
    two = Upload(r.s3, key)
    answers["create-multipart-again"] = two.begun
    two.put(b"test2")
    return answers | {"complete-multipart-if-match-put-before-restart": two.complete(IfMatch=during["ETag"])}


# copies of parts


@scenario(loose="ChecksumCRC32")
def upload_part_copy_range(r: Replay) -> Answers:
    answers = {"put-src-object": put(r.s3, "source", b"0123456789")}
    upload = Upload(r.s3, "test-upload-part-copy")
    answers["create-multipart"] = upload.begun
    for number, span in enumerate(("0-8", "1-1", "0-0"), 1):
        answers[f"upload-part-copy-{number}"] = upload.copy("source", number, CopySourceRange=f"bytes={span}")
    answers["list-parts"] = upload.listed()
    wrong = ("0-100", "100-200", "1-0", "-2", "-15", "0--1", "-1-", "1-", "-", "-0", "0-1,3-4,7-9")
    for span in wrong:
        name = f"upload-part-copy-range-exc-{span}"
        answers[name] = upload.copy("source", CopySourceRange=f"bytes={span}")
    return answers | {"upload-part-copy-wrong-format": upload.copy("source", CopySourceRange="0-8")}


def copied_if(r: Replay, name: str, **conditions: Any) -> Answers:
    put(r.s3, "source", b"0123456789")
    upload = Upload(r.s3, "destination_file.txt")
    given = {f"CopySource{condition}": value for condition, value in conditions.items()}
    answers = {name: upload.copy("source", **given)}
    return answers if "Error" in answers[name] else answers | {"list-parts": upload.listed()}


ETAG = hashlib.md5(b"0123456789", usedforsecurity=False).hexdigest()


@scenario()
def upload_part_copy_with_copy_source_if_match_success(r: Replay) -> Answers:
    return copied_if(r, "upload-part-copy-if-match", IfMatch=ETAG)


@scenario()
def upload_part_copy_with_copy_source_if_unmodified_since_success(r: Replay) -> Answers:
    at = r.cloud.clock.now() + timedelta(days=1)
    return copied_if(r, "upload-part-copy-if-unmodified-since", IfUnmodifiedSince=at)


@scenario()
def upload_part_copy_with_copy_source_if_none_match_failed(r: Replay) -> Answers:
    return copied_if(r, "upload-part-copy-source-if-none-match", IfNoneMatch=ETAG)


@scenario()
def upload_part_copy_with_copy_source_if_unmodified_since_match_failed(r: Replay) -> Answers:
    at = r.cloud.clock.now() - timedelta(days=1)
    return copied_if(r, "upload-part-copy-source-unmodified-since-match", IfUnmodifiedSince=at)


@scenario()
def upload_part_copy_with_copy_source_if_match_and_if_unmodified_since_match(r: Replay) -> Answers:
    """If-Match holds: the date does not count."""
    at = r.cloud.clock.now() - timedelta(days=1)
    return copied_if(r, "upload-part-copy", IfMatch=ETAG, IfUnmodifiedSince=at)


# checksums of objects


@scenario()
def put_object_checksum(r: Replay) -> Answers:
    member = f"Checksum{r.variant}"
    body = b"test data.."
    answers = {"put-object-autogenerated": put(r.s3, "key", body, ChecksumAlgorithm=r.variant)}
    value = answers["put-object-autogenerated"][member]

    def attributes_of(key: str) -> Any:
        return attributes(r.s3, key, "ETag", "Checksum")

    other = base64.b64encode(bytes(len(base64.b64decode(value)))).decode()
    return answers | {
        "get-object-attrs-auto-generated": attributes_of("key"),
        "put-wrong-checksum-no-b64": put(r.s3, "key", body, **{member: "test-string"}),
        "put-wrong-checksum-value": put(r.s3, "key", body, **{member: other}),
        "put-object-generated": put(r.s3, "key", body, **{member: value}),
        "get-object-attrs-generated": attributes_of("key"),
        "head-object-with-checksum": head(r.s3, "key", ChecksumMode="ENABLED"),
    }


@scenario()
def s3_get_object_checksum(r: Replay) -> Answers:
    answers = {"put-object": put(r.s3, "key", b"test-checksum", ChecksumAlgorithm=r.variant)}
    answers["get-object"] = get(r.s3, "key")
    answers["get-object-with-checksum"] = get(r.s3, "key", ChecksumMode="ENABLED")
    answers["head-object-with-checksum"] = get(r.s3, "key", ChecksumMode="ENABLED")  # sic
    return answers | {"get-object-attrs": attributes(r.s3, "key", "Checksum")}


@scenario(loose="ETag ChecksumSHA256 ContentLength")
def s3_checksum_with_content_encoding(r: Replay) -> Answers:
    body = gzip.compress(b"1234567890 " * 100)
    answers = {"put-object": put(r.s3, "key", body, ContentEncoding="gzip", ChecksumAlgorithm="SHA256")}
    answers["get-object"] = get(r.s3, "key")
    answers["get-object-with-checksum"] = get(r.s3, "key", ChecksumMode="ENABLED")
    return answers | {"get-object-attrs": attributes(r.s3, "key", "Checksum")}


# checksums of uploads


def checksum_of(algorithm: str, body: bytes) -> str:
    from hodei.services.s3.content import checksums

    return checksums.of(algorithm, body)


KEY = "test-multipart-checksum"
ALL = ("ETag", "Checksum", "ObjectParts")


def shown(r: Replay) -> Answers:
    return {
        "get-object-with-checksum": get(r.s3, KEY, ChecksumMode="ENABLED"),
        "head-object-with-checksum": head(r.s3, KEY, ChecksumMode="ENABLED"),
        "get-object-attrs": attributes(r.s3, KEY, *ALL),
    }


def copied(r: Replay) -> Answers:
    answers = {"copy-obj-checksum": copy(r.s3, KEY, "copy")}
    return answers | {"get-copy-object-attrs": attributes(r.s3, "copy", *ALL)}


def of_three_parts(r: Replay, kind: str) -> tuple[Upload, Answers]:
    upload = Upload(r.s3, KEY, ChecksumAlgorithm=r.variant, ChecksumType=kind)
    answers = {"create-mpu-checksum": upload.begun}
    for number, body in enumerate((b"a" * PART, b"a" * PART, b"a" * 10)):
        answers[f"upload-part-{number}"] = upload.put(body, number + 1, ChecksumAlgorithm=r.variant)
    return upload, answers | {"list-parts": upload.listed()}


def with_wrong_checksum(r: Replay, upload: Upload, number: int) -> list[Any]:
    member = f"Checksum{r.variant}"
    wrong = checksum_of(r.variant, b"wrong")
    return [part | ({member: wrong} if part["PartNumber"] == number else {}) for part in upload.parts]


@scenario()
def complete_multipart_parts_checksum_composite(r: Replay) -> Answers:
    upload, answers = of_three_parts(r, "COMPOSITE")
    wrong = 1 if r.variant == "CRC32" else 3  # the recordings were not made alike
    answers["complete-multipart-wrong-parts-checksum"] = upload.complete(with_wrong_checksum(r, upload, wrong))
    answers["complete-multipart-no-checksum"] = upload.complete()
    answers["complete-multipart-checksum"] = upload.complete(upload.parts)
    answers["get-object-part-checksum"] = get(r.s3, KEY, PartNumber=3, ChecksumMode="ENABLED")
    return answers | shown(r) | copied(r)


@scenario()
def complete_multipart_parts_checksum_full_object(r: Replay) -> Answers:
    upload, answers = of_three_parts(r, "FULL_OBJECT")
    wrong = 1 if r.variant == "CRC64NVME" else 3
    answers["complete-multipart-wrong-parts-checksum"] = upload.complete(with_wrong_checksum(r, upload, wrong))
    answers["complete-multipart-checksum"] = upload.complete(upload.parts)
    answers["get-object-part-checksum"] = get(r.s3, KEY, PartNumber=3, ChecksumMode="ENABLED")
    return answers | shown(r) | copied(r)


@scenario()
def complete_multipart_parts_checksum_default(r: Replay) -> Answers:
    upload = Upload(r.s3, KEY)
    answers = {"create-mpu-no-checksum": upload.begun}
    answers["list-multiparts"] = said(r.s3.list_multipart_uploads, Bucket="bucket")
    body = b"aaa"
    answers["upload-part-different-checksum-than-default"] = upload.put(body, ChecksumAlgorithm="CRC32C")
    answers["list-parts"] = upload.listed()
    (part,) = upload.plain_parts()
    wrong = [part | {"ChecksumSHA256": checksum_of("SHA256", b"wrong")}]
    answers |= {
        "complete-multipart-parts-checksum": upload.complete(upload.parts),
        "complete-multipart-wrong-parts-checksum": upload.complete(wrong),
        "complete-multipart-composite-type": upload.complete(ChecksumType="COMPOSITE"),
        "complete-multipart-full-object-type": upload.complete(ChecksumType="FULL_OBJECT"),
        "complete-multipart-checksum": upload.complete(),
    }
    return answers | shown(r) | copied(r)


@scenario()
def complete_multipart_parts_checksum_full_object_default(r: Replay) -> Answers:
    upload = Upload(r.s3, KEY, ChecksumAlgorithm="CRC64NVME")
    answers = {"create-mpu-checksum-crc64": upload.begun}
    answers["upload-part"] = upload.put(b"aaa", ChecksumAlgorithm="CRC64NVME")
    return answers | {"complete-multipart-checksum": upload.complete()} | shown(r)


@scenario()
def multipart_checksum_type_compatibility(r: Replay) -> Answers:
    kind, _, algorithm = r.variant.partition("-")
    answer = Upload(r.s3, "test-multipart-checksum-compat", ChecksumType=kind, ChecksumAlgorithm=algorithm).begun
    return {"create-mpu-checksum-exc" if "Error" in answer else "create-mpu-checksum": answer}


@scenario()
def multipart_checksum_type_default_for_checksum(r: Replay) -> Answers:
    answer = Upload(r.s3, "test-multipart-checksum-default", ChecksumAlgorithm=r.variant).begun
    return {"create-mpu-default-checksum-type": answer}


@scenario()
def multipart_upload_part_checksum_exception(r: Replay) -> Answers:
    upload = Upload(r.s3, "key")
    member = f"Checksum{r.variant}"
    return {
        "put-wrong-checksum-no-b64": upload.put(b"Hello", **{member: "test-string"}),
        "put-wrong-checksum-value": upload.put(b"Hello", **{member: checksum_of(r.variant, b"wrong")}),
    }


def refusals(r: Replay, key: str, kind: str) -> Answers:
    """Uploads that cannot be begun."""
    wrong = Upload(r.s3, key, ChecksumAlgorithm="TEST").begun
    untold = Upload(r.s3, key, ChecksumType=kind).begun
    return {"create-mpu-wrong-checksum-algo": wrong, "create-mpu-no-checksum-algo-with-type": untold}


@scenario()
def multipart_parts_checksum_exceptions_composite(r: Replay) -> Answers:
    key = "test-multipart-checksum-exc"
    answers = refusals(r, key, "COMPOSITE")
    one = Upload(r.s3, key, ChecksumAlgorithm="CRC32", ChecksumType="COMPOSITE")
    answers["create-mpu-composite-checksum"] = one.begun
    answers["list-multiparts"] = said(r.s3.list_multipart_uploads, Bucket="bucket")
    answers["upload-part-no-checksum-ok"] = one.put(b"abc")
    answers["complete-part-bad-checksum-type"] = one.complete(one.parts, ChecksumType="FULL_OBJECT")
    two = Upload(r.s3, key, ChecksumAlgorithm="SHA256")
    answers["create-mpu-with-checksum"] = two.begun
    answers["upload-part-different-checksum-exc"] = two.put(b"abc", ChecksumAlgorithm="CRC32")
    two.put(b"abc", ChecksumAlgorithm="SHA256")
    part = two.plain_parts()[0] | {"ChecksumCRC32": checksum_of("CRC32", b"abc")}
    answers["complete-part-with-checksum"] = two.complete([part])
    answers["complete-part-with-bad-checksum-type"] = answers.pop("complete-part-bad-checksum-type")
    return answers


@scenario()
def multipart_parts_checksum_exceptions_full_object(r: Replay) -> Answers:
    key = "test-multipart-checksum-exc"
    answers = refusals(r, key, "FULL_OBJECT")
    del answers["create-mpu-wrong-checksum-algo"]
    one = Upload(r.s3, key, ChecksumAlgorithm="CRC32C", ChecksumType="FULL_OBJECT")
    answers["create-mpu-checksum-crc32c"] = one.begun
    answers["list-multiparts"] = said(r.s3.list_multipart_uploads, Bucket="bucket")
    answers["upload-part-no-checksum-ok"] = client_part(r, one)
    right, wrong = checksum_of("CRC32C", b"abc"), checksum_of("CRC32C", b"wrong")
    other = checksum_of("CRC32", b"wrong")
    answers |= {
        "complete-part-bad-checksum-type": one.complete(one.parts, ChecksumType="COMPOSITE"),
        "complete-part-bad-checksum": one.complete(one.parts, ChecksumType="FULL_OBJECT", ChecksumCRC32C=wrong),
        "complete-part-bad-checksum-algo": one.complete(one.parts, ChecksumType="FULL_OBJECT", ChecksumCRC32=other),
        "complete-part-only-checksum-algo": one.complete(one.parts, ChecksumCRC32C=wrong),
        "complete-part-only-checksum-algo-diff": one.complete(one.parts, ChecksumCRC32=other),
        "complete-part-good-checksum-no-type": one.complete(one.parts, ChecksumCRC32C=wrong),
        "complete-success": one.complete(one.parts, ChecksumType="FULL_OBJECT", ChecksumCRC32C=right),
    }
    two = Upload(r.s3, key, ChecksumAlgorithm="CRC32C", ChecksumType="FULL_OBJECT")
    answers["create-mpu-with-checksum"] = two.begun
    return answers | {"upload-part-different-checksum-exc": two.put(b"abc", ChecksumAlgorithm="CRC32")}


def client_part(r: Replay, upload: Upload) -> Any:
    """A part that comes without a checksum gets that of the upload."""
    upload.s3 = client_without_checksums(r)
    answer = upload.put(b"abc")
    upload.s3 = r.s3
    return answer


@scenario()
def multipart_upload_part_copy_checksum(r: Replay) -> Answers:
    answers = {"put-object": put(r.s3, "source", b"this is a part")}
    upload = Upload(r.s3, KEY, ChecksumAlgorithm="CRC32C", ChecksumType=r.variant)
    answers["create-mpu-checksum-sha256"] = upload.begun
    answers["upload-part-copy"] = upload.copy("source")
    answers["list-parts"] = upload.listed()
    answers["complete-multipart-checksum"] = upload.complete(upload.parts)
    return answers | shown(r)


@scenario()
def list_parts_via_object_attrs_pagination(r: Replay) -> Answers:
    key = "test-object-attrs-pagination"
    upload = Upload(r.s3, key, ChecksumAlgorithm="SHA256")
    for number in (1, 2):
        upload.put(b"a" * PART, number, ChecksumAlgorithm="SHA256")
    answers = {"list-parts": upload.listed(), "complete-mpu": upload.complete(upload.parts)}

    def parts(**params: int) -> Any:
        return attributes(r.s3, key, "ObjectParts", **params)

    return answers | {
        "get-object-attrs-all": parts(),
        "get-object-attrs-1": parts(),
        "get-object-attrs-next": parts(MaxParts=1, PartNumberMarker=1),
        "get-object-attrs-wrong-part": parts(MaxParts=1, PartNumberMarker=10),
    }


# customers' keys


@scenario(loose="ETag SSECustomerKeyMD5")
def multipart_upload_sse_c(r: Replay) -> Answers:
    upload = Upload(r.s3, "test-sse-c-multipart", **customer())
    answers = {"create-mpu-sse-c": upload.begun}
    for number in range(3):
        answers[f"upload-part-{number}"] = upload.put(b"a" * PART, number + 1, **customer())
    return answers | {
        "list-parts": upload.listed(),
        "complete-multipart-checksum": upload.complete(),
        "get-obj-sse-c": get(r.s3, "test-sse-c-multipart", **customer()),
        "get-obj-no-sse-c-param": get(r.s3, "test-sse-c-multipart"),
    }


@scenario(loose="SSECustomerKeyMD5")
def multipart_upload_sse_c_validation(r: Replay) -> Answers:
    plain, sealed = Upload(r.s3, "test-sse-c-multipart"), Upload(r.s3, "test-sse-c-multipart", **customer())
    return {
        "create-mpu-no-sse-c": plain.begun,
        "mpu-no-sse-c-upload-part-with-sse-c": plain.put(b"test", **customer()),
        "create-mpu-sse-c": sealed.begun,
        "mpu-sse-c-upload-part-no-sse-c": sealed.put(b"test"),
        "mpu-sse-c-upload-part-wrong-sse-c": sealed.put(b"test", **customer("other")),
    }


@pytest.mark.parametrize(("play", "variant", "expected", "loose"), list(scenario.cases()))
def test_answers_are_those_of_aws(play: Scenario, variant: str, expected: Answers, loose: frozenset[str]) -> None:
    replayed(play, variant, expected, loose)
