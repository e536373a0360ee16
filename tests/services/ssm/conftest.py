from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hodei.testing import Cloud


@pytest.fixture
def ssm(cloud: Cloud) -> Any:
    return cloud.client("ssm")


@pytest.fixture
def refused() -> Callable[..., AbstractContextManager[None]]:
    """The calls inside fail with that code, a message that contains that, and that HTTP status."""

    @contextmanager
    def refused(code: str, message: str = "", status: int = 400) -> Iterator[None]:
        with pytest.raises(ClientError) as caught:
            yield
        answer = caught.value.response
        assert answer["Error"]["Code"] == code
        assert message in answer["Error"]["Message"]
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == status

    return refused
