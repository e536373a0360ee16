"""Condition keys of a request: what a policy's conditions can ask of it.

Found only when a policy asks. Names are in lower case; a key that the request does not have is None.
Source: "AWS global condition context keys" in the IAM user guide; the keys of services from their manifests.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from hodei.kernel.arns import GLOBAL_REGION, Arn
from hodei.kernel.iam.controls import table as controls
from hodei.kernel.iam.hooks import Endpoint, endpoint_of

if TYPE_CHECKING:
    from hodei.kernel.context import Context
    from hodei.kernel.service import Service
    from hodei.protocol.http import Request

Values = list[str] | None
REQUEST_TAG, RESOURCE_TAG, PRINCIPAL_TAG = "aws:requesttag/", "aws:resourcetag/", "aws:principaltag/"
FAMILY = re.compile(r"[^:/]+:[^:/]+[:/]")  # of keys: "s3:existingobjecttag/", "kms:encryptioncontext:"
TAG_MEMBERS = ("Tags", "tags", "TagList", "TagSet", "Tagging", "AddTags")
TAG_KEYS_MEMBERS = ("TagKeys", "tagKeys", "TagKeyList", "Keys")
CALLED_VIA = ("athena.amazonaws.com", "cloudformation.amazonaws.com", "dynamodb.amazonaws.com", "kms.amazonaws.com")
TYPES = {
    "root": "Account",
    "user": "User",
    "role-session": "AssumedRole",
    "federated-user": "FederatedUser",
    "anonymous": "Anonymous",
}


class Facts(Mapping[str, list[str]]):
    """The condition keys of one request on one resource.

    `own_tags` are those of the user or role that asks.
    """

    def __init__(
        self,
        ctx: Context,
        params: Mapping[str, Any],
        resource: str,
        resource_account: str,
        own_tags: Mapping[str, str],
    ) -> None:
        self.ctx = ctx
        self.params = params
        self.resource = resource
        self.resource_account = resource_account
        self.own_tags = own_tags
        self._own = _keys_of(ctx.service)
        self._found: dict[str, Values] = {}

    def __getitem__(self, name: str) -> list[str]:
        if name not in self._found:
            self._found[name] = self._look(name)
        if (values := self._found[name]) is None:
            raise KeyError(name)
        return values

    def __iter__(self) -> Iterator[str]:
        return iter([name for name in {*GLOBAL, *self._own} if name in self])

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _look(self, name: str) -> Values:
        if found := GLOBAL.get(name):
            return found(self)
        for prefix, tags in TAGS.items():
            if name.startswith(prefix):
                return _named(tags(self), name.removeprefix(prefix))
        if own := self._own.get(name):
            return as_values(own(self.ctx, self.params))
        if (family := FAMILY.match(name)) and (own := self._own.get(family[0])):
            return _named(own(self.ctx, self.params), name[family.end() :])
        service, _, key = name.partition(":")
        if key.startswith(("resourcetag/", "requesttag/")) and service != "aws":  # the older spelling of some services
            return self._look(f"aws:{key}")
        session = self.ctx.principal.session
        return session.context.get(name) if session else None


def _keys_of(service: Service) -> Mapping[str, Callable[[Any, Mapping[str, Any]], Any]]:
    """The condition keys of a service. Those that its manifest declares are registered when its needs are read."""
    assert service.needs
    return service.condition_keys


def as_values(given: Any) -> Values:
    """What a declaration found, as a policy compares it."""
    if given is None:
        return None
    if isinstance(given, bool):
        return ["true" if given else "false"]
    if isinstance(given, str):
        return [given]
    if isinstance(given, datetime):
        return [given.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")]
    if isinstance(given, Iterable):
        return [value for one in given for value in as_values(one) or ()]
    return [str(given)]


def _named(values: Mapping[str, str], name: str) -> Values:
    """Keys of tags are compared without case."""
    return next(([value] for key, value in values.items() if key.lower() == name), None)


def request_tags(facts: Facts) -> Mapping[str, str]:
    """The tags that a request brings, in whichever of AWS's shapes."""
    for member in TAG_MEMBERS:
        if (given := facts.params.get(member)) is not None:
            return tags_in(given)
    return {}


def tags_in(given: Any) -> Mapping[str, str]:
    if isinstance(given, Mapping):
        return tags_in(given["TagSet"]) if "TagSet" in given else {str(key): str(value) for key, value in given.items()}
    if isinstance(given, str):  # S3's header: a=b&c=d
        from urllib.parse import parse_qsl

        return dict(parse_qsl(given, keep_blank_values=True))
    found = {}
    for one in given:
        if isinstance(one, Mapping):
            lowered = {key.lower(): value for key, value in one.items()}
            key = lowered.get("key", lowered.get("tagkey"))
            found[str(key)] = str(lowered.get("value", lowered.get("tagvalue", "")))
    return found


def tag_keys(facts: Facts) -> Values:
    tags = list(request_tags(facts))
    for member in TAG_KEYS_MEMBERS:
        given = facts.params.get(member)
        if isinstance(given, list) and all(isinstance(one, str) for one in given):
            tags += given
    return tags or None


def resource_tags(facts: Facts) -> Mapping[str, str]:
    ctx = facts.ctx
    try:
        arn = Arn.parse(facts.resource)
    except ValueError:
        return {}
    where = ctx.at(account=facts.resource_account or ctx.account, region=arn.region or ctx.region)
    return ctx.service.resource_tags(where, facts.resource)


def principal_tags(facts: Facts) -> Mapping[str, str]:
    """Those of a session come before those of its role or user, however their keys are written."""
    session = facts.ctx.principal.session
    if not session or not session.tags:
        return facts.own_tags
    overridden = {key.lower() for key in session.tags}
    return {**session.tags, **{key: value for key, value in facts.own_tags.items() if key.lower() not in overridden}}


TAGS: Mapping[str, Callable[[Facts], Mapping[str, str]]] = {
    REQUEST_TAG: request_tags,
    RESOURCE_TAG: resource_tags,
    PRINCIPAL_TAG: principal_tags,
}


def _principal_arn(facts: Facts) -> Values:
    """Of a session the role that it is of."""
    principal = facts.ctx.principal
    if principal.anonymous or principal.service:
        return None
    return [principal.session.issuer if principal.session and principal.kind == "role-session" else principal.arn]


def _user_id(facts: Facts) -> Values:
    principal = facts.ctx.principal
    return None if principal.service else as_values(principal.id or principal.account or None)


def _username(facts: Facts) -> Values:
    principal = facts.ctx.principal
    return [principal.arn.rpartition("/")[2]] if principal.kind == "user" else None


def _request(facts: Facts) -> Request | None:
    """The caller's own: what a service asks of another, of itself or for its caller, is none."""
    return None if facts.ctx.via or facts.ctx.principal.service else facts.ctx.request


def _source_ip(facts: Facts) -> Values:
    """Through a VPC endpoint there is aws:VpcSourceIp instead."""
    request = _request(facts)
    return [request.client] if request and not endpoint_of(facts.ctx) else None


def _header(name: str) -> Callable[[Facts], Values]:
    def find(facts: Facts) -> Values:
        request = _request(facts)
        return [value] if request and (value := request.headers.get(name)) else None

    return find


def _endpoint(read: Callable[[Endpoint], str]) -> Callable[[Facts], Values]:
    def find(facts: Facts) -> Values:
        endpoint = endpoint_of(facts.ctx)
        return [read(endpoint)] if endpoint else None

    return find


def _via(facts: Facts) -> list[str]:
    """The services that have called one another for the caller. One that calls of itself is the caller."""
    return [] if facts.ctx.principal.service else list(facts.ctx.via)


def _called_via(part: slice) -> Callable[[Facts], Values]:
    return lambda facts: [name for name in _via(facts) if name in CALLED_VIA][part] or None


def _region(facts: Facts) -> Values:
    """Services that have no regions live in one."""
    return [GLOBAL_REGION if facts.ctx.service.manifest.audit.get("global") else facts.ctx.region]


def _principal_account(facts: Facts) -> Values:
    principal = facts.ctx.principal
    return ["anonymous"] if principal.anonymous else as_values((not principal.service and principal.account) or None)


def _time(at: float) -> list[str]:
    return [datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")]


def _mfa(facts: Facts) -> Values:
    """Only temporary credentials tell it."""
    session = facts.ctx.principal.session
    return ["true" if session.mfa else "false"] if session else None


def _mfa_age(facts: Facts) -> Values:
    session = facts.ctx.principal.session
    return [str(int(facts.ctx.now - session.mfa))] if session and session.mfa else None


def _assumed_root(facts: Facts) -> Values:
    """Only sessions of a root by AssumeRoot have it."""
    session = facts.ctx.principal.session
    return ["true"] if session and session.task else None


def _token_issue_time(facts: Facts) -> Values:
    session = facts.ctx.principal.session
    return _time(session.started) if session and session.started else None


def _of_session(read: Callable[[Any], Any]) -> Callable[[Facts], Values]:
    def find(facts: Facts) -> Values:
        session = facts.ctx.principal.session
        return as_values(read(session) or None) if session else None

    return find


def _organization(account: Callable[[Facts], str], field: str) -> Callable[[Facts], Values]:
    """`organization` or `path`, of the organization that an account is in."""

    def find(facts: Facts) -> Values:
        found = controls.get(facts.ctx, account(facts))
        return [getattr(found, field)] if found else None

    return find


def _of_principal(facts: Facts) -> str:
    return "" if facts.ctx.principal.service else facts.ctx.principal.account


def _of_source(facts: Facts) -> str:
    return facts.ctx.principal.account if facts.ctx.principal.service else ""


def _of_endpoint(facts: Facts) -> str:
    endpoint = endpoint_of(facts.ctx)
    return endpoint.account if endpoint else ""


def _of_resource(facts: Facts) -> str:
    return facts.resource_account


def _secure(facts: Facts) -> Values:
    request = _request(facts)
    return ["true" if request is None or request.scheme == "https" else "false"]


GLOBAL: Mapping[str, Callable[[Facts], Values]] = {
    "aws:assumedroot": _assumed_root,
    "aws:calledvia": _called_via(slice(None)),
    "aws:calledviafirst": _called_via(slice(1)),
    "aws:calledvialast": _called_via(slice(-1, None)),
    "aws:currenttime": lambda facts: _time(facts.ctx.now),
    "aws:epochtime": lambda facts: [str(int(facts.ctx.now))],
    "aws:federatedprovider": _of_session(lambda session: session.provider),
    "aws:multifactorauthage": _mfa_age,
    "aws:multifactorauthpresent": _mfa,
    "aws:principalaccount": _principal_account,
    "aws:principalarn": _principal_arn,
    "aws:principalisawsservice": lambda facts: ["true" if facts.ctx.principal.service else "false"],
    "aws:principalorgid": _organization(_of_principal, "organization"),
    "aws:principalorgpaths": _organization(_of_principal, "path"),
    "aws:principalservicename": lambda facts: as_values(facts.ctx.principal.service or None),
    "aws:principalservicenameslist": lambda facts: as_values(facts.ctx.principal.service or None),
    "aws:principaltype": lambda facts: as_values(TYPES.get(facts.ctx.principal.kind)),
    "aws:referer": _header("referer"),
    "aws:requestedregion": _region,
    "aws:resourceaccount": lambda facts: as_values(facts.resource_account or None),
    "aws:resourceorgid": _organization(_of_resource, "organization"),
    "aws:resourceorgpaths": _organization(_of_resource, "path"),
    "aws:securetransport": _secure,
    "aws:sourceaccount": lambda facts: as_values(facts.ctx.principal.account) if facts.ctx.principal.service else None,
    "aws:sourcearn": lambda facts: as_values(facts.ctx.principal.source or None),
    "aws:sourceidentity": _of_session(lambda session: session.source_identity),
    "aws:sourceip": _source_ip,
    "aws:sourceorgid": _organization(_of_source, "organization"),
    "aws:sourceorgpaths": _organization(_of_source, "path"),
    "aws:sourcevpc": _endpoint(lambda endpoint: endpoint.vpc.rpartition("/")[2]),
    "aws:sourcevpcarn": _endpoint(lambda endpoint: endpoint.vpc),
    "aws:sourcevpce": _endpoint(lambda endpoint: endpoint.id),
    "aws:tagkeys": tag_keys,
    "aws:tokenissuetime": _token_issue_time,
    "aws:useragent": _header("user-agent"),
    "aws:userid": _user_id,
    "aws:username": _username,
    "aws:viaawsservice": lambda facts: ["true" if _via(facts) else "false"],
    "aws:vpceaccount": _endpoint(lambda endpoint: endpoint.account),
    "aws:vpceorgid": _organization(_of_endpoint, "organization"),
    "aws:vpceorgpaths": _organization(_of_endpoint, "path"),
    "aws:vpcsourceip": _endpoint(lambda endpoint: endpoint.address),
}
