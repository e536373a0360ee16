"""GetRandomPassword."""

from __future__ import annotations

import string
from typing import Any

from hodei.kernel.context import Context
from hodei.services.secretsmanager import errors
from hodei.services.secretsmanager.service import secretsmanager


@secretsmanager.operation("GetRandomPassword")
def get_random_password(
    ctx: Context,
    *,
    PasswordLength: int = 32,
    ExcludeCharacters: str = "",
    ExcludeNumbers: bool = False,
    ExcludePunctuation: bool = False,
    ExcludeUppercase: bool = False,
    ExcludeLowercase: bool = False,
    IncludeSpace: bool = False,
    RequireEachIncludedType: bool = True,
) -> dict[str, Any]:
    kinds = [
        "" if ExcludeUppercase else string.ascii_uppercase,
        "" if ExcludeLowercase else string.ascii_lowercase,
        "" if ExcludeNumbers else string.digits,
        "" if ExcludePunctuation else string.punctuation,
        " " if IncludeSpace else "",
    ]
    without = str.maketrans("", "", ExcludeCharacters)
    pools = [pool for kind in kinds if (pool := kind.translate(without))]
    if not pools:
        raise errors.InvalidParameterException("The password can't be generated: every character is excluded.")
    required = pools if RequireEachIncludedType else []
    if PasswordLength < len(required):
        raise errors.InvalidParameterException("Password length is too short based on the required types.")
    characters = [ctx.ids.choice(pool) for pool in required]
    characters += ctx.ids.choices("".join(pools), k=PasswordLength - len(required))
    ctx.ids.shuffle(characters)
    return {"RandomPassword": "".join(characters)}
