from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hodei.testing import Cloud


@pytest.fixture
def kms(cloud: Cloud) -> Any:
    return cloud.client("kms")


@pytest.fixture
def make(kms: Any) -> Callable[..., dict[str, Any]]:
    """Make a key; its metadata."""

    def make(spec: str = "SYMMETRIC_DEFAULT", usage: str = "ENCRYPT_DECRYPT", **more: Any) -> dict[str, Any]:
        return dict(kms.create_key(KeySpec=spec, KeyUsage=usage, **more)["KeyMetadata"])

    return make


@pytest.fixture
def key(make: Callable[..., dict[str, Any]]) -> str:
    """The id of a symmetric encryption key."""
    return str(make()["KeyId"])


Refused = Callable[..., AbstractContextManager[Any]]


@pytest.fixture
def refused() -> Refused:
    """`with refused("DisabledException", "... is disabled."): ...`"""

    @contextmanager
    def refused(code: str, message: str | None = None) -> Any:
        with pytest.raises(ClientError) as caught:
            yield caught
        error = caught.value.response["Error"]
        assert error["Code"] == code, error
        assert message is None or message in error["Message"], error

    return refused
