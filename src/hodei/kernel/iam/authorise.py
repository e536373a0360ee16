"""Whether a call may be made: asked for every operation, after its parameters are known to be good."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from hodei.kernel.errors import declare
from hodei.kernel.iam import controls, tag_policies
from hodei.kernel.iam.controls import Controls
from hodei.kernel.iam.documents import MalformedPolicy, parse
from hodei.kernel.iam.evaluate import AccessRequest, Decision, Named, Policies, evaluate
from hodei.kernel.iam.facts import Facts
from hodei.kernel.iam.hooks import Identity, ResourcePolicy, endpoint_of
from hodei.kernel.iam.needs import ANY, Need
from hodei.kernel.iam.principals import Principal
from hodei.kernel.iam.wording import wording

if TYPE_CHECKING:
    from hodei.kernel import context
    from hodei.kernel.context import Context
    from hodei.kernel.errors import AwsError

NOBODY = Identity()
CLOSED = Decision("implicit-deny", None, None, {})  # where an account is: AWS gives no reason
WITHOUT_IDENTITY = ("root", "service", "anonymous")


def authorise(ctx: Context, operation: str, params: Mapping[str, Any]) -> None:
    """Raises: AccessDenied, in the words and with the code of the service; what `on_resource` raises; that tags do not
    comply with the organization's policy."""
    _authorise(ctx, operation, params)
    tag_policies.check(ctx, operation, params)


def _authorise(ctx: Context, operation: str, params: Mapping[str, Any]) -> None:
    service, principal = ctx.service, ctx.principal
    if _unlimited(ctx) and not controls.binding(ctx, principal.account):
        if service.resource_policy is None:
            return
        if principal.kind == "root" and service.unguarded and service.unguarded(ctx, params):
            return
    check(ctx, service.needs.of(ctx, operation, params), params)


def _unlimited(ctx: Context) -> bool:
    """Whether only resources' policies, and those of an organization, can stop it. The session of a root has a task."""
    principal = ctx.principal
    if principal.kind not in WITHOUT_IDENTITY or (principal.session and principal.session.task):
        return False
    return endpoint_of(ctx) is None


def check(ctx: Context, needs: Iterable[Need], params: Mapping[str, Any]) -> None:
    """Whether the caller has all these permissions: for what `authorise` cannot know of. Raises as that does."""
    principal = ctx.principal
    bound = controls.binding(ctx, principal.account)
    unlimited = principal.kind == "root" and not bound and _unlimited(ctx)
    identity: Identity | None = None
    for need in needs:
        owned = _owned(ctx, need)
        if unlimited and not _guarded(owned) and owned.account == principal.account:
            continue
        if identity is None:
            identity = _identity(ctx)
        request, decision = _decided(ctx, params, need, owned, identity, bound)
        if decision.allowed:
            ctx.world.decisions.note(ctx, request, decision)
        else:
            error = denied(ctx, request, decision)
            ctx.world.decisions.note(ctx, request, decision, wording(decision, request))
            raise error


def _decided(
    ctx: Context,
    params: Mapping[str, Any],
    need: Need,
    owned: ResourcePolicy,
    identity: Identity,
    bound: Controls | None,
) -> tuple[AccessRequest, Decision]:
    request = AccessRequest(
        action=need.action,
        resource=need.resource,
        context=Facts(ctx, params if need.params is None else need.params, need.resource, owned.account, identity.tags),
        principal=asking(ctx.principal),
        resource_account=owned.account,
        resource_must_allow=owned.must_allow or _all_must_allow(ctx, need),
    )
    owner = bound if owned.account == ctx.principal.account else controls.binding(ctx, owned.account)
    if (bound and bound.closed) or (owner and owner.closed):
        return request, CLOSED
    session, endpoint = ctx.principal.session, endpoint_of(ctx)
    policies = Policies(
        identity=identity.policies,
        boundary=identity.boundary,
        session=_session(session.policies) if session else (),
        resource=(*_resource(owned.document, need.resource), *_resource(owned.grants, need.resource)),
        scp=controls.compiled(bound.scp, "scp") if bound else (),
        rcp=_on_resource(owner, need, owned),
        endpoint=_way_in(endpoint.id, endpoint.document) if endpoint else (),
    )
    return request, evaluate(request, policies)


def _on_resource(owner: Controls | None, need: Need, owned: ResourcePolicy) -> Sequence[Sequence[Named]]:
    """What the organization of its owner says of a resource."""
    if owner is None or owned.managed or not controls.resources_bound(need.action, need.resource):
        return ()
    return controls.compiled(owner.rcp, "rcp")


def _guarded(owned: ResourcePolicy) -> bool:
    """Whether its policy can stop even the root of its account."""
    return bool(owned.document) or owned.must_allow


def _all_must_allow(ctx: Context, need: Need) -> bool:
    return need.resource != ANY and bool(ctx.service.manifest.iam.get("resource_must_allow"))


def _owned(ctx: Context, need: Need) -> ResourcePolicy:
    """Whose the resource is, and its policy."""
    if need.owned is not None:
        return need.owned
    if need.resource == ANY:
        return ResourcePolicy(ctx.principal.account)
    if (hook := ctx.service.resource_policy) and (found := hook(ctx, need.resource)):
        return found
    parts = need.resource.split(":", 5)  # of what is no ARN the operation itself says so
    return ResourcePolicy((parts[4] if len(parts) == 6 else "") or ctx.principal.account)


def _identity(ctx: Context) -> Identity:
    if ctx.principal.kind not in ("user", "role-session", "federated-user"):
        return NOBODY
    iam = ctx.world.context("iam", account=ctx.principal.account, region=ctx.region, principal=ctx.principal)
    return iam.service.identity(iam, ctx.principal) if iam.service.identity else NOBODY


def asking(principal: context.Principal) -> Principal:
    """The caller as policies know it."""
    session = principal.session
    return Principal(
        kind=principal.kind,
        arn=principal.service or ("" if principal.anonymous else principal.arn),
        account="" if principal.service else principal.account,
        entity=session.issuer if session else "",
        entity_id=session.issuer_id if session else "",
        ids=frozenset((principal.id,)) if principal.id else frozenset(),
        service_linked=bool(session and ":role/aws-service-role/" in session.issuer),
    )


@lru_cache(1024)
def _session(documents: tuple[str, ...]) -> Sequence[Named]:
    return tuple(Named(parse(document, "session"), "session policy") for document in documents)


@lru_cache(1024)
def _way_in(endpoint: str, document: str) -> Sequence[Named]:
    return (Named(parse(document, "vpce"), endpoint),)


@lru_cache(1024)
def _resource(document: str, resource: str) -> Sequence[Named]:
    if not document:
        return ()
    try:
        return (Named(parse(document, "resource"), resource),)
    except MalformedPolicy:
        return ()  # from before policies were checked


def denied(ctx: Context, request: AccessRequest, decision: Decision) -> AwsError:
    if ctx.service.denied is not None:
        return ctx.service.denied(ctx, request, decision)
    code = ctx.service.manifest.iam.get("denied", "AccessDeniedException")
    return declare(code, status=ctx.service.manifest.iam.get("denied_status"))(wording(decision, request))
