"""Resource policies of secrets, and whether one lets everybody in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.kernel.iam import MalformedPolicy, Policy, parse
from hodei.kernel.iam.pins import pinned, shown
from hodei.services.secretsmanager import errors
from hodei.services.secretsmanager.find import Found, find, find_live, find_primary
from hodei.services.secretsmanager.replicas import save
from hodei.services.secretsmanager.service import secretsmanager

MESSAGES = {
    "json": "This resource policy contains invalid Json",
    "principal": "This resource policy contains an unsupported principal.",
}
SYNTAX = "This resource policy contains a syntax error."
# Condition keys that make a statement for everybody not public, if their value is fixed.
NARROWING = frozenset(
    {
        "aws:principalaccount", "aws:principalarn", "aws:principalorgid", "aws:principalorgpaths", "aws:sourceaccount",
        "aws:sourcearn", "aws:sourceip", "aws:sourceorgid", "aws:sourceorgpaths", "aws:sourceowner", "aws:sourcevpc",
        "aws:sourcevpce", "aws:userid",
    }
)  # fmt: skip


@secretsmanager.operation("PutResourcePolicy")
def put_resource_policy(
    ctx: Context, *, SecretId: str, ResourcePolicy: str, BlockPublicPolicy: bool = False
) -> dict[str, Any]:
    found = find_primary(ctx, SecretId)
    _check(ResourcePolicy)
    if BlockPublicPolicy and _public(ResourcePolicy):
        raise errors.PublicPolicyException()
    save(Found(found.ctx, replace(found.secret, policy=pinned(ctx, ResourcePolicy))))
    return dict(found.head)


@secretsmanager.operation("GetResourcePolicy")
def get_resource_policy(ctx: Context, *, SecretId: str) -> dict[str, Any]:
    found = find_live(ctx, SecretId)
    policy = {"ResourcePolicy": shown(ctx, found.secret.policy)} if found.secret.policy else {}
    return {**found.head, **policy}


@secretsmanager.operation("DeleteResourcePolicy")
def delete_resource_policy(ctx: Context, *, SecretId: str) -> dict[str, Any]:
    found = find_primary(ctx, SecretId)
    save(Found(found.ctx, replace(found.secret, policy="")))
    return dict(found.head)


@secretsmanager.operation("ValidateResourcePolicy")
def validate_resource_policy(ctx: Context, *, ResourcePolicy: str, SecretId: str | None = None) -> dict[str, Any]:
    """Syntax that is wrong is an error of the operation, not an answer of it."""
    if SecretId is not None:
        find(ctx, SecretId)
    _check(ResourcePolicy)
    wrong = [
        {"CheckName": "PUBLIC_POLICY", "ErrorMessage": f"Statement {index} grants access to everyone."}
        for index in _public(ResourcePolicy)
    ]
    return {"PolicyValidationPassed": not wrong, "ValidationErrors": wrong}


def _check(document: str) -> Policy:
    """Raises: MalformedPolicyDocumentException."""
    try:
        policy = parse(document, "resource")
    except MalformedPolicy as error:
        raise errors.MalformedPolicyDocumentException(MESSAGES.get(error.problem, SYNTAX)) from None
    if any(statement.resources is None or statement.principals is None for statement in policy.statements):
        raise errors.MalformedPolicyDocumentException(SYNTAX)
    return policy


def _public(document: str) -> list[int]:
    """The statements that allow something to everybody, without a condition that narrows it."""
    statements = _listed(json.loads(document)["Statement"])
    return [index for index, statement in enumerate(statements) if _is_public(statement)]


def _is_public(statement: Mapping[str, Any]) -> bool:
    principal = statement.get("Principal")
    anybody = principal == "*" or (isinstance(principal, dict) and "*" in _listed(principal.get("AWS", [])))
    return statement["Effect"] == "Allow" and anybody and not _narrowed(statement.get("Condition", {}))


def _narrowed(conditions: Mapping[str, Mapping[str, Any]]) -> bool:
    tests = [(key.lower(), value) for test in conditions.values() for key, value in test.items()]
    wide = {"*", "0.0.0.0/0", "::/0"}
    return any(key in NARROWING and wide.isdisjoint(_listed(value)) for key, value in tests)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
