"""Uploads by a browser's form: POST to a bucket, the fields in place of headers, signed by a policy.

https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html
"""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.kernel.iam.authorise import authorise
from hodei.protocol.http import Request, Response
from hodei.protocol.xml_read import load, local_name
from hodei.protocol.xml_write import escape
from hodei.services.s3 import errors, rules
from hodei.services.s3.billing import requests
from hodei.services.s3.buckets import access_points, buckets
from hodei.services.s3.content import bodies, checksums, encryption
from hodei.services.s3.objects import drafts, tagging, versions, views
from hodei.services.s3.service import s3
from hodei.services.s3.state import Bucket, Object
from hodei.services.s3.web import post_policy
from hodei.services.s3.web.addresses import location, resource, website_bucket
from hodei.services.s3.web.forms import Field, Form
from hodei.services.s3.web.post_policy import Range
from hodei.services.s3.web.signers import signer

META = "x-amz-meta-"


@s3.endpoint(lambda request: request.method == "POST" and not website_bucket(request))
async def post_object(ctx: Context, request: Request) -> Response:
    """POST to a bucket that is none of the API's operations."""
    name, _ = resource(ctx, request)
    if not name:
        raise errors.MethodNotAllowed(Method="POST", ResourceType="SERVICE")
    if access_points.used(ctx):
        raise errors.MethodNotAllowed(Method="POST", ResourceType="ACCESSPOINT")
    bucket = buckets.bucket_of(ctx, name)
    content_type = request.headers.get("content-type")
    if not content_type.lower().startswith("multipart/form-data"):
        raise errors.PreconditionFailed(Condition="Bucket POST must be of the enclosure-type multipart/form-data")
    form = Form(aiter(request.body), content_type)
    pairs, file = await form.fields()
    if file is None:
        raise errors.InvalidArgument(
            "POST requires exactly one file upload per request.", ArgumentName="file", ArgumentValue="0"
        )
    fields = _fields(pairs, file)
    size = post_policy.check(ctx, bucket.name, fields)
    ctx = _signed(ctx, bucket, fields)
    obj = await _stored(ctx, bucket, fields, form, size)
    return _answer(ctx, bucket, obj, fields)


def _fields(pairs: list[tuple[str, str]], file: Field) -> dict[str, str]:
    """The fields by their names in lower case, with the file's name where they refer to it."""
    fields = {name.lower(): value for name, value in pairs}
    if "key" not in fields:
        raise post_policy.missing("key")
    if file.filename is not None:
        filename = file.filename.replace("\\", "/").rpartition("/")[2]
        fields = {name: value.replace("${filename}", filename) for name, value in fields.items()}
    return fields


def _signed(ctx: Context, bucket: Bucket, fields: Mapping[str, str]) -> Context:
    """The same call as who signed the form makes it, if that may put the object."""
    who = signer(ctx, fields)
    ctx = ctx.at(account=who.account or None).by(who, "PutObject")
    params = _parameters(fields) | {"Bucket": bucket.name, "Key": fields["key"]}
    authorise(ctx, "PutObject", params | ({"Tagging": _tags(fields["tagging"])} if fields.get("tagging") else {}))
    return ctx


async def _stored(ctx: Context, bucket: Bucket, fields: Mapping[str, str], form: Form, size: Range) -> Object:
    home = buckets.home(ctx, bucket)
    given = _parameters(fields)
    texts = {name.removeprefix(META): value for name, value in fields.items() if name.startswith(META)}
    rules.check_metadata(texts)
    obj = replace(drafts.draft(ctx, home, bucket, fields["key"], given), metadata=texts)
    if tags := fields.get("tagging"):
        obj = replace(obj, tags=_tags(tags))
    sealing = encryption.sealing(home, bucket, fields["key"], given)
    expected = checksums.expected(given)
    digests = checksums.Digests(expected.algorithm)

    def verify(length: int) -> None:
        if length < size.least:
            raise errors.EntityTooSmall(MinSizeAllowed=str(size.least), ProposedSize=str(length))
        if expected.given:
            checksums.check_value(expected.algorithm, expected.value, digests.checksums[expected.algorithm])
        buckets.bucket_of(ctx, bucket.name)

    chunks = _limited(form.file(), rules.PUT_LIMIT if size.most is None else min(size.most, rules.PUT_LIMIT))
    pieces = await bodies.write(home, sealing.key, chunks, digests, verify)
    obj = replace(
        obj,
        modified=home.now,
        encryption=sealing.encryption,
        etag=sealing.etag(home, digests.md5),
        size=sum(piece.size for piece in pieces),
        pieces=pieces,
        checksums=digests.checksums,
    )
    obj = versions.add_version(home, buckets.bucket_of(ctx, bucket.name), obj, event="ObjectCreated:Post")
    requests.billed(ctx.by(ctx.principal, "PutObject"), given | {"Bucket": bucket.name}, {}, None)
    return obj


async def _limited(chunks: AsyncIterator[bytes], most: int) -> AsyncIterator[bytes]:
    """The same chunks. Of a file that is too large the rest is only counted."""
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        if size <= most:
            yield chunk
    if size > most:
        raise errors.EntityTooLarge(ProposedSize=str(size), MaxSizeAllowed=str(most))


def _parameters(fields: Mapping[str, str]) -> dict[str, Any]:
    """The fields as PutObject's parameters, by the headers that these have. (Metadata is plain text in forms.)"""
    given: dict[str, Any] = {member: fields[name] for name, member in _members().items() if name in fields}
    if "acl" in fields:
        given["ACL"] = fields["acl"]
    if (bucket_key := fields.get(f"{encryption.SSE}-bucket-key-enabled")) is not None:
        given["BucketKeyEnabled"] = bucket_key.lower() == "true"
    return given


@functools.cache
def _members() -> dict[str, str]:
    """Header in lower case -> member of PutObject, of those that hold text."""
    shape = s3.model.operations["PutObject"].input
    assert shape
    return {
        member.wire_name(name).lower(): name
        for name, member in shape.members.items()
        if member.location == "header" and member.type == "string" and name not in ("Tagging", "ContentMD5")
    }


def _tags(text: str) -> dict[str, str]:
    """A form carries tags as the XML document of PutObjectTagging. Raises: MalformedXML and what tags may raise."""
    tag_set = []
    for node in load(text.encode()).iter():
        if local_name(node.tag) == "Tag":
            tag = {local_name(child.tag): child.text or "" for child in node}
            if tag.keys() != {"Key", "Value"}:
                raise errors.MalformedXML()
            tag_set.append(tag)
    return tagging.object_tags(tag_set)


def _answer(ctx: Context, bucket: Bucket, obj: Object, fields: Mapping[str, str]) -> Response:
    etag, place = views.quoted(obj.etag), location(ctx, bucket, obj.key)
    target = urlsplit(fields.get("success_action_redirect") or fields.get("redirect", ""))
    if target.scheme in ("http", "https") and target.netloc:
        query = urlencode({"bucket": bucket.name, "key": obj.key, "etag": etag})
        target = target._replace(query=f"{target.query}&{query}" if target.query else query)
        return Response(303, [("Location", target.geturl()), *_headers(bucket, obj)])
    headers = [("Location", place), *_headers(bucket, obj)]
    status = fields.get("success_action_status")
    if status != "201":
        return Response(200 if status == "200" else 204, headers)
    values = {"Location": place, "Bucket": bucket.name, "Key": obj.key, "ETag": etag}
    elements = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in values.items())
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<PostResponse>{elements}</PostResponse>'
    return Response(201, [("Content-Type", "application/xml"), *headers], body.encode())


def _headers(bucket: Bucket, obj: Object) -> list[tuple[str, str]]:
    headers = [("ETag", views.quoted(obj.etag))]
    headers.extend((checksums.ALGORITHMS[name].header, value) for name, value in obj.checksums.items())
    headers.append(("x-amz-checksum-type", obj.checksum_type))
    if obj.encryption.customer_key_md5:
        headers.append((f"{encryption.SSE}-customer-algorithm", "AES256"))
        headers.append((f"{encryption.SSE}-customer-key-MD5", obj.encryption.customer_key_md5))
    else:
        headers.append((encryption.SSE, obj.encryption.algorithm))
    if obj.encryption.kms_key:
        headers.append((f"{encryption.SSE}-aws-kms-key-id", obj.encryption.kms_key))
    if obj.encryption.bucket_key:
        headers.append((f"{encryption.SSE}-bucket-key-enabled", "true"))
    if bucket.versioning:
        headers.append(("x-amz-version-id", obj.version_id))
    return headers
