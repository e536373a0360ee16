"""The routes of LocalStack that scripts and test containers wait on and reset by, for those who come from there."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Any

import hodei
from hodei.gateway import realtime
from hodei.gateway.local import Local, Routes
from hodei.kernel.manifest import all_manifests

routes = Routes()

EDITION = "hodei"


@routes.get("/_localstack/health")
def health(local: Local) -> dict[str, Any]:
    return {
        "services": dict.fromkeys(all_manifests(), "available"),
        "edition": EDITION,
        "version": hodei.__version__,
    }


@routes.get("/_localstack/info")
def info(local: Local) -> dict[str, Any]:
    return {
        "version": hodei.__version__,
        "edition": EDITION,
        "is_license_activated": False,
        "system": platform.system().lower(),
        "is_docker": Path("/.dockerenv").exists(),
        "server_time_utc": realtime.now().isoformat(),
        "uptime": int(local.uptime),
    }


@routes.post("/_localstack/state/reset")
def reset(local: Local) -> dict[str, Any]:
    local.world.reset()
    return {}
