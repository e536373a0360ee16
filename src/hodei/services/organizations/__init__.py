"""Organizations: accounts under one roof, and the policies that bind them.

Service and resource control policies are enforced on every call of every service; the kernel reads what Organizations
tells it of each account. Management policies (tags, backups, ...) are inherited and merged as AWS does. Of those tag
policies are enforced where they say so; the others are of services that Hodei does not have. Accounts need not
be created: any 12 digits are one, and can be invited.

Nobody can use an account that is closed, or what it has. Not here: billing, payment and what AWS verifies of a person;
the limit on closures; what is in `left_out` of service.toml, with reasons.
"""

from hodei.services.organizations import (
    access,
    accounts,
    creation,
    delegation,
    features,
    handshakes,
    invitations,
    membership,
    organization,
    policies,
    rules,
    tagging,
    units,
)

__all__ = [
    "access",
    "accounts",
    "creation",
    "delegation",
    "features",
    "handshakes",
    "invitations",
    "membership",
    "organization",
    "policies",
    "rules",
    "tagging",
    "units",
]
