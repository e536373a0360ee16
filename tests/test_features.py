from __future__ import annotations

import re
from pathlib import Path

import pytest

from hodei import features
from hodei.coverage import area

ROOT = Path(__file__).parents[1]

SUITE = """
import pytest

@pytest.mark.feature("sqs.fifo")
@pytest.mark.parametrize("n", [1, 2])
def test_passes(n): pass

@pytest.mark.feature("sqs.standard", "sqs.delay")
def test_one_passes(): pass

@pytest.mark.feature("sqs.delay")
def test_one_fails(): assert False

@pytest.mark.feature("sqs.dlq")
def test_is_skipped(): pytest.skip("not today")

@pytest.mark.feature("sqs.retention")
@pytest.mark.xfail
def test_is_expected_to_fail(): assert False

@pytest.fixture
def broken(): assert False

@pytest.mark.feature("s3.objects")
def test_cannot_be_set_up(broken): pass
"""

pytest_plugins = ["pytester"]


def test_marks_are_unique() -> None:
    rows = re.findall(r"^\| ([a-z0-9-]+\.[a-z0-9-]+) \|", features.CATALOGUE.read_text(), re.MULTILINE)
    assert len(rows) == len(set(rows)) == len(features.catalogue())


def test_what_is_lacking_is_of_a_feature() -> None:
    assert set(features.not_yet()) <= set(features.catalogue())
    assert all(features.not_yet().values())


def test_a_feature_of_which_something_is_lacking_does_not_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features, "proven", lambda: {"s3.encryption": ["tests/test_x.py::test_y"]})
    monkeypatch.setattr(features, "not_yet", dict)
    assert [row.mark for row in area("s3") if row.proven] == ["s3.encryption"]
    monkeypatch.setattr(features, "not_yet", lambda: {"s3.encryption": "SSE-KMS"})
    assert [row.mark for row in area("s3") if row.proven] == []
    assert "**Not yet**: SSE-KMS." in features.page()


def test_what_is_proven_is_still_tested() -> None:
    """`proven.json` is of an earlier run: the tests that it names must still be there and bear those marks."""
    for mark, tests in features.proven().items():
        assert mark in features.catalogue()
        for test in tests:
            path, _, name = test.partition("::")
            text = (ROOT / path).read_text()
            assert f"def {name.rpartition('::')[2]}(" in text
            assert f'"{mark}"' in text


@pytest.mark.parametrize("processes", ["0", "2"])
def test_a_run_of_the_whole_suite_tells_what_is_proven(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, processes: str
) -> None:
    written = tmp_path / "proven.json"
    pytester.makeini("[pytest]\ntestpaths = tests\nmarkers = feature(mark)")
    (pytester.mkdir("tests") / "test_suite.py").write_text(SUITE)
    conftest = (ROOT / "tests" / "conftest.py").read_text()
    pytester.makeconftest(f"{conftest}\nimport pathlib\nfeatures.PROVEN = pathlib.Path({str(written)!r})\n")
    pytester.runpytest_subprocess("--prove", "-n", processes, "-p", "no:cacheprovider")
    monkeypatch.setattr(features, "PROVEN", written)
    features.proven.cache_clear()
    try:
        assert features.proven() == {
            "sqs.standard": ["tests/test_suite.py::test_one_passes"],
            "sqs.fifo": ["tests/test_suite.py::test_passes"],
        }
        assert "**sqs.fifo**" in features.page()
        assert "**sqs.delay**" not in features.page()
    finally:
        features.proven.cache_clear()


def test_a_part_of_the_suite_proves_nothing(pytester: pytest.Pytester) -> None:
    pytester.makeconftest((ROOT / "tests" / "conftest.py").read_text())
    result = pytester.runpytest_subprocess("--prove", "-k", "nothing")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*needs the whole suite*"])
