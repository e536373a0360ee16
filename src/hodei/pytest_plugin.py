"""The pytest plugin: the fixture `cloud`, an isolated cloud for each test (also under xdist)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from hodei.testing import Cloud


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    """A cloud of the test's own, in memory: see `hodei.testing.Cloud`."""
    from hodei.testing import Cloud

    with Cloud() as made:
        yield made
