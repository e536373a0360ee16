"""IAM: identities, their credentials, their policies, and the providers that federate them.

Here, too: AWS's own managed policies (each in its current version), the policy simulator, virtual MFA devices that show
codes, password hashes, credential reports. IAM is global: all regions see the same.

Not here: hardware MFA devices; passwords that the root sets; what is in `left_out` of service.toml, with reasons.
Service-linked roles go at once when they are deleted, as services do not yet tell whether they use them.
"""

from hodei.services.iam import (
    access,
    access_advisor,
    account,
    credentials,
    entities,
    federation,
    identities,
    organization,
    policies,
)

__all__ = [
    "access",
    "access_advisor",
    "account",
    "credentials",
    "entities",
    "federation",
    "identities",
    "organization",
    "policies",
]
