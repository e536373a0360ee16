"""What is said in an environment: lines for its log, and events for those who have subscribed to them.

Its own events are those of the Telemetry API; the log has them as text or as JSON, as the function is configured.
https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from hodei.services.lambda_.runtime import wording
from hodei.services.lambda_.runtime.deployment import Deployment

LEVELS = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")

Line = tuple[float, str]  # when, on the cloud's clock, and what
Listener = Callable[[float, str, object], None]  # when, the type of the event, its record


class Journal:
    """`now` is the cloud's clock."""

    def __init__(self, deployment: Deployment, now: Callable[[], float]) -> None:
        self._json = deployment.log_format == "JSON"
        self._application = deployment.log_level
        self._system = deployment.system_log_level
        self.now = now
        self._lines: list[Line] = []
        self.listener: Listener | None = None

    def function(self, line: str) -> None:
        self._printed("function", line)

    def extension(self, line: str) -> None:
        self._printed("extension", line)

    def platform(self, kind: str, record: Mapping[str, Any]) -> None:
        """An event of ours: `kind` is "start" for platform.start."""
        at = self.now()
        self._tell(at, f"platform.{kind}", record)
        if not self._json:
            if text := wording.text(kind, record):
                self._lines.append((at, text))
        elif LEVELS.index(wording.level(kind, record)) >= LEVELS.index(self._system or "INFO"):
            event = {"time": moment(at), "type": f"platform.{kind}", "record": record}
            self._lines.append((at, msgspec.json.encode(event).decode()))

    def note(self, text: str) -> None:
        """What Lambda says of a failure in plain text, and only there."""
        if not self._json:
            self._lines.append((self.now(), text))

    def take(self) -> list[Line]:
        """What has been said since it was last asked."""
        lines, self._lines = self._lines, []
        return lines

    def _printed(self, kind: str, line: str) -> None:
        at = self.now()
        self._tell(at, kind, line)
        if not self._json or LEVELS.index(_level(line)) >= LEVELS.index(self._application or "INFO"):
            self._lines.append((at, line))

    def _tell(self, at: float, kind: str, record: object) -> None:
        if self.listener:
            self.listener(at, kind, record)


def moment(at: float) -> str:
    """As all times in records are written."""
    found = datetime.fromtimestamp(at, UTC)
    return f"{found:%Y-%m-%dT%H:%M:%S}.{found.microsecond // 1000:03}Z"


def milliseconds(seconds: float) -> float:
    """As all durations in records are written."""
    return round(seconds * 1000, 3)


def _level(line: str) -> str:
    """Of a line that a program has printed: what says nothing of it is INFO."""
    if line.startswith("{"):
        try:
            found = msgspec.json.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return "INFO"
        level = str(found.get("level", "")).upper()
        return level if level in LEVELS else "INFO"
    return "INFO"
