"""The grammar of policy documents, with AWS's words for what is wrong with one.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NoReturn

from msgspec import Struct

from hodei.kernel.iam import conditions

Kind = Literal["identity", "boundary", "session", "resource", "trust", "scp", "rcp", "vpce"]
IAMS_OWN = ("identity", "boundary", "session", "trust")
WITH_PRINCIPAL = ("resource", "trust", "rcp", "vpce")

Problem = Literal[
    "json", "syntax", "version", "field", "sid",
    "missing-principal", "principal", "missing-action", "action", "missing-resource", "resource",
]  # fmt: skip


class MalformedPolicy(Exception):
    """Not a policy. `message` is IAM's; a service with words of its own finds them by `problem` and `subject`."""

    def __init__(self, message: str, problem: Problem, subject: str = "") -> None:
        # An unpaired surrogate, which JSON can spell, must not break the answer.
        self.message = message.encode(errors="replace").decode()
        self.problem = problem
        self.subject = subject
        super().__init__(self.message)


class RawStatement(Struct, frozen=True):
    sid: str
    effect: Literal["Allow", "Deny"]
    principals: Mapping[str, Sequence[str]] | Literal["*"] | None
    not_principals: bool
    actions: tuple[str, ...]
    not_actions: bool
    resources: tuple[str, ...]
    not_resources: bool
    conditions: tuple[tuple[str, str, tuple[str, ...]], ...]  # operator, key, values


class Document(Struct, frozen=True):
    version: str
    id: str
    statements: tuple[RawStatement, ...]


def read(text: str, kind: Kind) -> Document:
    """Raises: MalformedPolicy if `text` is not a policy of this kind."""
    document = _json(text)
    if not isinstance(document, dict) or document.keys() - {"Version", "Id", "Statement"}:
        _syntax()
    version = document.get("Version", "2008-10-17")
    if version not in ("2008-10-17", "2012-10-17"):
        raise MalformedPolicy("Policy document must be version 2012-10-17 or greater.", "version", str(version))
    if "Id" in document and kind not in ("resource", "trust", "vpce"):
        _prohibited("Id")
    statements = document.get("Statement")
    raw = [statements] if isinstance(statements, dict) else statements
    if not isinstance(raw, list) or not raw:
        _syntax()
    read_all = tuple(_statement(statement, kind) for statement in raw)
    _check_sids([statement.sid for statement in read_all if statement.sid], kind)
    return Document(version, _string(document.get("Id", "")), read_all)


class _Number(str):
    """A number as it was written: conditions take it for a string, nothing else takes it."""


def _json(text: str) -> Any:
    try:
        document = json.loads(
            text, object_pairs_hook=_object, parse_int=_Number, parse_float=_Number, parse_constant=_no_constant
        )
        if "\\ud" in text.lower():
            json.dumps(document, ensure_ascii=False).encode()  # an unpaired surrogate is no character
    except (ValueError, RecursionError):
        raise MalformedPolicy("This policy contains invalid Json", "json") from None
    return document


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        _syntax()
    return members


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _syntax() -> NoReturn:
    raise MalformedPolicy("Syntax errors in policy.", "syntax")


def _prohibited(field: str) -> NoReturn:
    raise MalformedPolicy(f"Has prohibited field {field}", "field", field)


_FIELDS = frozenset(
    ("Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition")
)


def _statement(raw: Any, kind: Kind) -> RawStatement:
    if not isinstance(raw, dict) or raw.keys() - _FIELDS or raw.get("Effect") not in ("Allow", "Deny"):
        _syntax()
    principals, not_principals = _principals(raw, kind)
    actions, not_actions = _either(raw, "Action")
    if not actions:
        raise MalformedPolicy("Policy statement must contain actions.", "missing-action")
    for action in actions:
        _check_action(action, kind)
    resources, not_resources = _resources(raw, kind)
    return RawStatement(
        sid=_string(raw.get("Sid", "")),
        effect=raw["Effect"],
        principals=principals,
        not_principals=not_principals,
        actions=actions,
        not_actions=not_actions,
        resources=resources,
        not_resources=not_resources,
        conditions=_conditions(raw.get("Condition", {})),
    )


def _string(value: Any) -> str:
    if not isinstance(value, str) or isinstance(value, _Number):
        _syntax()
    return value


def _strings(value: Any) -> tuple[str, ...]:
    return tuple(_string(item) for item in (value if isinstance(value, list) else [value]))


def _either(raw: dict[str, Any], name: str) -> tuple[tuple[str, ...], bool]:
    """The values of an element or of its Not form, of which a statement has one at most."""
    if f"Not{name}" not in raw:
        return _strings(raw.get(name, [])), False
    if name in raw:
        _syntax()
    return _strings(raw[f"Not{name}"]), True


_SID = re.compile("[0-9A-Za-z]*")


def _check_sids(sids: list[str], kind: Kind) -> None:
    if kind in IAMS_OWN and (wrong := [sid for sid in sids if not _SID.fullmatch(sid)]):
        must = f"Check that your input satisfies the regular expression {_SID.pattern}"
        raise MalformedPolicy(f"Statement IDs (SID) must be alpha-numeric. {must}", "sid", wrong[0])
    if len(set(sids)) < len(sids):
        raise MalformedPolicy("Statement IDs (SID) in a single policy must be unique.", "sid")


# -- actions and resources ---------------------------------------------------------------------------------------------

_VENDOR = re.compile(r"[A-Za-z0-9-]+")


def _check_action(action: str, kind: Kind) -> None:
    vendor, colon, name = action.partition(":")
    if action != "*":
        if not colon or not vendor:
            _no_vendor(action)
        if ":" in name:
            raise MalformedPolicy("Actions/Condition can contain only one colon.", "action", action)
        if vendor != "*" and not _VENDOR.fullmatch(vendor):
            raise MalformedPolicy(f"Vendor {vendor} is not valid", "action", action)
        if not name or name.split() != [name]:
            _syntax()
    if kind == "trust" and vendor.lower() != "sts":
        raise MalformedPolicy("AssumeRole policy may only specify STS AssumeRole actions.", "action", action)


def _no_vendor(subject: str) -> NoReturn:
    message = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
    raise MalformedPolicy(message, "action", subject)


def _resources(raw: dict[str, Any], kind: Kind) -> tuple[tuple[str, ...], bool]:
    resources, negated = _either(raw, "Resource")
    if kind == "trust" and ("Resource" in raw or negated):
        _prohibited("NotResource" if negated else "Resource")
    # Some services' policies do without: what they are attached to is meant. Those that ask for one say so themselves.
    if not resources and kind not in ("trust", "resource"):
        raise MalformedPolicy("Policy statement must contain resources.", "missing-resource")
    for resource in resources:
        _check_resource(resource, kind)
    return resources, negated


_PARTITION = re.compile(r"aws(-[a-z]+)*|.*[*?].*", re.DOTALL)
_ACCOUNT = re.compile(r"([0-9]{12}|[a-z][a-z-]*)?|.*[*?$].*", re.DOTALL)


def _check_resource(resource: str, kind: Kind) -> None:
    if resource == "*" or (kind not in IAMS_OWN and not resource.startswith("arn:")):
        return  # S3 and others check by themselves what a resource of theirs may be
    fields = resource.split(":", 5)
    if len(fields) < 2 or fields[0] != "arn":
        raise MalformedPolicy(f'Resource {resource} must be in ARN format or "*".', "resource", resource)
    if not _PARTITION.fullmatch(fields[1]):
        message = f'Partition "{fields[1]}" is not valid for resource "{resource}".'
        raise MalformedPolicy(message, "resource", resource)
    account = fields[4] if len(fields) > 4 else ""
    if not _ACCOUNT.fullmatch(account) or any(character < " " for character in resource):
        raise MalformedPolicy("The policy failed legacy parsing", "resource", resource)


# -- principals --------------------------------------------------------------------------------------------------------

_TYPES = ("AWS", "Federated", "Service", "CanonicalUser")
_AWS_PRINCIPAL = re.compile(
    r"\*|[0-9]{12}|[A-Z0-9]{16,128}|arn:aws[a-z-]*:iam::(?:[0-9]{12}:(?:root|(?:user|role)/[^*?]+)|cloudfront:user/[^*?]+)"
    r"|arn:aws[a-z-]*:sts::[0-9]{12}:(?:assumed-role/[^*?/]+/[^*?/]+|federated-user/[^*?]+|self)"
)
_SERVICE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*\.[a-z]+")

Lists = Mapping[str, Sequence[str]] | Literal["*"]


def _principals(raw: dict[str, Any], kind: Kind) -> tuple[Lists | None, bool]:
    named = [field for field in ("Principal", "NotPrincipal") if field in raw]
    if kind not in WITH_PRINCIPAL:
        if named:
            raise MalformedPolicy("Policy document should not specify a principal.", "field", named[0])
        return None, False
    if not named:
        raise MalformedPolicy("Missing required field Principal", "missing-principal")
    if len(named) > 1:
        _syntax()
    negated = named == ["NotPrincipal"]
    if negated and (kind in ("trust", "rcp") or raw["Effect"] == "Allow"):
        _prohibited("NotPrincipal")
    value = raw[named[0]]
    if value == "*":
        return "*", negated
    if not isinstance(value, dict) or not value or kind == "rcp":
        _invalid_principal(None, value)
    return {type_: _principal_list(type_, names) for type_, names in value.items()}, negated


def _principal_list(type_: str, value: Any) -> tuple[str, ...]:
    names = _strings(value)
    pattern = {"AWS": _AWS_PRINCIPAL, "Service": _SERVICE}.get(type_)
    for name in names:
        if type_ not in _TYPES or not name or (pattern and not pattern.fullmatch(name)):
            _invalid_principal(type_, name)
    if not names:
        _syntax()
    return names


def _invalid_principal(type_: str | None, value: Any) -> NoReturn:
    subject = json.dumps(value, ensure_ascii=False) if type_ is None else f'"{type_}":"{value}"'
    raise MalformedPolicy(f"Invalid principal in policy: {subject}", "principal", subject)


# -- conditions --------------------------------------------------------------------------------------------------------


def _conditions(raw: Any) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    if not isinstance(raw, dict):
        _syntax()
    found = []
    for name, keys in raw.items():
        if not isinstance(keys, dict) or not conditions.exists(name):
            _syntax()
        for key, values in keys.items():
            if ":" not in key:
                _no_vendor(key)
            found.append((name, key, tuple(map(_scalar, values if isinstance(values, list) else [values]))))
    return tuple(found)


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        _syntax()
    return str(value)
