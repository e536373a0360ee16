"""What the run proves: `pytest --prove` (`make features`) notes the feature marks of the tests that passed."""

from __future__ import annotations

import json
from collections import defaultdict

import pytest

from hodei import features

PASSED, MARK = "passed", "feature"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--prove", action="store_true", help="write what the whole suite proves to src/hodei/proven.json")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--prove") and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Prover(config))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The report of a test carries its marks: under xdist that is all that the controller hears of it."""
    for item in items:
        for mark in item.iter_markers(MARK):
            item.user_properties += [(MARK, name) for name in mark.args]


class Prover:
    """A mark is proven if a test that bears it passed and none that bears it failed."""

    def __init__(self, config: pytest.Config) -> None:
        if (
            config.args_source is not pytest.Config.ArgsSource.TESTPATHS
            or config.option.keyword
            or config.option.markexpr
        ):
            raise pytest.UsageError("--prove needs the whole suite: give no paths, -k or -m")
        self._passed: defaultdict[str, set[str]] = defaultdict(set)
        self._failed: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for name in {str(value) for key, value in report.user_properties if key == MARK}:
            if report.failed:
                self._failed.add(name)
            elif report.when == "call" and report.outcome == PASSED and not hasattr(report, "wasxfail"):
                self._passed[name].add(report.nodeid.partition("[")[0])

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        if exitstatus not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            return
        proven = {mark: sorted(self._passed[mark]) for mark in features.catalogue() if mark in self._passed}
        kept = {mark: tests for mark, tests in proven.items() if mark not in self._failed}
        features.PROVEN.write_text(json.dumps(kept, indent=1) + "\n")
