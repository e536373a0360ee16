"""What can go wrong between bytes and values."""

from __future__ import annotations


class ProtocolError(Exception):
    """The request cannot be understood. Carries AWS's error code, message (None: it sends none), HTTP status."""

    def __init__(self, code: str, message: str | None = None, status: int = 400) -> None:
        super().__init__(code, message, status)
        self.code = code
        self.message = message
        self.status = status


class SerializationError(ProtocolError):
    """JSON or CBOR that is malformed or of the wrong type."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__("SerializationException", message)


class MalformedInput(ProtocolError):
    """A form (query protocol) whose values do not fit the model."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__("MalformedInput", message)


class MalformedXML(ProtocolError):
    """An XML body that is not well-formed or does not fit the model."""

    def __init__(self) -> None:
        message = "The XML you provided was not well-formed or did not validate against our published schema"
        super().__init__("MalformedXML", message)


class NoSuchOperation(ProtocolError):
    """The request names no operation of the service. `operation` is the name that was asked for, where it has one."""

    def __init__(self, code: str, message: str | None, status: int, operation: str | None = None) -> None:
        super().__init__(code, message, status)
        self.operation = operation


class InvalidResult(TypeError):
    """A handler returned a value that does not fit the model: a bug of ours, never the caller's."""


class UnknownMember(InvalidResult):
    """A handler returned a member that the model does not have."""

    def __init__(self, shape: str, member: str) -> None:
        super().__init__(f"{shape} has no member {member!r}")
        self.shape = shape
        self.member = member
