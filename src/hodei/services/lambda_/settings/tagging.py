"""Tags of functions, event source mappings and code signing configurations, by ARN."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hodei.kernel.arns import Arn
from hodei.kernel.context import Context
from hodei.services.lambda_ import errors, rules
from hodei.services.lambda_.find import Name, function_of
from hodei.services.lambda_.service import lambda_
from hodei.services.lambda_.settings import code_signing
from hodei.services.lambda_.state import mappings


@lambda_.operation("TagResource")
def tag_resource(ctx: Context, *, Resource: str, Tags: Mapping[str, str]) -> None:
    there = _there(ctx, Resource)
    if not Tags:
        raise rules.invalid("An error occurred and the request cannot be processed.")
    tags = {**there.tags.get(there, Resource), **Tags}
    rules.check_tags(tags)
    there.tags.set(there, Resource, tags)


@lambda_.operation("UntagResource")
def untag_resource(ctx: Context, *, Resource: str, TagKeys: Sequence[str]) -> None:
    there = _there(ctx, Resource)
    if not TagKeys:
        raise errors.ValidationException(
            reason="1 validation error detected: Value null at 'tagKeys' failed to satisfy constraint: "
            "Member must not be null"
        )
    there.tags.remove(there, Resource, list(TagKeys))


@lambda_.operation("ListTags")
def list_tags(ctx: Context, *, Resource: str) -> dict[str, Any]:
    there = _there(ctx, Resource)
    return {"Tags": dict(there.tags.get(there, Resource))}


def _there(ctx: Context, arn: str) -> Context:
    """A context in the account of a resource that is there. Raises: InvalidParameterValueException,
    ResourceNotFoundException."""
    place = Arn.parse(arn)
    kind, _, rest = place.resource.partition(":")
    there = ctx.at(account=place.account, region=place.region)
    if kind == "function":
        name, _, qualifier = rest.partition(":")
        if qualifier:
            raise rules.invalid(
                "Tags on function aliases and versions are not supported. Please specify a function ARN."
            )
        function_of(Name(there, name, ""))
    elif kind == "code-signing-config":
        if code_signing.find(there, arn) is None:
            raise code_signing.missing(arn)
    elif kind != "event-source-mapping" or mappings.get(there, rest) is None:
        title = kind.replace("-", " ").capitalize()
        raise errors.ResourceNotFoundException(reason=f"{title} not found: {arn}")
    return there
