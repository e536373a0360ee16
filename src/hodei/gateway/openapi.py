"""The OpenAPI document of the local routes, from their declarations."""

from __future__ import annotations

import inspect
from typing import Any

import msgspec

import hodei
from hodei.gateway.local import LocalRoute, Routes

REF = "#/components/schemas/{name}"
ERROR = {"type": "object", "properties": {"error": {"type": "string"}}, "required": ["error"]}


def document(routes: Routes, url: str) -> dict[str, Any]:
    """An OpenAPI 3.1 document."""
    structs = [kind for route in routes.all for kind in (route.body, route.result) if kind is not None]
    shown, components = msgspec.json.schema_components(structs, ref_template=REF)
    schemas = dict(zip(map(repr, structs), shown))
    paths: dict[str, Any] = {}
    for route in routes.all:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Hodei", "version": hodei.__version__, "summary": "The admin API of a cloud on one machine"},
        "servers": [{"url": url}],
        "paths": paths,
        "components": {"schemas": {**components, "Error": ERROR}},
    }


def _operation(route: LocalRoute, schemas: dict[str, Any]) -> dict[str, Any]:
    summary, _, description = inspect.cleandoc(route.handler.__doc__ or "").partition("\n")
    operation: dict[str, Any] = {
        "operationId": route.handler.__name__,
        "summary": summary,
        "responses": {
            "200": {"description": "Done", "content": _content(schemas.get(repr(route.result), {}))},
            "4XX": {"description": "Refused", "content": _content({"$ref": REF.format(name="Error")})},
        },
    }
    if description.strip():
        operation["description"] = description.strip()
    if route.parameters:
        operation["parameters"] = [_parameter(route, found) for found in route.parameters.values()]
    if route.body is not None:
        operation["requestBody"] = {"content": _content(schemas[repr(route.body)])}
    return operation


def _parameter(route: LocalRoute, found: inspect.Parameter) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    if found.default:
        schema |= {"default": found.default} if found.default is not found.empty else {}
    place = "path" if route.in_path(found.name) else "query"
    return {"name": found.name, "in": place, "required": found.default is found.empty, "schema": schema}


def _content(schema: Any) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}
