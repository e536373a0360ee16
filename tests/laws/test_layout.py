"""Where code may lie, what it may import and call, and how long it may get."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "hodei"
FILES = sorted(SOURCE.rglob("*.py"))

FILE_LINES = 600
FUNCTION_LINES = 70
FOLDER_MODULES = 30
SERVICE_MODULES = 24

MAY_IMPORT = {
    "protocol": {"protocol"},
    "engines": {"engines"},
    "kernel": {"kernel", "protocol", "services"},  # services: only the package itself, to find its folders
    "gateway": {"gateway", "kernel", "protocol", "coverage"},  # coverage: reported by the admin API
    "services": {"services", "kernel", "engines", "protocol"},
}
TIME_AND_CHANCE = {
    ("time", "time"), ("time", "sleep"), ("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"),
    ("uuid", "uuid4"), ("uuid", "uuid1"), ("date", "today"),
}  # fmt: skip
NOT_IN_SERVICES = {"random", "secrets", "threading", "time", "uuid", "socket", "subprocess"}
NEVER = {"botocore", "boto3", "moto", "localstack", "ministack"}
IN_PROCESS_CLIENTS = {SOURCE / "inprocess.py", SOURCE / "testing.py"}


def name(path: Path) -> str:
    return str(path.relative_to(SOURCE))


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@pytest.mark.parametrize("path", FILES, ids=name)
def test_imports_go_one_way(path: Path) -> None:
    room = path.relative_to(SOURCE).parts[0]
    for module in imports(path):
        parts = module.split(".")
        if parts[0] != "hodei" or len(parts) < 2 or room not in MAY_IMPORT:
            continue
        assert parts[1] in MAY_IMPORT[room], f"{room} imports {module}"
        if room == "services" and parts[1] == "services":
            own = path.relative_to(SOURCE).parts[1]
            foreign = parts[2] != own
            assert not foreign or parts[-1] == "api", f"{own} imports {module}: only another service's api.py"


@pytest.mark.parametrize("path", [path for path in FILES if path not in IN_PROCESS_CLIENTS], ids=name)
def test_the_server_never_imports_a_client_or_another_emulator(path: Path) -> None:
    assert not {module.split(".")[0] for module in imports(path)} & NEVER


@pytest.mark.parametrize(
    "path",
    [p for p in FILES if p.is_relative_to(SOURCE / "services") and p.parent.name != "bootstraps"],  # run elsewhere
    ids=name,
)
def test_services_take_time_and_chance_from_their_context(path: Path) -> None:
    assert not {module.split(".")[0] for module in imports(path)} & NOT_IN_SERVICES
    for node in ast.walk(tree(path)):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
        ):
            assert (node.func.value.id, node.func.attr) not in TIME_AND_CHANCE, f"line {node.lineno}"


@pytest.mark.parametrize("path", FILES, ids=name)
def test_files_and_functions_stay_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= FILE_LINES
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno - node.lineno < FUNCTION_LINES, f"{node.name} in line {node.lineno}"


def test_folders_stay_small() -> None:
    for folder in {path.parent for path in FILES}:
        limit = SERVICE_MODULES if folder.is_relative_to(SOURCE / "services") else FOLDER_MODULES
        assert len(list(folder.glob("*.py"))) <= limit, folder
