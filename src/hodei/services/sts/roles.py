"""How one becomes a role, whichever way one has proved who one is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

import hodei.services.iam.api as iam
from hodei.kernel.arns import Arn
from hodei.kernel.context import Context
from hodei.kernel.iam.authorise import check
from hodei.kernel.iam.hooks import ResourcePolicy
from hodei.kernel.iam.keys import Session
from hodei.kernel.iam.needs import Need, reference
from hodei.services.sts import errors, places, policies, sessions
from hodei.services.sts.policies import Descriptors
from hodei.services.sts.service import sts
from hodei.services.sts.tags import SessionTags, merged

DEFAULT_SECONDS = LONGEST_CHAINED = 3600
NO_PROOF = Session(name="", issuer="")


class Wish(Struct, frozen=True):
    """To be a role, as an operation was asked for it; with tags and a source identity that may come from a token."""

    action: str  # "sts:AssumeRole"
    role: str  # ARN
    name: str  # of the session
    policy: str = ""
    policies: Descriptors = ()
    seconds: int = DEFAULT_SECONDS
    tags: Mapping[str, str] = {}
    transitive: Sequence[str] = ()
    source_identity: str = ""
    external_id: str = ""
    until: float | None = None  # when the session that the identity provider has of the user ends


def assume(ctx: Context, wish: Wish) -> dict[str, Any]:
    """The members that the answers of all operations share. A session of the caller that was `started` makes the new
    one chained; one that was not holds what this call has proved by an MFA code or a token.

    Raises: AccessDenied if the role does not trust the caller, or the caller may not; what is wrong with parameters.
    """
    account = Arn.parse(wish.role).account
    proof = ctx.principal.session or NO_PROOF
    caller = proof if proof.started else None
    tags = merged(wish.tags, wish.transitive, caller)
    source_identity = _source_identity(ctx, wish, caller)
    role = iam.role(places.iam(ctx, account), wish.role)
    owned = ResourcePolicy(account, role.trust if role else "", must_allow=True)
    check(ctx, _needs(wish, owned, tags, source_identity), {})
    assert role, "a role that there is not trusts nobody"
    seconds = _seconds(ctx, wish, role.max_session, caller)
    found = policies.read(ctx, account, wish.policy, wish.policies, tags.tags)
    session = Session(
        name=wish.name,
        issuer=wish.role,
        issuer_id=role.id,
        policies=found.documents,
        tags=tags.tags,
        transitive=tags.transitive,
        source_identity=source_identity,
        started=ctx.now,
        provider="" if caller else proof.provider,
        chained=caller is not None,
        context={} if caller else _lasting(proof.context),
    )
    packed = {"PackedPolicySize": found.packed} if found.documents or tags.tags else {}
    return _issued(ctx, account, role, session, seconds) | packed


def _issued(ctx: Context, account: str, role: iam.Role, session: Session, seconds: int) -> dict[str, Any]:
    partition = Arn.parse(session.issuer).partition
    arn = f"arn:{partition}:sts::{account}:assumed-role/{role.name}/{session.name}"
    id = f"{role.id}:{session.name}"
    credentials = sessions.issue(
        ctx, account=account, kind="role-session", arn=arn, id=id, seconds=seconds, session=session
    )
    answer = {"Credentials": credentials, "AssumedRoleUser": {"AssumedRoleId": id, "Arn": arn}}
    return answer | ({"SourceIdentity": session.source_identity} if session.source_identity else {})


def _source_identity(ctx: Context, wish: Wish, caller: Session | None) -> str:
    """Once set it stays, from role to role."""
    inherited = caller.source_identity if caller else ""
    if inherited and wish.source_identity not in ("", inherited):
        raise errors.AccessDenied(
            f"User: {ctx.principal.arn} is not authorized to perform: sts:SetSourceIdentity on resource: {wish.role}"
        )
    return wish.source_identity or inherited


def _needs(wish: Wish, owned: ResourcePolicy, tags: SessionTags, source_identity: str) -> Iterator[Need]:
    """Tags and a source identity that are inherited need the permission of each role that they come to."""
    given = {
        "RoleSessionName": wish.name,
        "ExternalId": wish.external_id,
        "SourceIdentity": source_identity,
        "Tags": tags.tags,
        "TransitiveTagKeys": list(wish.transitive),
    }
    params = {name: value for name, value in given.items() if value}
    yield Need(wish.action, wish.role, params, owned)
    if tags.tags:
        yield Need("sts:TagSession", wish.role, params, owned)
    if source_identity:
        yield Need("sts:SetSourceIdentity", wish.role, params, owned)


def _seconds(ctx: Context, wish: Wish, longest: int, caller: Session | None) -> int:
    """Whatever a role allows, a session that was made by a session ends after an hour.

    Raises: ValidationError, ExpiredTokenException.
    """
    if caller and wish.seconds > LONGEST_CHAINED:
        raise errors.ValidationError(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
        )
    if wish.seconds > longest:
        raise errors.ValidationError("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
    if wish.until is None:
        return wish.seconds
    if wish.until <= ctx.now:
        raise errors.ExpiredToken("Response has expired")
    return min(wish.seconds, int(wish.until - ctx.now))


def _lasting(context: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """The condition keys of a federation that requests of the session have, too: those of SAML users and of a few
    providers.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html
    """
    known = {key.lower() for key in reference("actions", "sts")["assumerole"]["conditionKeys"]}
    return {key: values for key, values in context.items() if key in known}


def _tags_of(ctx: Context, arn: str) -> Mapping[str, str]:
    role = iam.role(places.iam(ctx, ctx.account), arn)
    return role.tags if role else {}


sts.resource_tags = _tags_of
