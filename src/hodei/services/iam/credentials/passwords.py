"""Passwords: what the account's policy asks of them, and their hashes."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator

from hodei.kernel.context import Context
from hodei.services.iam import errors
from hodei.services.iam.credentials.state import Hash, PasswordPolicy, password_policies

SYMBOLS = frozenset("!@#$%^&*()_+-=[]{}|'")
SHORTEST = 8  # where the account has no policy


def hashed(password: str, salt: bytes) -> Hash:
    """Takes some 50 ms: call it by `ctx.offload`."""
    return Hash(salt=salt, digest=hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=1, dklen=32))


def is_it(password: str, stored: Hash) -> bool:
    return hmac.compare_digest(hashed(password, stored.salt).digest, stored.digest)


def check(ctx: Context, password: str) -> None:
    """Raises: PasswordPolicyViolation."""
    policy = password_policies.get(ctx, ctx.account)
    lacking = list(_lacking(policy, password) if policy else _lacking_by_default(password))
    if lacking:
        raise errors.PasswordPolicyViolation(lacking=lacking[0])


def _kinds(password: str) -> dict[str, bool]:
    return {
        "uppercase letter": any("A" <= char <= "Z" for char in password),
        "lowercase letter": any("a" <= char <= "z" for char in password),
        "number": any("0" <= char <= "9" for char in password),
        "symbol": not SYMBOLS.isdisjoint(password),
    }


def _lacking(policy: PasswordPolicy, password: str) -> Iterator[str]:
    if len(password) < policy.length:
        yield f"have a minimum length of {policy.length} characters"
    wanted = (policy.upper, policy.lower, policy.numbers, policy.symbols)
    for (kind, there), needed in zip(_kinds(password).items(), wanted):
        if needed and not there:
            yield f"have at least one {kind}"


def _lacking_by_default(password: str) -> Iterator[str]:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_account-policy.html"""
    if len(password) < SHORTEST:
        yield f"have a minimum length of {SHORTEST} characters"
    if sum(_kinds(password).values()) < 3:
        yield "have at least three of uppercase letters, lowercase letters, numbers and symbols"
