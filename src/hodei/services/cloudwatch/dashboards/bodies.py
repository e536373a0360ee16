"""What a dashboard's body may be: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/
CloudWatch-Dashboard-Body-Structure.html"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from hodei.services.cloudwatch import errors

TYPES = ("metric", "text", "log", "alarm", "explorer", "custom", "trace", "servicelens")
MOST_WIDGETS = 500
BOUNDS = {"width": (1, 24), "height": (1, 1000), "x": (0, 23), "y": (0, 10**6)}
PROPERTIES = {"text": ("markdown",), "log": ("query", "region"), "alarm": ("alarms",), "custom": ("endpoint",)}
KNOWN = {"type", "x", "y", "width", "height", "properties"}
MEMBERS = {"widgets", "start", "end", "periodOverride", "variables"}

Problem = dict[str, str]


def check(text: str) -> list[Problem]:
    """What is odd and accepted all the same. Raises: DashboardInvalidInputError for what is wrong."""
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        raise _error([{"message": "The field DashboardBody must be a valid JSON object"}]) from None
    if not isinstance(body, dict):
        raise _error([{"message": "The field DashboardBody must be a valid JSON object"}])
    if problems := list(_problems(body)):
        raise _error(problems)
    return list(_warnings(body))


def _error(problems: list[Problem]) -> Exception:
    text = json.dumps(problems)
    listed = [
        {"Message": one["message"]} | ({"DataPath": one["dataPath"]} if "dataPath" in one else {}) for one in problems
    ]
    return errors.DashboardInvalidInput(count=len(problems), problems=text, dashboardValidationMessages=listed)


def _at(path: str, message: str) -> Problem:
    return {"dataPath": path, "message": message}


def _problems(body: dict[str, Any]) -> Iterator[Problem]:
    widgets = body.get("widgets", [])
    if not isinstance(widgets, list):
        yield _at("/widgets", "Should be array")
        return
    if len(widgets) > MOST_WIDGETS:
        yield _at("/widgets", f"Should NOT have more than {MOST_WIDGETS} items")
    for number, widget in enumerate(widgets):
        path = f"/widgets/{number}"
        if isinstance(widget, dict):
            yield from _widget(path, widget)
        else:
            yield _at(path, "Should be object")


def _widget(path: str, widget: dict[str, Any]) -> Iterator[Problem]:
    kind, properties = widget.get("type"), widget.get("properties")
    if "type" not in widget:
        yield _at(path, "Should have required property 'type'")
    elif kind not in TYPES:
        yield _at(f"{path}/type", f"Should be equal to one of the allowed values: {', '.join(TYPES)}")
    for name, (low, high) in BOUNDS.items():
        value = widget.get(name, low)
        if not isinstance(value, int) or isinstance(value, bool):
            yield _at(f"{path}/{name}", "Should be integer")
        elif not low <= value <= high:
            yield _at(f"{path}/{name}", f"Should be >= {low}" if value < low else f"Should be <= {high}")
    if "properties" not in widget:
        yield _at(path, "Should have required property 'properties'")
    elif not isinstance(properties, dict):
        yield _at(f"{path}/properties", "Should be object")
    else:
        yield from _properties(f"{path}/properties", kind, properties)


def _properties(path: str, kind: Any, properties: dict[str, Any]) -> Iterator[Problem]:
    for name in PROPERTIES.get(kind, ()):
        if name not in properties:
            yield _at(path, f"Should have required property '{name}'")
    if kind != "metric":
        return
    metrics, annotations = properties.get("metrics"), properties.get("annotations", {})
    alarms = annotations.get("alarms") if isinstance(annotations, dict) else None
    if metrics is None and not alarms:
        yield _at(path, "Should have required property 'metrics'")
    if metrics is not None and not isinstance(metrics, list):
        yield _at(f"{path}/metrics", "Should be array")
    for number, metric in enumerate(metrics if isinstance(metrics, list) else ()):
        if not isinstance(metric, list) or not metric:
            yield _at(f"{path}/metrics/{number}", "Should be array")
        elif len([part for part in metric if isinstance(part, str)]) == 1 and not isinstance(metric[-1], dict):
            yield _at(f"{path}/metrics/{number}", "Should NOT have fewer than 2 items")
    if "region" not in properties:
        yield _at(path, "Should have required property 'region'")


def _warnings(body: dict[str, Any]) -> Iterator[dict[str, str]]:
    for name in body.keys() - MEMBERS:
        yield {"DataPath": f"/{name}", "Message": f"Unknown property: {name}"}
    for number, widget in enumerate(body.get("widgets", ())):
        for name in widget.keys() - KNOWN:
            yield {"DataPath": f"/widgets/{number}/{name}", "Message": f"Unknown property: {name}"}
