"""Static websites: a bucket's configuration, and the pages at its website address.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/WebsiteHosting.html
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from hodei.kernel.context import ANONYMOUS, Context
from hodei.kernel.errors import AwsError
from hodei.kernel.iam.authorise import authorise
from hodei.protocol.codec import codec_for
from hodei.protocol.http import Body, Request, Response
from hodei.services.s3 import errors
from hodei.services.s3.billing import requests
from hodei.services.s3.buckets import buckets, configurations
from hodei.services.s3.buckets.configurations import configuration
from hodei.services.s3.management import notifications
from hodei.services.s3.objects import objects, versions
from hodei.services.s3.service import s3
from hodei.services.s3.state import Bucket
from hodei.services.s3.web.addresses import resource, website_bucket

MOST_RULES = 50
PROTOCOLS = ("http", "https")
OPERATIONS = {"GET": ("GetObject", objects.get_object), "HEAD": ("HeadObject", objects.head_object)}

Document = Mapping[str, Any]


# configuration


@configuration(
    "website",
    put="PutBucketWebsite",
    get="GetBucketWebsite",
    delete="DeleteBucketWebsite",
    member="WebsiteConfiguration",
    wrapped=False,
    missing=errors.NoSuchWebsiteConfiguration,
)
def accept_website(home: Context, bucket: Bucket, document: Any) -> Any:
    if "RedirectAllRequestsTo" in document:
        if len(document) > 1:
            raise errors.InvalidArgument(
                "RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules.",
                ArgumentName="RedirectAllRequestsTo",
                ArgumentValue="not null",
            )
        _check_protocol(document["RedirectAllRequestsTo"])
        return document
    if "IndexDocument" not in document:
        raise errors.InvalidArgument(
            "A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty",
            ArgumentName="IndexDocument",
            ArgumentValue="null",
        )
    suffix = document["IndexDocument"].get("Suffix", "")
    if not suffix or "/" in suffix:
        raise errors.InvalidArgument(
            "The IndexDocument Suffix is not well formed", ArgumentName="IndexDocument", ArgumentValue=suffix
        )
    if "ErrorDocument" in document and not document["ErrorDocument"].get("Key"):
        raise errors.MalformedXML()
    rules = document.get("RoutingRules")
    if rules is not None and not 0 < len(rules) <= MOST_RULES:
        raise errors.MalformedXML()
    for rule in rules or ():
        _check_rule(rule)
    return document


def _check_rule(rule: Document) -> None:
    condition, redirect = rule.get("Condition"), rule["Redirect"]
    if "ReplaceKeyPrefixWith" in redirect and "ReplaceKeyWith" in redirect:
        raise errors.InvalidRequest("You can only define ReplaceKeyPrefix or ReplaceKey but not both.")
    if condition is not None and not condition:
        raise errors.InvalidRequest(
            "Condition cannot be empty. To redirect all requests without a condition, the condition element shouldn't "
            "be present."
        )
    _check_protocol(redirect)
    code = redirect.get("HttpRedirectCode", "301")
    if not (code.isdigit() and 300 < int(code) < 400):
        raise errors.InvalidRequest(
            f"The provided HTTP redirect code ({code}) is not valid. Valid codes are 3XX except 300."
        )
    code = (condition or {}).get("HttpErrorCodeReturnedEquals", "404")
    if not (code.isdigit() and 400 <= int(code) < 600):
        raise errors.InvalidRequest(f"The provided HTTP error code ({code}) is not valid. Valid codes are 4XX or 5XX.")


def _check_protocol(redirect: Document) -> None:
    if redirect.get("Protocol", "http") not in PROTOCOLS:
        raise errors.InvalidRequest(
            "Invalid protocol, protocol can be http or https. "
            "If not defined the protocol will be selected automatically."
        )


# pages


@s3.endpoint(lambda request: bool(website_bucket(request)))
def website(ctx: Context, request: Request) -> Response:
    """Any request to the website address of a bucket, but preflights (see `cors`)."""
    try:
        if request.method not in OPERATIONS:
            raise errors.MethodNotAllowed(Method=request.method, ResourceType="OBJECT")
        name, key = resource(ctx, request)
        bucket = buckets.bucket_of(ctx, name)
        site = configurations.find(buckets.home(ctx, bucket), bucket, "website")
        if site is None:
            raise errors.NoSuchWebsiteConfiguration(BucketName=name)
    except AwsError as error:
        return _error_page(ctx, error)
    return _page(ctx, bucket, site, key)


def _page(ctx: Context, bucket: Bucket, site: Document, key: str) -> Response:
    if everything := site.get("RedirectAllRequestsTo"):
        return _redirect(ctx, everything, key)
    rules = site.get("RoutingRules", ())
    for rule in rules:
        condition = rule.get("Condition", {})
        if "HttpErrorCodeReturnedEquals" not in condition and _begins(condition, key):
            return _redirect(ctx, rule["Redirect"], key, condition)
    index = site["IndexDocument"]["Suffix"]
    try:
        return _object(ctx, bucket, key + index if not key or key.endswith("/") else key)
    except errors.NotModified as unmodified:
        return Response(304, list(unmodified.headers.items()))
    except AwsError as error:
        if isinstance(error, errors.NoSuchKey) and _is_folder(ctx, bucket, key, index):
            return Response(302, [("Location", f"/{quote(key)}/")])
        for rule in rules:
            condition = rule.get("Condition", {})
            if condition.get("HttpErrorCodeReturnedEquals") == str(_status(error)) and _begins(condition, key):
                return _redirect(ctx, rule["Redirect"], key, condition)
        return _failed(ctx, bucket, site, error)


def _begins(condition: Document, key: str) -> bool:
    return key.startswith(condition.get("KeyPrefixEquals", ""))


def _redirect(ctx: Context, redirect: Document, key: str, condition: Document | None = None) -> Response:
    assert ctx.request
    if "ReplaceKeyWith" in redirect:
        key = redirect["ReplaceKeyWith"]
    elif "ReplaceKeyPrefixWith" in redirect:
        key = redirect["ReplaceKeyPrefixWith"] + key.removeprefix((condition or {}).get("KeyPrefixEquals", ""))
    protocol = redirect.get("Protocol") or ctx.request.scheme
    host = redirect.get("HostName") or ctx.request.headers.get("host")
    status = int(redirect.get("HttpRedirectCode", "301"))
    return Response(status, [("Location", f"{protocol}://{host}/{quote(key, safe='/#!?=&')}")])


def _object(ctx: Context, bucket: Bucket, key: str, status: int = 200) -> Response:
    """The object as GetObject and HeadObject answer it, or the redirect that it stands for.

    The error document (another status) goes out whole, whatever the request says of ranges and versions it has.
    """
    assert ctx.request
    name, handler = OPERATIONS[ctx.request.method]
    headers = ctx.request.headers if status == 200 else type(ctx.request.headers)()
    plain = Request(ctx.request.method, "/", headers, Body())  # a website takes no parameters from the query
    ctx = ctx.by(ANONYMOUS, name)  # nor does it ask for a signature
    authorise(ctx, name, {"Bucket": bucket.name, "Key": key})
    found = versions.latest(buckets.home(ctx, bucket), bucket, key)
    if found is not None and found.redirect:
        return Response(301, [("Location", found.redirect)])
    codec, operation = codec_for(s3.model, s3.model.protocols[0]), s3.model.operations[name]
    params = codec.parse(operation, plain, b"", {"Bucket": bucket.name, "Key": key})
    answer = handler(ctx, **params)
    requests.billed(ctx, params, answer, None)
    response = codec.serialise(operation, answer, request_id=ctx.request_id)
    response.status = status
    return response


def _is_folder(ctx: Context, bucket: Bucket, key: str, index: str) -> bool:
    if not key or key.endswith("/"):
        return False
    found = versions.latest(buckets.home(ctx, bucket), bucket, f"{key}/{index}")
    return found is not None and not found.marker


def _failed(ctx: Context, bucket: Bucket, site: Document, error: AwsError) -> Response:
    """The site's own error document, with the status of the error; S3's page where it has none."""
    if "ErrorDocument" not in site:
        return _error_page(ctx, error)
    try:
        return _object(ctx, bucket, site["ErrorDocument"]["Key"], _status(error))
    except AwsError as second:
        return _error_page(ctx, error, second)


def _error_page(ctx: Context, error: AwsError, second: AwsError | None = None) -> Response:
    """S3's page; `second` is what the attempt to answer with the site's error document led to."""
    status = _status(error)
    title = f"{status} {HTTPStatus(status).phrase}"
    ids = {"RequestId": ctx.request_id, "HostId": notifications.host_id(ctx.request_id)}
    body = (
        f"<html>\n<head><title>{title}</title></head>\n<body>\n<h1>{title}</h1>\n"
        f"{_list({'Code': error.code, 'Message': error.message, **error.fields, **ids})}"
    )
    if second is not None:
        body += "<h3>An Error Occurred While Attempting to Retrieve a Custom Error Document</h3>\n"
        body += _list({"Code": second.code, "Message": second.message, **second.fields})
    body += "<hr/>\n</body>\n</html>\n"
    headers = [
        ("Content-Type", "text/html; charset=utf-8"),
        ("x-amz-error-code", error.code),
        ("x-amz-error-message", error.message),
        *((f"x-amz-error-detail-{name}", quote(str(value), safe="/ ")) for name, value in error.fields.items()),
    ]
    return Response(status, headers, body.encode())


def _list(items: Document) -> str:
    lines = "".join(f"<li>{name}: {escape(str(value), quote=False)}</li>\n" for name, value in items.items())
    return f"<ul>\n{lines}</ul>\n"


def _status(error: AwsError) -> int:
    return error.status or 400
