"""What the tests of several services share. A service that is exacter about refusals has a fixture of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def refused() -> Callable[..., AbstractContextManager[None]]:
    """The calls inside fail with that code, that message (or one that contains it) and that HTTP status."""

    @contextmanager
    def refused(code: str, message: str = "", status: int = 400) -> Iterator[None]:
        with pytest.raises(ClientError) as caught:
            yield
        response = caught.value.response
        assert response["Error"]["Code"] == code, response
        assert message in response["Error"]["Message"], response
        assert response["ResponseMetadata"]["HTTPStatusCode"] == status, response

    return refused
