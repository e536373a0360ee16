"""AWS's message for a request that was denied.

https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
"""

from __future__ import annotations

from hodei.kernel.iam.evaluate import AccessRequest, Decision, PolicyKind

_NAMES: dict[PolicyKind, tuple[str, str]] = {
    "rcp": ("a ", "resource control policy"),
    "scp": ("a ", "service control policy"),
    "endpoint": ("a ", "VPC endpoint policy"),
    "resource": ("a ", "resource-based policy"),
    "identity": ("an ", "identity-based policy"),
    "boundary": ("a ", "permissions boundary"),
    "session": ("a ", "session policy"),
}


def wording(decision: Decision, request: AccessRequest) -> str:
    """`User: ... is not authorized to perform: ... because no identity-based policy allows ...`. `decision` denies."""
    who = request.principal.arn or "anonymous"
    on = f" on resource: {request.resource}" if request.resource else ""
    return f"User: {who} is not authorized to perform: {request.action}{on}{_reason(decision, request)}"


def _reason(decision: Decision, request: AccessRequest) -> str:
    if decision.where is None:
        return ""
    article, name = _NAMES[decision.where]
    if decision.where == "resource" and request.action.startswith("sts:") and ":role/" in request.resource:
        article, name = "the ", "role trust policy"
    if decision.kind == "implicit-deny":
        return f" because no {name} allows the {request.action} action"
    # Since 2026 AWS adds the ARN of the policy, within an account.
    # https://aws.amazon.com/blogs/security/enhanced-access-denied-error-messages-with-policy-arns
    policy = decision.match.policy.name if decision.match else ""
    tells = (
        policy.startswith("arn:") and not request.crosses_accounts and decision.where not in ("resource", "endpoint")
    )
    return f" with an explicit deny in {article}{name}" + (f": {policy}" if tells else "")
