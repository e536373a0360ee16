"""A bucket's sub-resources: documents that are put, read, deleted and listed, each with the rules of its kind.

A kind is declared by decorating the function that judges what is put:

    @configuration("encryption", put="PutBucketEncryption", get="GetBucketEncryption", delete="DeleteBucketEncryption",
                   member="ServerSideEncryptionConfiguration", default=SSE_S3)
    def accept_encryption(home: Context, bucket: Bucket, document: Any) -> Any: ...

It returns the document to keep (None: nothing, as if deleted) or raises; further parameters of the operation that it
wants are its keyword-only parameters. The operations are registered under AWS's names with AWS's parameters.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.services.s3 import errors, state
from hodei.services.s3.buckets import buckets
from hodei.services.s3.service import s3
from hodei.services.s3.state import Bucket, Configuration, configurations

Accept = Callable[..., Any]
Handler = Callable[..., Any]

PAGE = 100  # configurations of one kind that a listing answers at once
MOST = 1000  # configurations of one kind that a bucket may have

_DEFAULTS: dict[str, Any] = {}
_CLEARABLE: set[str] = set()  # kinds with a default that can be taken away; others fall back to it


# documents


def find(home: Context, bucket: Bucket, kind: str) -> Any:
    """The bucket's document of that kind: what was put, else AWS's default for it, else None."""
    if kind in bucket.configured:
        found = configurations.get(home, bucket.name, kind, "")
        assert found is not None
        return found.document
    return None if kind in bucket.cleared else _DEFAULTS.get(kind)


def store(home: Context, bucket: Bucket, kind: str, document: Any) -> Bucket:
    """Keep a document (None: have none, not even the default); returns the bucket as it then is."""
    configured, cleared = set(bucket.configured) - {kind}, set(bucket.cleared) - {kind}
    if document is None:
        configurations.delete(home, bucket.name, kind, "")
        cleared.add(kind)
    else:
        configurations.put(home, Configuration(bucket=bucket.name, kind=kind, document=document))
        configured.add(kind)
    bucket = replace(bucket, configured=tuple(sorted(configured)), cleared=tuple(sorted(cleared & _CLEARABLE)))
    state.buckets.put(home, bucket)
    return bucket


def forget(home: Context, bucket: Bucket) -> None:
    """Drop all documents of a bucket that is being deleted."""
    configurations.delete_all(home, bucket.name)


# operations on one document


def configuration(
    kind: str,
    *,
    put: str,
    get: str,
    member: str,
    delete: str = "",
    wrapped: bool = True,
    missing: type[AwsError] | None = None,
    default: Any = None,
    echo: str = "",
    show: Callable[[Context, Any], Any] = lambda ctx, document: document,
) -> Callable[[Accept], Accept]:
    """Declare a kind of which a bucket has one document.

    `member` is the parameter of Put that carries it; Get answers it under that name, or bare unless `wrapped`. Without
    a document Get raises `missing`, or answers nothing if that is None. `default` is what a new bucket has. `echo`
    names a member of the document that Put answers. `show` makes of a document what Get answers.
    """
    if default is not None:
        _DEFAULTS[kind] = default
        if missing is not None:
            _CLEARABLE.add(kind)

    def declare(accept: Accept) -> Accept:
        s3.operation(put)(_putter(kind, member, accept, echo))
        s3.operation(get)(_getter(kind, member if wrapped else "", missing, show))
        if delete:
            s3.operation(delete)(_deleter(kind))
        return accept

    return declare


def _putter(kind: str, member: str, accept: Accept, echo: str) -> Handler:
    extra = _keywords(accept)

    def keep(home: Context, bucket: Bucket, document: Any) -> dict[str, Any]:
        latest = state.buckets.get(home, bucket.name)  # the judge may have changed the bucket itself
        if latest is not None:
            store(home, latest, kind, document)
        return {echo: document[echo]} if echo else {}

    def handler(ctx: Context, **params: Any) -> dict[str, Any]:
        home, bucket, document, rest = _taken(ctx, member, params)
        return keep(home, bucket, accept(home, bucket, document, **rest))

    async def waiting_handler(ctx: Context, **params: Any) -> dict[str, Any]:
        home, bucket, document, rest = _taken(ctx, member, params)
        return keep(home, bucket, await accept(home, bucket, document, **rest))

    taken = waiting_handler if inspect.iscoroutinefunction(accept) else handler
    return _signed(taken, "Bucket", member, *extra, "ExpectedBucketOwner", doc=accept.__doc__)


def _taken(ctx: Context, member: str, params: Mapping[str, Any]) -> tuple[Context, Bucket, Any, dict[str, Any]]:
    bucket = buckets.bucket_of(ctx, params["Bucket"], params.get("ExpectedBucketOwner"))
    known = {"Bucket", "ExpectedBucketOwner", member}
    rest = {name: value for name, value in params.items() if name not in known}
    if member not in params:
        raise errors.MissingRequestBodyError()
    return buckets.home(ctx, bucket), bucket, params[member], rest


def _getter(kind: str, member: str, missing: type[AwsError] | None, show: Callable[[Context, Any], Any]) -> Handler:
    def handler(ctx: Context, *, Bucket: str, ExpectedBucketOwner: str | None = None) -> dict[str, Any]:
        bucket = buckets.bucket_of(ctx, Bucket, ExpectedBucketOwner)
        document = find(buckets.home(ctx, bucket), bucket, kind)
        if document is None:
            if missing is not None:
                raise missing(BucketName=Bucket)
            return {}
        document = show(ctx, document)
        return {member: document} if member else dict(document)

    return handler


def _deleter(kind: str) -> Handler:
    def handler(ctx: Context, *, Bucket: str, ExpectedBucketOwner: str | None = None) -> None:
        bucket = buckets.bucket_of(ctx, Bucket, ExpectedBucketOwner)
        store(buckets.home(ctx, bucket), bucket, kind, None)

    return handler


# operations on documents of which a bucket has several, by id


def numbered_configuration(kind: str, *, noun: str, member: str) -> Callable[[Accept], Accept]:
    """Declare a kind of which a bucket has several by id: Put, Get, Delete and List of `noun` are registered."""

    def declare(accept: Accept) -> Accept:
        s3.operation(f"Put{noun}")(_numbered_putter(kind, member, accept))
        s3.operation(f"Get{noun}")(_numbered_getter(kind, member))
        s3.operation(f"Delete{noun}")(_numbered_deleter(kind))
        s3.operation(f"List{noun}s")(_lister(kind, f"{member}List"))
        return accept

    return declare


def _numbered_putter(kind: str, member: str, accept: Accept) -> Handler:
    def handler(ctx: Context, **params: Any) -> None:
        bucket = buckets.bucket_of(ctx, params["Bucket"], params.get("ExpectedBucketOwner"))
        home, id, document = buckets.home(ctx, bucket), params["Id"], params[member]
        if document.get("Id") != id:
            raise errors.IdMismatch()
        document = accept(home, bucket, document)
        known = configurations.get(home, bucket.name, kind, id) is not None
        if not known and configurations.count(home, bucket.name, kind) >= MOST:
            raise errors.TooManyConfigurations()
        configurations.put(home, Configuration(bucket=bucket.name, kind=kind, id=id, document=document))
        _note(home, bucket, kind)

    return _signed(handler, "Bucket", "Id", member, "ExpectedBucketOwner", doc=accept.__doc__)


def _numbered_getter(kind: str, member: str) -> Handler:
    def handler(ctx: Context, *, Bucket: str, Id: str, ExpectedBucketOwner: str | None = None) -> dict[str, Any]:
        bucket = buckets.bucket_of(ctx, Bucket, ExpectedBucketOwner)
        if (found := configurations.get(buckets.home(ctx, bucket), Bucket, kind, Id)) is None:
            raise errors.NoSuchConfiguration()
        return {member: found.document}

    return handler


def _numbered_deleter(kind: str) -> Handler:
    def handler(ctx: Context, *, Bucket: str, Id: str, ExpectedBucketOwner: str | None = None) -> None:
        bucket = buckets.bucket_of(ctx, Bucket, ExpectedBucketOwner)
        if not configurations.delete(buckets.home(ctx, bucket), Bucket, kind, Id):
            raise errors.NoSuchConfiguration()
        _note(buckets.home(ctx, bucket), bucket, kind)

    return handler


def _note(home: Context, bucket: Bucket, kind: str) -> None:
    """Whether a bucket has any of a kind stands in its record, which every request looks at."""
    there = {kind} if configurations.count(home, bucket.name, kind) else set()
    configured = tuple(sorted({*bucket.configured} - {kind} | there))
    if configured != bucket.configured:
        state.buckets.put(home, replace(bucket, configured=configured))


def _lister(kind: str, member: str) -> Handler:
    def handler(
        ctx: Context, *, Bucket: str, ContinuationToken: str | None = None, ExpectedBucketOwner: str | None = None
    ) -> dict[str, Any]:
        bucket = buckets.bucket_of(ctx, Bucket, ExpectedBucketOwner)
        after = _position(ctx, ContinuationToken, kind)
        answer: dict[str, Any] = {"IsTruncated": False, member: []}
        if ContinuationToken is not None:
            answer["ContinuationToken"] = ContinuationToken
        for row in configurations.scan(buckets.home(ctx, bucket), Bucket, kind, after=after):
            if len(answer[member]) == PAGE:
                last = answer[member][-1]["Id"]
                answer |= {"IsTruncated": True, "NextContinuationToken": ctx.token(kind, last)}
                break
            answer[member].append(row.document)
        return answer

    return handler


def _position(ctx: Context, token: str | None, kind: str) -> tuple[str] | None:
    if token is None:
        return None
    try:
        named, last = ctx.read_token(token)
    except ValueError:
        named, last = "", ""
    if named != kind:
        raise errors.InvalidArgument(
            "The continuation token provided is incorrect", ArgumentName="continuation-token", ArgumentValue=token
        )
    return (last,)


# signatures


def _keywords(function: Callable[..., Any]) -> list[str]:
    parameters = inspect.signature(function).parameters.values()
    return [parameter.name for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY]


def _signed(handler: Handler, *names: str, doc: str | None) -> Handler:
    """Give a generic handler the keyword-only parameters that it honours, for dispatch and for the laws to see."""
    context = inspect.Parameter("ctx", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    given = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None) for name in names]
    handler.__signature__ = inspect.Signature([context, *given])  # type: ignore[attr-defined]
    handler.__doc__ = doc
    return handler
