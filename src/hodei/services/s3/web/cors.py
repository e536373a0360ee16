"""Cross-origin requests: the rules of a bucket, preflight requests, and what a rule adds to answers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hodei.kernel.context import Context
from hodei.protocol.http import Request, Response
from hodei.services.s3 import errors
from hodei.services.s3.buckets import configurations
from hodei.services.s3.buckets.configurations import configuration
from hodei.services.s3.service import s3
from hodei.services.s3.state import Bucket, buckets
from hodei.services.s3.web.addresses import resource

METHODS = ("GET", "PUT", "POST", "DELETE", "HEAD")
MOST_RULES = 100
VARY = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"

Rule = dict[str, Any]


@configuration(
    "cors",
    put="PutBucketCors",
    get="GetBucketCors",
    delete="DeleteBucketCors",
    member="CORSConfiguration",
    wrapped=False,
    missing=errors.NoSuchCORSConfiguration,
)
def accept_cors(home: Context, bucket: Bucket, document: Any) -> Any:
    rules = document.get("CORSRules") or []
    if not rules:
        raise errors.MalformedXML()
    if len(rules) > MOST_RULES:
        raise errors.InvalidRequest(f"The number of CORS rules should not exceed allowed limit of {MOST_RULES} rules.")
    for rule in rules:
        _check_rule(rule)
    return document


def _check_rule(rule: Rule) -> None:
    if not rule.get("AllowedMethods") or not rule.get("AllowedOrigins"):
        raise errors.MalformedXML()
    for method in rule["AllowedMethods"]:
        if method not in METHODS:
            raise errors.InvalidRequest(f"Found unsupported HTTP method in CORS config. Unsupported method is {method}")
    for name in ("AllowedOrigin", "AllowedHeader"):
        for pattern in rule.get(f"{name}s", ()):
            if pattern.count("*") > 1:
                raise errors.InvalidRequest(f'{name} "{pattern}" can not have more than one wildcard.')
    for header in rule.get("ExposeHeaders", ()):
        if "*" in header:
            raise errors.InvalidRequest(
                f'ExposeHeader "{header}" contains wildcard. We currently do not support wildcard for ExposeHeader.'
            )


@s3.endpoint(lambda request: request.method == "OPTIONS")
def preflight(ctx: Context, request: Request) -> Response:
    """OPTIONS: may a page of that origin send this request?"""
    origin = request.headers.get("origin")
    if not origin:
        raise errors.BadRequest("Insufficient information. Origin request header needed.")
    method = request.headers.get("access-control-request-method")
    name, key = resource(ctx, request)
    about = {"Method": method or "OPTIONS", "ResourceType": "OBJECT" if key else "BUCKET"}
    bucket = buckets.get(ctx, name)
    if bucket is None:
        raise errors.AccessForbidden("CORSResponse: Bucket not found", **about)
    if (rules := _rules(ctx, bucket)) is None:
        raise errors.AccessForbidden("CORSResponse: CORS is not enabled for this bucket.", **about)
    if method not in METHODS:
        raise errors.BadRequest(f"Invalid Access-Control-Request-Method: {method or 'null'}")
    headers = [
        part.strip() for part in request.headers.get("access-control-request-headers").split(",") if part.strip()
    ]
    for rule in rules:
        if _allows(rule, origin, method) and all(
            _any_matches(rule.get("AllowedHeaders", ()), name) for name in headers
        ):
            allowed = [("Access-Control-Allow-Headers", ", ".join(name.lower() for name in headers))] if headers else []
            return Response(200, [*_headers(rule, origin), *allowed])
    raise errors.AccessForbidden(
        "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request "
        "method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the "
        "resource's CORS spec.",
        **about,
    )


def add_headers(ctx: Context, request: Request, response: Response) -> None:
    """Let the page that a browser shows read the answer, if a rule of the bucket has its origin and method.

    Access-Control-Request-Method counts for the method here too.
    """
    origin = request.headers.get("origin")
    if not origin or request.method == "OPTIONS":
        return
    method = request.headers.get("access-control-request-method") or request.method
    bucket = buckets.get(ctx, resource(ctx, request)[0])
    for rule in (_rules(ctx, bucket) if bucket else None) or ():
        if _allows(rule, origin, method):
            response.headers.extend(_headers(rule, origin))
            return


def _rules(ctx: Context, bucket: Bucket) -> list[Rule] | None:
    document = configurations.find(ctx.at(account=bucket.account, region=bucket.region), bucket, "cors")
    return document["CORSRules"] if document else None


def _allows(rule: Rule, origin: str, method: str) -> bool:
    return method in rule["AllowedMethods"] and any(_matches(pattern, origin) for pattern in rule["AllowedOrigins"])


def _any_matches(patterns: Iterable[str], name: str) -> bool:
    return any(_matches(pattern.lower(), name.lower()) for pattern in patterns)


def _matches(pattern: str, text: str) -> bool:
    """A pattern has at most one `*`, which stands for any text."""
    head, star, tail = pattern.partition("*")
    if not star:
        return pattern == text
    return len(text) >= len(head) + len(tail) and text.startswith(head) and text.endswith(tail)


def _headers(rule: Rule, origin: str) -> list[tuple[str, str]]:
    anyone = next(pattern for pattern in rule["AllowedOrigins"] if _matches(pattern, origin)) == "*"
    headers = [
        ("Access-Control-Allow-Origin", "*" if anyone else origin),
        ("Access-Control-Allow-Methods", ", ".join(rule["AllowedMethods"])),
    ]
    if not anyone:
        headers.append(("Access-Control-Allow-Credentials", "true"))
    if exposed := rule.get("ExposeHeaders"):
        headers.append(("Access-Control-Expose-Headers", ", ".join(exposed)))
    if (age := rule.get("MaxAgeSeconds")) is not None:
        headers.append(("Access-Control-Max-Age", str(age)))
    return [*headers, ("Vary", VARY)]
