"""How the events of an environment stand in its log: their text, and their level."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hodei.services.lambda_.runtime.deployment import ON_DEMAND

Record = Mapping[str, Any]


def text(kind: str, record: Record) -> str:
    """A line of a log that is no JSON; "" for what is not in it."""
    return TEXTS[kind](record) if kind in TEXTS else ""


def level(kind: str, record: Record) -> str:
    """https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html"""
    well = record.get("status", "success") == "success"
    if kind in ("initRuntimeDone", "restoreRuntimeDone", "runtimeDone"):
        return "DEBUG" if well else "WARN"
    if kind == "initReport" and well:
        return "DEBUG" if record["initializationType"] == ON_DEMAND else "INFO"
    if kind in ("initStart", "restoreStart"):
        return "INFO" if record.get("runtimeVersion") else "DEBUG"
    if kind == "extension":
        return "INFO" if record["state"] == "Ready" else "WARN"
    return "INFO" if well and kind != "logsDropped" else "WARN"


def _init_start(record: Record) -> str:
    return f"INIT_START Runtime Version: {record['runtimeVersion']}" if "runtimeVersion" in record else ""


def _init_report(record: Record) -> str:
    """On demand, only a failure has one."""
    took = f"INIT_REPORT Init Duration: {record['metrics']['durationMs']:.2f} ms"
    if record["status"] == "success":
        return "" if record["initializationType"] == ON_DEMAND else took
    return "\t".join([took, f"Phase: {record['phase']}", *_status(record)])


def _restore_report(record: Record) -> str:
    return "\t".join([f"RESTORE_REPORT Restore Duration: {record['metrics']['durationMs']:.2f} ms", *_status(record)])


def _status(record: Record) -> list[str]:
    if record["status"] == "success":
        return []
    return [f"Status: {record['status']}", *([f"Error Type: {record['errorType']}"] if "errorType" in record else [])]


def _report(record: Record) -> str:
    metrics = record["metrics"]
    parts = [
        f"REPORT RequestId: {record['requestId']}",
        f"Duration: {metrics['durationMs']:.2f} ms",
        f"Billed Duration: {metrics['billedDurationMs']} ms",
        f"Memory Size: {metrics['memorySizeMB']} MB",
        f"Max Memory Used: {metrics['maxMemoryUsedMB']} MB",
    ]
    if "initDurationMs" in metrics:
        parts.append(f"Init Duration: {metrics['initDurationMs']:.2f} ms")
    if "restoreDurationMs" in metrics:
        parts.append(f"Restore Duration: {metrics['restoreDurationMs']:.2f} ms")
        parts.append(f"Billed Restore Duration: {metrics['billedRestoreDurationMs']} ms")
    return "\t".join([*parts, *_status(record), ""])


def _extension(record: Record) -> str:
    parts = [f"EXTENSION\tName: {record['name']}", f"State: {record['state']}"]
    parts.append(f"Events: [{','.join(record['events'])}]")
    return "\t".join([*parts, *([f"Error Type: {record['errorType']}"] if "errorType" in record else [])])


def _subscription(api: str) -> Callable[[Record], str]:
    def said(record: Record) -> str:
        types = ", ".join(kind.capitalize() for kind in record["types"])
        return f"{api}\tName: {record['name']}\tState: {record['state']}\tTypes: [{types}]"

    return said


TEXTS: dict[str, Callable[[Record], str]] = {
    "initStart": _init_start,
    "initReport": _init_report,
    "restoreStart": lambda record: f"RESTORE_START Runtime Version: {record.get('runtimeVersion', '')}",
    "restoreReport": _restore_report,
    "start": lambda record: f"START RequestId: {record['requestId']} Version: {record['version']}",
    "report": _report,
    "extension": _extension,
    "telemetrySubscription": _subscription("TELEMETRY"),
    "logsSubscription": _subscription("LOGS"),
}
