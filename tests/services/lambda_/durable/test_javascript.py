"""The SDK for JavaScript runs too. It needs node and `npm install` in tests/clients/js, and is skipped without."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import HERE, Workflows

MODULES = Path(__file__).parents[3] / "clients" / "js" / "node_modules"
SDK = "@aws/durable-execution-sdk-js"
UNUSED = (".map", ".d.ts", ".md")

pytestmark = [
    pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not on this machine"),
    pytest.mark.skipif(not (MODULES / SDK / "dist").exists(), reason="npm install has not run in tests/clients/js"),
    pytest.mark.feature("lambda.invoke"),
]


def _needed(package: str, known: set[str]) -> Iterator[Path]:
    """The files of a package and of all that it depends on."""
    folder = MODULES / package
    if package in known or not folder.exists():
        return
    known.add(package)
    yield from (path for path in folder.rglob("*") if path.is_file() and not path.name.endswith(UNUSED))
    for other in json.loads((folder / "package.json").read_text()).get("dependencies", {}):
        yield from _needed(other, known)


def test_a_workflow_in_javascript(flows: Workflows) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(HERE / "workflows.mjs", "workflows.mjs")
        for path in _needed(SDK, set()):
            archive.write(path, Path("node_modules") / path.relative_to(MODULES))
    name = flows.make("order", Runtime="nodejs22.x", Code={"ZipFile": packed.getvalue()})
    arn = flows.start(name, {"a": 1, "b": 2})
    flows.advance(days=2, minutes=2)
    flows.fn.send_durable_execution_callback_success(CallbackId=flows.callback(arn), Result=b"yes")
    flows.advance(minutes=2)
    assert flows.result(arn) == {
        "sum": 3, "retried": 6, "both": [1, 2], "said": "yes", "inner": "in", "polled": 3,
    }  # fmt: skip
    succeeded = [event["Name"] for event in flows.events(arn) if event["EventType"] == "StepSucceeded"]
    assert succeeded == ["add", "flaky", "at once", "inside", "poll", "poll", "poll"]
