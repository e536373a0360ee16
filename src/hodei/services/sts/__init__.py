"""STS: temporary credentials. Roles are assumed by those whom their trust policies name: users and roles, users of
OpenID Connect and SAML providers whose tokens are verified; users get sessions of their own, and federate others. Users
and roles also get tokens for services outside of AWS; their keys are told at the address of the account.

Tokens of Login with Amazon and Facebook are refused, as only these can verify them. How AWS packs session policies is
not known: PackedPolicySize is an estimate.
"""

from hodei.services.sts import assume_role, assume_root, identity, messages, rules, saml, user_sessions, web_identity

__all__ = ["assume_role", "assume_root", "identity", "messages", "rules", "saml", "user_sessions", "web_identity"]
