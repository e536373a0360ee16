"""Services against botocore's models, their manifests and their tests."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from hodei.kernel.errors import AwsError
from hodei.kernel.manifest import all_manifests, folder
from hodei.kernel.service import Service, accepted, load_service

ROOT = Path(__file__).parents[2]
NAMES = sorted(all_manifests())
OF_THE_WHOLE_CLOUD = {("s3", "secrets")}  # global tables whose rows belong to no account


@pytest.fixture(params=NAMES)
def service(request: pytest.FixtureRequest) -> Service:
    return load_service(request.param)


def test_every_handler_takes_what_the_model_has(service: Service) -> None:
    """Handlers are boto3 seen from the other side: keyword-only parameters, named as the members of the input."""
    for name, handler in service.handlers.items():
        assert name in service.model.operations, f"{name} is no operation of {service.name}"
        shape = service.model.operations[name].input
        members = shape.members if shape else {}
        required = set(shape.required) if shape else set()
        context, *parameters = inspect.signature(handler).parameters.values()
        assert context.kind is context.POSITIONAL_OR_KEYWORD
        assert accepted(handler) <= members.keys(), f"{name} has no {accepted(handler) - members.keys()}"
        for parameter in parameters:
            if parameter.kind is parameter.VAR_KEYWORD:
                continue  # `**given: Unpack[...]`: the optional parameters that operations share
            assert parameter.kind is parameter.KEYWORD_ONLY, f"{name}({parameter.name})"
            optional = parameter.name not in required
            assert not optional or parameter.default is not parameter.empty, f"{name}({parameter.name}) needs a default"


def test_errors_are_declared_by_the_service(service: Service) -> None:
    """Each class in errors.py has a code; a modelled one takes its status from the model."""
    try:
        module = __import__(f"hodei.services.{folder(service.name)}.errors", fromlist=["*"])
    except ModuleNotFoundError:
        pytest.skip("raises no error of its own")
    declared = [value for value in vars(module).values() if isinstance(value, type) and issubclass(value, AwsError)]
    assert declared
    for error in declared:
        modelled = service.model.error_shape(error.code)
        if modelled and "error" in modelled.raw and error.status is not None:
            assert error.status == modelled.error_status, f"{error.code}: the model says {modelled.error_status}"


def test_what_is_left_out_is_in_the_model_and_not_there(service: Service) -> None:
    for name, reason in service.manifest.left_out.items():
        assert name in service.model.operations
        assert name not in service.handlers
        assert reason


def test_tables_and_timers_belong_to_the_service(service: Service) -> None:
    for name, table in service.tables.items():
        assert table.service == service.name
        assert table.name == name
        if table.scope == "global" and (service.name, name) not in OF_THE_WHOLE_CLOUD:
            assert "account" in table.record.__struct_fields__, f"{name}: an account can be reset"


def test_every_operation_is_touched_by_a_test(service: Service) -> None:
    folder_of_tests = ROOT / "tests" / "services" / folder(service.name)
    text = "\n".join(path.read_text() for path in folder_of_tests.rglob("*.py"))
    missing = [name for name in service.handlers if name not in text and snake(name) not in text]
    assert not missing, f"no test in {folder_of_tests} mentions {missing}"


def snake(name: str) -> str:
    """boto3's method for an operation."""
    from botocore import xform_name

    return str(xform_name(name))


def test_every_mark_of_a_test_is_in_the_catalogue() -> None:
    from hodei.features import catalogue

    known = set(catalogue())
    used = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        used |= set(re.findall(r"mark\.feature\(([^)]*)\)", path.read_text()))
    names = {name for text in used for name in re.findall(r"[\"']([a-z0-9.-]+)[\"']", text)}
    assert names <= known, names - known
