"""Every recorded test of S3 is repeated, or left out for a reason."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from services.s3.recorded import LEFT_OUT, RECORDED

SCENARIO = re.compile(r"^@scenario\((.*)\)\ndef (\w+)\(r: Replay\)", re.MULTILINE)
WITHOUT = re.compile(r'without="([^"]*)"')

pytestmark = pytest.mark.skipif(not RECORDED, reason="no recorded answers here")


def test_nothing_is_forgotten() -> None:
    repeated, without = set(), set()
    for path in Path(__file__).parent.glob("test_recorded_*.py"):
        for options, name in SCENARIO.findall(path.read_text()):
            repeated.add(f"test_{name}")
            if match := WITHOUT.search(options):
                without.update(f"test_{name}: {answer}" for answer in match[1].split())
    recorded = {id.rpartition("::")[2].partition("[")[0] for id in RECORDED}
    left_out = {name for name in LEFT_OUT if ": " not in name}
    assert repeated - recorded == set()
    assert recorded - repeated == left_out
    assert without == LEFT_OUT.keys() - left_out
