"""Values that are already trees (decoded JSON or CBOR) to and from boto3's form.

Each shape is compiled once into a function. The functions look at every value's exact type, which is all that most
values need, and change the tree in place (reading) or copy only what differs (writing): an item without blobs or
times passes through untouched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from hodei.protocol.errors import InvalidResult, ProtocolError, SerializationError, UnknownMember
from hodei.protocol.model import Shape

Function = Callable[[Any], Any]


class Compiler:
    """Turns shapes into functions; recursive structures become functions that refer to themselves."""

    exact: Mapping[str, type] = {}  # shape type -> the Python type that needs no conversion

    def __init__(self) -> None:
        self._structures: dict[str, Function] = {}

    def compile(self, shape: Shape) -> Function:
        match shape.type:
            case "structure":
                if shape.document:
                    return self.document
                if (function := self._structures.get(shape.name)) is None:
                    function = self.structure(shape)
                return function
            case "list":
                return self.list(shape)
            case "map":
                return self.map(shape)
            case _:
                return self.scalar(shape)

    def exact_type(self, shape: Shape) -> type:
        """The type whose values pass unchanged; a type no value has, if all need converting."""
        return self.exact.get(shape.type, Compiler)

    def structure(self, shape: Shape) -> Function:
        raise NotImplementedError

    def list(self, shape: Shape) -> Function:
        raise NotImplementedError

    def map(self, shape: Shape) -> Function:
        raise NotImplementedError

    def scalar(self, shape: Shape) -> Function:
        raise NotImplementedError

    @staticmethod
    def document(value: Any) -> Any:
        return value


class TreeReader(Compiler):
    """Wire to boto3. What AWS ignores (unknown members, null members) is dropped."""

    def wrong(self, shape: Shape, value: Any) -> ProtocolError:
        """The error for a value of the wrong type."""
        return SerializationError()

    def structure(self, shape: Shape) -> Function:
        types: dict[str, type] = {}
        readers: dict[str, Function] = {}
        names: dict[str, str] = {}
        wrong = self.wrong

        def read(value: Any) -> Any:
            if type(value) is not dict:
                raise wrong(shape, value)
            drop = False
            for key, item in value.items():
                if types.get(key) is type(item):
                    continue
                reader = readers.get(key)
                if reader is None or item is None:
                    drop = True
                else:
                    new = reader(item)
                    if new is not item:
                        value[key] = new
            if drop:
                return {key: item for key, item in value.items() if item is not None and key in readers}
            return value

        def read_renamed(value: Any) -> Any:
            return {names[key]: item for key, item in read(value).items()}

        renamed = any(member.wire_name(name) != name for name, member in shape.members.items())
        function = self._structures[shape.name] = read_renamed if renamed else read
        for name, member in shape.members.items():
            wire = member.wire_name(name)
            names[wire] = name
            types[wire] = self.exact_type(member)
            readers[wire] = self.compile(member)
        return function

    def list(self, shape: Shape) -> Function:
        exact, reader, sparse, wrong = (
            self.exact_type(shape.member),
            self.compile(shape.member),
            shape.sparse,
            self.wrong,
        )

        def read(value: Any) -> Any:
            if type(value) is not list:
                raise wrong(shape, value)
            for index, item in enumerate(value):
                if type(item) is not exact:
                    if item is None:
                        if sparse:
                            continue
                        raise wrong(shape.member, item)
                    value[index] = reader(item)
            return value

        return read

    def map(self, shape: Shape) -> Function:
        exact, reader, sparse, wrong = self.exact_type(shape.value), self.compile(shape.value), shape.sparse, self.wrong

        def read(value: Any) -> Any:
            if type(value) is not dict:
                raise wrong(shape, value)
            nulls = False
            for key, item in value.items():
                if type(item) is not exact:
                    if item is None:
                        nulls = True
                        continue
                    new = reader(item)
                    if new is not item:
                        value[key] = new
            if nulls and not sparse:
                return {key: item for key, item in value.items() if item is not None}
            return value

        return read


class TreeWriter(Compiler):
    """Boto3 to wire. A result is the handler's and is never changed."""

    def structure(self, shape: Shape) -> Function:
        types: dict[str, type] = {}
        writers: dict[str, Function] = {}
        names: dict[str, str] = {}

        def write(value: Any) -> Any:
            value = plain_dict(shape, value)
            changed = None
            for key, item in value.items():
                if types.get(key) is type(item):
                    continue
                if (writer := writers.get(key)) is None:
                    raise UnknownMember(shape.name, key)
                new = None if item is None else writer(item)
                if new is not item or new is None:
                    if changed is None:
                        changed = dict(value)
                    if new is None:
                        del changed[key]
                    else:
                        changed[key] = new
            return value if changed is None else changed

        def write_renamed(value: Any) -> Any:
            return {names[key]: item for key, item in write(value).items()}

        renamed = any(member.wire_name(name) != name for name, member in shape.members.items())
        function = self._structures[shape.name] = write_renamed if renamed else write
        for name, member in shape.members.items():
            names[name] = member.wire_name(name)
            types[name] = self.exact_type(member)
            writers[name] = self.compile(member)
        return function

    def list(self, shape: Shape) -> Function:
        exact, writer, sparse = self.exact_type(shape.member), self.compile(shape.member), shape.sparse

        def write(value: Any) -> Any:
            value = plain_list(shape, value)
            for item in value:
                if type(item) is not exact:
                    break
            else:
                return value
            if sparse:
                return [None if item is None else writer(item) for item in value]
            return [writer(item) for item in value]

        return write

    def map(self, shape: Shape) -> Function:
        exact, writer, sparse = self.exact_type(shape.value), self.compile(shape.value), shape.sparse

        def write(value: Any) -> Any:
            value = plain_dict(shape, value)
            for item in value.values():
                if type(item) is not exact:
                    break
            else:
                return value
            if sparse:
                return {key: None if item is None else writer(item) for key, item in value.items()}
            return {key: writer(item) for key, item in value.items() if item is not None}

        return write


def plain_dict(shape: Shape, value: Any) -> dict[str, Any]:
    if type(value) is dict:
        return value
    if isinstance(value, Mapping):
        return dict(value)
    raise InvalidResult(f"{shape.name} must be a mapping, not {value!r}")


def plain_list(shape: Shape, value: Any) -> list[Any]:
    if type(value) is list:
        return value
    if isinstance(value, Iterable) and not isinstance(value, (str, bytes, Mapping)):
        return list(value)
    raise InvalidResult(f"{shape.name} must be a list, not {value!r}")


def text(shape: Shape, value: Any) -> str:
    """A handler's string; members of string enumerations count."""
    if isinstance(value, str):
        return str.__str__(value)
    raise InvalidResult(f"{shape.name} must be a string, not {value!r}")


def integer(shape: Shape, value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value)
    raise InvalidResult(f"{shape.name} must be an integer, not {value!r}")


def boolean(shape: Shape, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise InvalidResult(f"{shape.name} must be a boolean, not {value!r}")


def number(shape: Shape, value: Any) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    raise InvalidResult(f"{shape.name} must be a number, not {value!r}")


def octets(shape: Shape, value: Any) -> bytes:
    """A handler's blob; text counts as its UTF-8, as in boto3."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    if isinstance(value, str):
        return value.encode()
    raise InvalidResult(f"{shape.name} must be bytes, not {value!r}")
