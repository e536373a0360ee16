from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from hodei.scaffold import CannotScaffold, scaffold

ROOT = Path(__file__).parents[1]
# test_schemas.py: of what has been released, which a new service has not
LAWS = [
    str(path.relative_to(ROOT))
    for path in (ROOT / "tests" / "laws").glob("test_*.py")
    if path.name != "test_schemas.py"
]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of this one, without its environment."""
    ignored = shutil.ignore_patterns("__pycache__")
    for name in ("src", "tests"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def run(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(checkout / "src")}
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=False)


def test_a_new_service_passes_the_laws_and_its_tests(checkout: Path) -> None:
    made = run(checkout, "hodei.scaffold", "firehose")
    assert made.returncode == 0, made.stderr
    assert '@firehose.operation("CreateDeliveryStream")' in made.stdout
    tests = run(checkout, "pytest", "-q", "-k", "firehose", "tests/services/firehose", *LAWS)
    assert tests.returncode == 0, tests.stdout
    linted = run(checkout, "ruff", "check", "src/hodei/services/firehose", "tests/services/firehose")
    assert linted.returncode == 0, linted.stdout
    formatted = run(checkout, "ruff", "format", "--check", "src/hodei/services/firehose", "tests/services/firehose")
    assert formatted.returncode == 0, formatted.stdout


@pytest.mark.parametrize(
    ("name", "package"),
    [("lambda", "lambda_"), ("cognito-idp", "cognito_idp"), ("route53", "route53"), ("cloudwatch", "cloudwatch")],
)
def test_every_kind_of_name_and_protocol(tmp_path: Path, name: str, package: str) -> None:
    (tmp_path / "tests").mkdir()
    scaffold(name, tmp_path, tmp_path / "tests")
    manifest = tomllib.loads((tmp_path / package / "service.toml").read_text())
    assert manifest["title"]
    assert manifest["category"] or name == "cognito-idp"  # of which the catalogue speaks as cognito
    for path in [*(tmp_path / package).glob("*.py"), *(tmp_path / "tests" / package).glob("*.py")]:
        compile(path.read_text(), path.name, "exec")


def test_what_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "sqs").mkdir()
    for name, reason in (("kinessis", "kinesis"), ("sqs", "there already"), ("sns", "checkout")):
        with pytest.raises(CannotScaffold, match=reason):
            scaffold(name, tmp_path, tmp_path / "nowhere")
