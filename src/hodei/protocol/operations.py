"""Which protocol a request speaks and which operation it calls."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from urllib.parse import unquote, unquote_plus

from hodei.protocol.errors import NoSuchOperation, ProtocolError
from hodei.protocol.http import Body, Request, parse_query
from hodei.protocol.model import OperationModel, ServiceModel

Found = tuple[OperationModel, dict[str, str]]
_ACTION = re.compile(r"(?:^|&)Action=([^&]*)")
_ACTION_BYTES = re.compile(rb"(?:^|&)Action=([^&]*)")
_RPC_PATH = re.compile(r"/service/([^/]+)/operation/([^/]+)/?$")
_MAX_INFLATED = 64 << 20
_REST = ("rest-json", "rest-xml")


def detect_protocol(model: ServiceModel, request: Request) -> str:
    """The protocol of `request`, one of `model.protocols`: told by the request, never by the model's preference."""
    protocols = model.protocols
    if len(protocols) == 1:
        return protocols[0]
    headers = request.headers.joined()
    if "smithy-protocol" in headers and "smithy-rpc-v2-cbor" in protocols:
        return "smithy-rpc-v2-cbor"
    if "x-amz-target" in headers and "json" in protocols:
        cbor = "aws-cbor" in protocols and headers.get("content-type", "").startswith("application/x-amz-cbor")
        return "aws-cbor" if cbor else "json"
    form = "x-www-form-urlencoded" in headers.get("content-type", "") or _ACTION.search(request.query)
    if form and (found := _first(protocols, ("query", "ec2"))):
        return found
    return _first(protocols, _REST) or protocols[0]


def _first(protocols: Iterable[str], wanted: tuple[str, ...]) -> str | None:
    return next((protocol for protocol in protocols if protocol in wanted), None)


def find_operation(model: ServiceModel, protocol: str, request: Request) -> Found:
    """The operation called and, for REST protocols, the decoded path parameters by their names in the template.

    For the query protocols the body must have been read. An S3 bucket is expected in the path.
    Raises NoSuchOperation, with the code AWS gives in this protocol.
    """
    match protocol:
        case "json" | "aws-cbor":
            prefix, _, name = request.headers.get("x-amz-target").rpartition(".")
            known = prefix == model.target_prefix
            return _named(model, name if known else "", UNKNOWN_OPERATION, name), {}
        case "smithy-rpc-v2-cbor":
            match = _RPC_PATH.search(request.path)
            known = match is not None and match[1] == model.target_prefix
            name = match[2] if match else ""
            return _named(model, name if known else "", UNKNOWN_OPERATION, name), {}
        case "query" | "ec2":
            return _by_action(model, request), {}
        case _:
            return _matcher(model).match(request)


UNKNOWN_OPERATION = ("UnknownOperationException", None, 400)


def _named(model: ServiceModel, name: str, otherwise: tuple[str, str | None, int], asked: str) -> OperationModel:
    if name in model.operations:
        return model.operations[name]
    raise NoSuchOperation(*otherwise, operation=asked or None)


def _by_action(model: ServiceModel, request: Request) -> OperationModel:
    name = ""
    if match := _ACTION.search(request.query):
        name = unquote_plus(match[1])
    elif found := _ACTION_BYTES.search(inflate(request, request.body.data or b"")):
        name = unquote_plus(found[1].decode("latin-1"))
    if not name:
        raise NoSuchOperation("MissingAction", "Missing Action", 400)
    message = f"The action {name} is not valid for this web service."
    return _named(model, name, ("InvalidAction", message, 400), name)


def plain_body(request: Request, body: bytes | Body, operation: OperationModel) -> bytes:
    """The whole body, which has been read by then; uncompressed, where the operation lets clients compress it."""
    data = body if isinstance(body, bytes) else body.data or b""
    return inflate(request, data) if "requestcompression" in operation.raw else data


def inflate(request: Request, data: bytes) -> bytes:
    """Undo the `Content-Encoding: gzip` of a body. Raises ProtocolError."""
    encodings = request.headers.get("content-encoding")
    if not data or not encodings.endswith("gzip"):
        return data
    decompressor = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        plain = decompressor.decompress(data, _MAX_INFLATED)
    except zlib.error as error:
        raise ProtocolError("SerializationException", "The compressed request body is malformed") from error
    if decompressor.unconsumed_tail:
        raise ProtocolError("RequestEntityTooLargeException", "Request size exceeded the limit", 413)
    if not decompressor.eof:
        raise ProtocolError("SerializationException", "The compressed request body is malformed")
    return plain


class _Node:
    """A place in the tree of URI templates, after some of their segments."""

    __slots__ = ("greedy", "label", "literals", "routes", "suffixes")

    def __init__(self) -> None:
        self.literals: dict[str, _Node] = {}
        self.label: _Node | None = None
        self.greedy: _Node | None = None
        self.routes: dict[str, _Routes] = {}  # by HTTP method
        self.suffixes: list[tuple[list[str], _Node]] = []  # what may follow a greedy label, the longest first


@dataclass(slots=True)
class _Route:
    operation: OperationModel
    labels: list[str]
    constants: list[tuple[str, str | None]]  # query parameters of the template: (name, value; None: just present)
    query: list[str]  # required query parameters and headers: what tells operations on one path apart
    headers: list[str]

    @property
    def rank(self) -> tuple[int, bool]:
        demands = 3 * len(self.constants) + len(self.query) + len(self.headers)
        return -demands, self.operation.deprecated

    def called_by(self, given: dict[str, str]) -> bool:
        for name, value in self.constants:
            if name not in given or (value is not None and given[name] != value):
                return False
        return True

    def completed_by(self, given: dict[str, str], headers: dict[str, str]) -> bool:
        return all(name in given for name in self.query) and all(name in headers for name in self.headers)


class _Routes:
    """The operations of one path and method."""

    __slots__ = ("_keyed", "_plain")

    def __init__(self) -> None:
        self._keyed: dict[str, list[_Route]] = {}  # by a query parameter that the template demands
        self._plain: list[_Route] = []

    def add(self, route: _Route) -> None:
        routes = self._keyed.setdefault(route.constants[0][0], []) if route.constants else self._plain
        routes.append(route)
        routes.sort(key=lambda route: route.rank)

    def choose(self, given: dict[str, str], request: Request) -> _Route | None:
        """The most demanding operation whose demands are met; failing that (a required parameter is missing, which is
        for validation to say) the first that is called at all."""
        called = self._plain
        if given and self._keyed:
            keyed = [route for name in given for route in self._keyed.get(name, ()) if route.called_by(given)]
            called = sorted(keyed, key=lambda route: route.rank) or called
        if len(called) > 1:
            if wanted := given.get("x-id"):
                called = sorted(called, key=lambda route: route.operation.name != wanted)
            headers = request.headers.joined()
            for route in called:
                if route.completed_by(given, headers):
                    return route
        return called[0] if called else None


class _Matcher:
    """The REST operations of one service, found by method, path, query and headers."""

    def __init__(self, model: ServiceModel) -> None:
        self._root = _Node()
        self._xml = "rest-xml" in model.protocols
        for operation in model.operations.values():
            self._add(operation)
        _find_suffixes(self._root)

    def _add(self, operation: OperationModel) -> None:
        path, _, query = operation.uri.partition("?")
        node, labels = self._root, []
        for segment in _segments(path):
            if not segment.startswith("{"):
                node = node.literals.setdefault(segment, _Node())
                continue
            labels.append(segment[1:-1].rstrip("+"))
            if segment.endswith("+}"):
                node.greedy = node.greedy or _Node()
                node = node.greedy
            else:
                node.label = node.label or _Node()
                node = node.label
        constants = [(name, value or None) for name, value in parse_query(query) if name != "x-id"]
        route = _Route(operation, labels, constants, *_required(operation))
        node.routes.setdefault(operation.http_method, _Routes()).add(route)

    def match(self, request: Request) -> Found:
        segments = request.path.split("/")[1:]
        given = dict(request.query_pairs()) if request.query else {}
        values: list[str] = []
        found = self._walk(self._root, segments, 0, values, request, given)
        if found is None and segments[-1:] == [""] and len(segments) > 1:
            found = self._walk(self._root, segments[:-1], 0, values, request, given)
        if found is None:
            raise self._unknown(request)
        return found.operation, {name: unquote(value) for name, value in zip(found.labels, values)}

    def _walk(
        self, node: _Node, segments: list[str], at: int, values: list[str], request: Request, given: dict[str, str]
    ) -> _Route | None:
        if at == len(segments) or (at == len(segments) - 1 and not segments[at]):
            routes = node.routes.get(request.method)
            return routes.choose(given, request) if routes is not None else None
        literal = node.literals.get(segments[at])
        if literal is not None and (found := self._walk(literal, segments, at + 1, values, request, given)):
            return found
        if node.label is not None and segments[at]:
            values.append(segments[at])
            if found := self._walk(node.label, segments, at + 1, values, request, given):
                return found
            values.pop()
        return self._walk_greedy(node.greedy, segments, at, values, request, given) if node.greedy else None

    def _walk_greedy(
        self, greedy: _Node, segments: list[str], at: int, values: list[str], request: Request, given: dict[str, str]
    ) -> _Route | None:
        """A greedy label takes what is left, but for the literal segments that may follow it in the template."""
        for suffix, end in greedy.suffixes:
            stop = len(segments) - len(suffix)
            routes = end.routes.get(request.method)
            if routes is None or stop <= at or (suffix and segments[stop:] != suffix):
                continue
            if route := routes.choose(given, request):
                values.append("/".join(segments[at:stop]))
                return route
        return None

    def _unknown(self, request: Request) -> NoSuchOperation:
        if self._xml:
            return NoSuchOperation(
                "MethodNotAllowed", "The specified method is not allowed against this resource.", 405, None
            )
        return NoSuchOperation("UnknownOperationException", None, 404, None)


def _segments(path: str) -> list[str]:
    return path.strip("/").split("/") if path.strip("/") else []


def _required(operation: OperationModel) -> tuple[list[str], list[str]]:
    """The names of the query parameters and of the headers without which the operation cannot be meant."""
    shape = operation.input
    if shape is None:
        return [], []
    required = [(shape.members[name], name) for name in shape.required]
    query = [member.wire_name(name) for member, name in required if member.location == "querystring"]
    headers = [member.wire_name(name).lower() for member, name in required if member.location == "header"]
    return query, headers


def _find_suffixes(node: _Node) -> None:
    if node.greedy is not None:
        node.greedy.suffixes = sorted(_suffixes(node.greedy), key=lambda item: -len(item[0]))
    for child in (*node.literals.values(), node.label, node.greedy):
        if child is not None:
            _find_suffixes(child)


def _suffixes(node: _Node) -> list[tuple[list[str], _Node]]:
    """Every chain of literals below a node, with where it ends; the empty one is among them."""
    found: list[tuple[list[str], _Node]] = [([], node)]
    for literal, child in node.literals.items():
        found.extend(([literal, *rest], end) for rest, end in _suffixes(child))
    return found


@cache
def _matcher(model: ServiceModel) -> _Matcher:
    return _Matcher(model)
