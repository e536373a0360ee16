"""Users for programs, and whose a connection is."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator

import pytest

from hodei.engines.sandbox import users as module
from hodei.engines.sandbox.users import ANYBODY, FIRST, Users, user_of

linux = pytest.mark.skipif(sys.platform != "linux", reason="no sock_diag")
root = pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="only root gives users away")


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


@linux
@pytest.mark.parametrize(("family", "address"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::ffff:127.0.0.1")])
def test_whose_a_connection_is(listener: socket.socket, family: socket.AddressFamily, address: str) -> None:
    with socket.socket(family) as theirs:
        theirs.connect((address, listener.getsockname()[1]))
        ours, peer = listener.accept()
        with ours:
            assert user_of(peer, ours.getsockname()) == os.geteuid()
    assert user_of(("127.0.0.1", 1), listener.getsockname()) is None


@root
def test_another_user_is_told_from_ours(listener: socket.socket) -> None:
    users = Users()
    one, other = users.take(apart=True), users.take(apart=True)
    os.seteuid(one.uid)
    try:
        theirs = socket.create_connection(listener.getsockname())
    finally:
        os.seteuid(0)
    ours, peer = listener.accept()
    with ours, theirs:
        ends = peer, ours.getsockname()
        assert one.has(*ends) and not other.has(*ends)


@root
def test_each_has_its_own_until_it_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LAST", FIRST + 1)
    given = Users()
    first, second, third = (given.take(apart=True) for _ in range(3))
    assert {first.uid, second.uid} == {FIRST, FIRST + 1} and third.uid == ANYBODY
    assert third.has(("127.0.0.1", 1), ("127.0.0.1", 2))  # nobody can tell it from others
    third.leave()
    second.leave()
    assert given.take(apart=True).uid == second.uid and given.take(apart=True).uid == ANYBODY
    assert given.take(apart=False).uid == 0
