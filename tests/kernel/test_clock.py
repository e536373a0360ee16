from __future__ import annotations

from pathlib import Path

import pytest

from hodei.kernel.clock import Clock
from hodei.kernel.store import Store


@pytest.fixture
def real(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Real time, turned by hand."""
    now = [1_000_000.0]
    monkeypatch.setattr("hodei.kernel.clock.time.time", lambda: now[0])
    return now


def test_it_runs_with_real_time_until_it_is_turned(real: list[float]) -> None:
    clock = Clock(Store.open(None))
    assert clock.now() == 1_000_000
    clock.set(clock.now() + 500)
    real[0] += 10
    assert clock.now() == 1_000_510


def test_it_freezes_and_runs_faster(real: list[float]) -> None:
    clock = Clock(Store.open(None))
    clock.run(0)
    real[0] += 10
    assert clock.now() == 1_000_000
    assert clock.real_delay(1_000_001) is None
    clock.run(60)
    real[0] += 10
    assert clock.now() == 1_000_600
    assert clock.real_delay(1_000_660) == pytest.approx(1)


def test_it_knows_what_it_showed(real: list[float]) -> None:
    """So a signature made before time was advanced is as old as the cloud thinks."""
    clock = Clock(Store.open(None))
    signed = real[0]
    real[0] += 1
    clock.set(clock.now() + 3600)
    assert clock.now() - clock.virtual_at(signed) == 3601
    real[0] += 1
    assert clock.now() - clock.virtual_at(real[0]) == 0


def test_a_restart_finds_the_time_again_and_a_rewind_goes_back(real: list[float], tmp_path: Path) -> None:
    store = Store.open(tmp_path / "db")
    clock = Clock(store)
    clock.set(2_000_000)
    real[0] += 5
    assert Clock(store).now() == 2_000_005
    clock.mark()
    store.save_snapshot("here")
    real[0] += 100
    store.load_snapshot("here")
    clock.rewind()
    assert clock.now() == 2_000_005
    store.close()
