from __future__ import annotations

from typing import Any

import pytest

from hodei.testing import Cloud


@pytest.fixture
def secrets(cloud: Cloud) -> Any:
    return cloud.client("secretsmanager")
