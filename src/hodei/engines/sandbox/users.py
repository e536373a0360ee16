"""Users of this machine for programs, one for each sandbox, and whose the other end of a connection is."""

from __future__ import annotations

import os
import socket
import struct
from collections import deque

ANYBODY = 993  # as functions have it on AWS
FIRST, LAST = 61184, 65519  # which systemd keeps for users that come and go: nothing on a machine is theirs

NETLINK_SOCK_DIAG, SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST = 4, 20, 1
ALL_STATES = NO_COOKIE = 0xFFFFFFFF

STEP = 97  # users between the first ones of two processes

Address = tuple[str, int]


class User:
    """Whom a program runs as, until it `leave`s: a number of the range `free` that it goes back to, ANYBODY, or 0 for
    whoever we are."""

    def __init__(self, uid: int, free: deque[int]) -> None:
        self.uid = uid
        self._free = free

    def has(self, theirs: Address, ours: Address) -> bool:
        """Whether the other end of a connection is its; that of any where users are shared."""
        return self.uid in (0, ANYBODY) or user_of(theirs, ours) == self.uid

    def leave(self) -> None:
        """When nothing of it runs any more."""
        if self.uid >= FIRST:
            self._free.append(self.uid)


class Users:
    """Those that nobody is now. Where several processes give users of one machine away, they begin apart."""

    def __init__(self) -> None:
        apart = os.geteuid() == 0 and _kernel_tells()
        self._free = deque(range(FIRST, LAST + 1) if apart else ())
        self._free.rotate(-STEP * os.getpid())

    def take(self, *, apart: bool) -> User:
        """One of its own for a program that runs `apart` from the machine, if we are root; ANYBODY when there are no
        more. Else whoever we are."""
        if not apart or os.geteuid() != 0:
            return User(0, self._free)
        return User(self._free.popleft() if self._free else ANYBODY, self._free)


def _kernel_tells() -> bool:
    with socket.create_server(("127.0.0.1", 0)) as ours, socket.create_connection(ours.getsockname()) as theirs:
        return user_of(theirs.getsockname(), ours.getsockname()) == os.geteuid()


def user_of(theirs: Address, ours: Address) -> int | None:
    """Whose the other end of a TCP connection within this machine is (IPv4). None if the kernel does not tell, or it
    is gone.

    https://man7.org/linux/man-pages/man7/sock_diag.7.html
    """
    ends = struct.pack("!HH", theirs[1], ours[1]) + _packed(theirs) + _packed(ours)
    wanted = struct.pack("=BBBxI", socket.AF_INET, socket.IPPROTO_TCP, 0, ALL_STATES) + ends
    wanted += struct.pack("=III", 0, NO_COOKIE, NO_COOKIE)
    head = struct.pack("=IHHII", 16 + len(wanted), SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST, 0, 0)
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK, NETLINK_SOCK_DIAG) as kernel:
            kernel.send(head + wanted)
            answer = kernel.recv(4096)
    except (AttributeError, OSError):  # AttributeError: no Linux
        return None
    if struct.unpack_from("=H", answer, 4)[0] != SOCK_DIAG_BY_FAMILY:
        return None
    uid: int = struct.unpack_from("=I", answer, 80)[0]  # inet_diag_msg.idiag_uid
    return uid


def _packed(address: Address) -> bytes:
    return socket.inet_aton(address[0]).ljust(16, b"\0")
