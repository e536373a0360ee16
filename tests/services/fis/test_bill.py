from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hodei.testing import Cloud

Template = Callable[..., str]
Role = Callable[..., str]


@pytest.mark.feature("cloud.pay-per-use")
def test_minutes_of_actions_are_billed(cloud: Cloud, fis: Any, role: Role, waiting: Template) -> None:
    role()
    cloud.clock.freeze()
    fis.start_experiment(experimentTemplateId=waiting(one=(5, []), two=(2, []), three=(1, ["one"])))
    cloud.clock.advance(minutes=10)
    assert cloud.bill.total(service="fis") == pytest.approx(8 * 0.1)
