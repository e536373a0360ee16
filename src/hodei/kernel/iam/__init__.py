"""Identity and access: policy documents, and what they decide. Pure functions; no service, no store.

For example:

    policy = parse(text, "identity")
    request = AccessRequest("s3:GetObject", arn, context, principal)
    decision = evaluate(request, Policies(identity=[Named(policy, "reader")]))
    if not decision.allowed:
        raise AccessDenied(wording(decision, request))
"""

from __future__ import annotations

from hodei.kernel.iam.documents import Policy, Statement, check, context_keys, parse
from hodei.kernel.iam.evaluate import AccessRequest, Decision, Match, Named, Policies, Verdict, evaluate, matches
from hodei.kernel.iam.grammar import Kind, MalformedPolicy
from hodei.kernel.iam.principals import Grant, Principal
from hodei.kernel.iam.variables import Context
from hodei.kernel.iam.wording import wording

__all__ = [
    "AccessRequest",
    "Context",
    "Decision",
    "Grant",
    "Kind",
    "MalformedPolicy",
    "Match",
    "Named",
    "Policies",
    "Policy",
    "Principal",
    "Statement",
    "Verdict",
    "check",
    "context_keys",
    "evaluate",
    "matches",
    "parse",
    "wording",
]
