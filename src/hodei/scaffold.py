"""`make new-service NAME=kinesis`: the folder of a service and its first tests, from botocore's model."""

from __future__ import annotations

import difflib
import json
import re
import sys
from pathlib import Path

from hodei import features
from hodei.kernel.manifest import SERVICES, folder
from hodei.protocol.model import OperationModel, ServiceModel, load_model, service_index

ROOT = Path(__file__).parents[2]
PLAIN_NAME = re.compile(r"([A-Z][a-z]+)+")
WORD = re.compile(r"[A-Z][a-z]+")


class CannotScaffold(Exception):
    """One line for a person."""


def main(arguments: list[str]) -> int:
    try:
        if len(arguments) != 1:
            raise CannotScaffold("make new-service NAME=<botocore's name of the service>")
        sys.stdout.write(scaffold(arguments[0], SERVICES, ROOT / "tests" / "services"))
    except CannotScaffold as error:
        sys.stderr.write(f"hodei: {error}\n")
        return 2
    return 0


def scaffold(name: str, services: Path, tests: Path) -> str:
    """Write the folder and the tests; returns what to do next. Raises: CannotScaffold."""
    if name not in service_index():
        near = difflib.get_close_matches(name, service_index(), 3)
        raise CannotScaffold(f"botocore has no service {name!r}" + (f": {', '.join(near)}?" if near else ""))
    package = folder(name)
    if (services / package).exists():
        raise CannotScaffold(f"{services / package} is there already")
    if not tests.is_dir():
        raise CannotScaffold(f"there is no {tests}: a service is added in a checkout")
    model = load_model(name)
    _write(services / package, _package(model, package))
    _write(tests / package, {"test_coverage.py": _test(model)})
    return _next_steps(model, services / package, tests / package)


def _write(path: Path, files: dict[str, str]) -> None:
    path.mkdir()
    for name, text in files.items():
        (path / name).write_text(text)


def _package(model: ServiceModel, package: str) -> dict[str, str]:
    title = model.metadata["serviceFullName"]
    toml = {"title": title, "category": _category(model.name), "schema": 1}
    files = {
        "service.toml": "".join(f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in toml.items()),
        "__init__.py": f'"""{title}: no operation is here yet."""\n',
        "service.py": f'from hodei.kernel.service import Service\n\n{package} = Service("{model.name}")\n',
        "state.py": f'"""What {title} keeps: its records and their tables."""\n',
    }
    if errors := _errors(model):
        lines = [f'{error} = {package}.error("{code}")\n' for error, code in errors]
        files["errors.py"] = f"from hodei.services.{package}.service import {package}\n\n{''.join(lines)}"
    return files


def _category(name: str) -> str:
    """As the catalogue of features has it, if it knows the service."""
    category = ""
    for line in features.CATALOGUE.read_text().splitlines():
        if line.startswith("## "):
            category = line[3:]
        elif line.startswith(f"### {name} — "):
            return category
    return ""


def _errors(model: ServiceModel) -> list[tuple[str, str]]:
    """The modelled errors of the first operation: (Python name, code)."""
    return [(shape.name, shape.error_code) for shape in sorted(_first(model).errors, key=lambda shape: shape.name)]


def _first(model: ServiceModel) -> OperationModel:
    """The operation to begin with: what makes the noun that most operations are about."""
    makers = [name for name in model.operations if name.startswith(("Create", "Put", "Register"))]
    return model.operations[max(makers or model.operations, key=lambda name: (_spread(model, name), -len(name)))]


def _spread(model: ServiceModel, name: str) -> int:
    noun = "".join(WORD.findall(name)[1:])
    return sum(bool(noun) and noun in other for other in model.operations)


def _test(model: ServiceModel) -> str:
    """A test that passes before there is any operation, and tells what it means when it no longer does."""
    operation = _harmless(model)
    method = "_".join(WORD.findall(operation.name)).lower()
    return f'''from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from hodei.testing import Cloud


def test_what_is_not_here_says_so(cloud: Cloud) -> None:
    """Once {operation.name} is here, take another operation, or none is missing any more."""
    with pytest.raises(ClientError) as raised:
        cloud.client("{model.name}").{method}()
    answer = raised.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert answer["Error"]["Code"] == "NotImplemented"
    assert "{model.name}:{operation.name}" in answer["Error"]["Message"]
'''


def _harmless(model: ServiceModel) -> OperationModel:
    """An operation that can be called without parameters; Raises: CannotScaffold."""
    for operation in sorted(
        model.operations.values(), key=lambda found: not found.name.startswith(("List", "Describe"))
    ):
        if PLAIN_NAME.fullmatch(operation.name) and not (operation.input and operation.input.required):
            return operation
    raise CannotScaffold(f"every operation of {model.name} needs parameters: begin by copying another service's folder")


def _next_steps(model: ServiceModel, code: Path, tests: Path) -> str:
    first = _first(model)
    noun = "_".join(WORD.findall(first.name)[1:]).lower() or model.name
    return f"""{code} and {tests} are there; `pytest {tests} tests/laws` passes.

Next:
  1. a record and its table in {code.name}/state.py
  2. the first operation in {code.name}/{noun}s.py, imported by __init__.py; its parameters are those it honours:

{_handler(first, code.name)}
  3. its test in {tests}/test_{noun}s.py, with the mark of the feature it proves: hodei coverage {model.name}
  4. category, quotas and settings in service.toml, and operations that will not come in its [left_out], with the reason
"""


def _handler(operation: OperationModel, package: str) -> str:
    """The head of the handler, to be copied."""
    shape = operation.input
    members = shape.members if shape else {}
    required = shape.required if shape else []
    ordered = sorted(members, key=lambda name: name not in required)
    parameters = [name if name in required else f"{name}=..." for name in ordered]
    method = "_".join(WORD.findall(operation.name)).lower()
    head = ", ".join(["ctx: Context", *(["*"] if parameters else []), *parameters])
    return f'     @{package}.operation("{operation.name}")\n     def {method}({head}) -> dict[str, Any]:\n'


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
