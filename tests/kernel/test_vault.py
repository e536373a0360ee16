from __future__ import annotations

import pytest

from hodei.kernel.ids import Ids
from hodei.kernel.store import Store
from hodei.kernel.vault import Vault


@pytest.fixture
def vault() -> Vault:
    return Vault(Store.open(None), Ids(0))


def test_what_is_sealed_comes_back(vault: Vault) -> None:
    sealed = vault.seal("kms", b"secret", b"key-1")
    assert b"secret" not in sealed
    assert vault.open("kms", sealed, b"key-1") == b"secret"
    assert vault.seal("kms", b"secret", b"key-1") != sealed


def test_only_its_service_opens_it_and_only_for_what_it_is_about(vault: Vault) -> None:
    sealed = vault.seal("kms", b"secret", b"key-1")
    for service, about in (("ssm", b"key-1"), ("kms", b"key-2"), ("kms", b"")):
        with pytest.raises(ValueError):
            vault.open(service, sealed, about)


@pytest.mark.parametrize("at", [0, 12, -1])
def test_a_changed_bit_is_seen(vault: Vault, at: int) -> None:
    sealed = bytearray(vault.seal("kms", b"secret"))
    sealed[at] ^= 1
    with pytest.raises(ValueError):
        vault.open("kms", bytes(sealed))


@pytest.mark.parametrize("sealed", [b"", b"short", b"x" * 12])
def test_what_is_too_short_was_not_sealed(vault: Vault, sealed: bytes) -> None:
    with pytest.raises(ValueError):
        vault.open("kms", sealed)
