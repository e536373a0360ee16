"""Ports of this machine that programs listen at."""

from __future__ import annotations

import socket

LOCAL = "127.0.0.1"


def free(wanted: int = 0) -> int:
    """That port, or with 0 any, if nobody has it now. Raises: OSError."""
    with socket.create_server((LOCAL, wanted)) as taken:
        port: int = taken.getsockname()[1]
    return port
