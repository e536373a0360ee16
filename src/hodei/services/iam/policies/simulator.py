"""The policy simulator: the engine that decides on every call, asked about calls that nobody makes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from hodei.kernel.context import Context
from hodei.kernel.iam import Kind, MalformedPolicy, Named, context_keys, parse
from hodei.services.iam import errors, pages
from hodei.services.iam.policies import lookup, sources
from hodei.services.iam.policies.simulation import Document, Simulation
from hodei.services.iam.policies.sources import Source
from hodei.services.iam.service import iam

Entries = Sequence[Mapping[str, Any]]


@iam.operation("SimulateCustomPolicy")
def simulate_custom_policy(
    ctx: Context,
    *,
    PolicyInputList: Sequence[str],
    ActionNames: Sequence[str],
    PermissionsBoundaryPolicyInputList: Sequence[str] = (),
    OrderedOrganizationPolicyInputList: Sequence[Mapping[str, Sequence[str]]] = (),
    ResourceArns: Sequence[str] = ("*",),
    ResourcePolicy: str = "",
    ResourceOwner: str = "",
    CallerArn: str = "",
    ContextEntries: Entries = (),
    MaxItems: int = pages.MOST,
    Marker: str = "",
) -> dict[str, Any]:
    levels = [level.get("ServiceControlPolicyInputList", ()) for level in OrderedOrganizationPolicyInputList]
    simulation = Simulation(
        identity=list(_given(PolicyInputList, "PolicyInputList")),
        boundary=list(_given(PermissionsBoundaryPolicyInputList, "PermissionsBoundaryPolicyInputList", "boundary")),
        organization=[list(_given(level, "ServiceControlPolicyInputList", "scp")) for level in levels],
        resource=list(_given([ResourcePolicy] if ResourcePolicy else [], "ResourcePolicy", "resource")),
        caller=_caller(CallerArn, ResourcePolicy),
        account=ctx.account,
        owner=ResourceOwner,
        context=_context(ContextEntries),
        of_organization=bool(levels),
    )
    return _page(ctx, simulation, ActionNames, ResourceArns, Marker, MaxItems)


@iam.operation("SimulatePrincipalPolicy")
def simulate_principal_policy(
    ctx: Context,
    *,
    PolicySourceArn: str,
    ActionNames: Sequence[str],
    PolicyInputList: Sequence[str] = (),
    PermissionsBoundaryPolicyInputList: Sequence[str] = (),
    PolicyExclusionList: Entries = (),
    ResourceArns: Sequence[str] = ("*",),
    ResourcePolicy: str = "",
    ResourceOwner: str = "",
    CallerArn: str = "",
    ContextEntries: Entries = (),
    MaxItems: int = pages.MOST,
    Marker: str = "",
) -> dict[str, Any]:
    """What a user may by its own policies and those of its groups, what a group or a role may by its own."""
    kind, entity = sources.entity(ctx, PolicySourceArn)
    excluded = _Excluded(PolicyExclusionList)
    own = [_named(source) for source in sources.of(ctx, kind, entity) if not excluded.has(source)]
    boundary = list(_given(PermissionsBoundaryPolicyInputList, "PermissionsBoundaryPolicyInputList", "boundary"))
    bound = entity.boundary and not excluded.boundaries
    if not boundary and bound and (text := lookup.document(ctx, entity.boundary)):
        boundary = [_document(text, entity.boundary.rpartition("/")[2], "boundary")]
    caller = CallerArn or ("" if kind == "group" else PolicySourceArn)
    simulation = Simulation(
        identity=[*own, *_given(PolicyInputList, "PolicyInputList")],
        boundary=boundary,
        organization=[],
        resource=list(_given([ResourcePolicy] if ResourcePolicy else [], "ResourcePolicy", "resource")),
        caller=_caller(caller, ResourcePolicy),
        account=ctx.account,
        owner=ResourceOwner,
        context=_context(ContextEntries),
        of_organization=True,
    )
    return _page(ctx, simulation, ActionNames, ResourceArns, Marker, MaxItems)


@iam.operation("GetContextKeysForCustomPolicy")
def get_context_keys_for_custom_policy(ctx: Context, *, PolicyInputList: Sequence[str]) -> dict[str, Any]:
    return {"ContextKeyNames": _keys(PolicyInputList)}


@iam.operation("GetContextKeysForPrincipalPolicy")
def get_context_keys_for_principal_policy(
    ctx: Context, *, PolicySourceArn: str, PolicyInputList: Sequence[str] = ()
) -> dict[str, Any]:
    kind, entity = sources.entity(ctx, PolicySourceArn)
    texts = [source.text for source in sources.of(ctx, kind, entity)]
    return {"ContextKeyNames": _keys([*texts, *PolicyInputList])}


def _keys(texts: Iterable[str]) -> list[str]:
    found: dict[str, str] = {}
    for text in texts:
        try:
            keys = context_keys(text, "identity")
        except MalformedPolicy as error:
            raise errors.InvalidInput(error.message) from None
        for key in keys:
            found.setdefault(key.lower(), key)
    return list(found.values())


class _Excluded:
    """A PolicyExclusionList: each entry is a type of policies, an ARN or the place of inline ones, with wildcards."""

    def __init__(self, entries: Entries) -> None:
        inline = [entry["InlinePolicyIdentifier"] for entry in entries if "InlinePolicyIdentifier" in entry]
        self._types = {entry.get("PolicyType") for entry in entries}
        self._arns = [entry["PolicyArn"] for entry in entries if "PolicyArn" in entry]
        self._inline = [(one["AttachmentType"], one["AttachmentName"].lower(), one["PolicyName"]) for one in inline]

    def has(self, source: Source) -> bool:
        if not source.arn:
            return "inline" in self._types or any(
                (kind, name) == (source.kind, source.name) and fnmatchcase(source.entity.lower(), entity)
                for kind, entity, name in self._inline
            )
        kind = "aws-managed" if ":iam::aws:" in source.arn else "user-managed"
        return kind in self._types or any(fnmatchcase(source.arn, arn) for arn in self._arns)

    @property
    def boundaries(self) -> bool:
        return "permission-boundary" in self._types


def _document(text: str, name: str, kind: Kind = "identity", arn: str = "") -> Document:
    try:
        return Document(name, text, kind, Named(parse(text, kind), arn or name, name))
    except MalformedPolicy as error:
        raise errors.InvalidInput(f"Invalid policy {name}: {error.message}") from None


def _given(texts: Sequence[str], name: str, kind: Kind = "identity") -> Iterator[Document]:
    return (_document(text, f"{name}.{number}", kind) for number, text in enumerate(texts, 1))


def _named(source: Source) -> Document:
    inline = f"{source.kind}_{source.entity}_{source.name}"
    return _document(source.text, source.name if source.arn else inline, arn=source.arn)


def _caller(arn: str, resource_policy: str) -> str:
    if resource_policy and not arn:
        raise errors.InvalidInput("CallerArn is required if a ResourcePolicy is given.")
    if arn and not sources.ARN.fullmatch(arn):
        raise errors.InvalidInput(f"Invalid Entity Arn: {arn}")
    return arn


def _context(entries: Entries) -> dict[str, list[str]]:
    named = [(entry["ContextKeyName"], entry) for entry in entries if "ContextKeyName" in entry]
    return {name.lower(): list(entry.get("ContextKeyValues", ())) for name, entry in named}


def _page(
    ctx: Context, simulation: Simulation, actions: Sequence[str], resources: Sequence[str], marker: str, most: int
) -> dict[str, Any]:
    for action in actions:
        if "*" in action or not all(action.partition(":")):
            raise errors.InvalidInput(f"Invalid Action Name: {action}")
    last = pages.after(ctx, marker)
    places = range(last[0] + 1 if last else 0, len(actions))
    page, rest = pages.cut(ctx, places, most, lambda place: (place,))
    return {"EvaluationResults": [simulation.result(actions[place], resources) for place in page], **rest}
