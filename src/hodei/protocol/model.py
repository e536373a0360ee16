"""The service models: botocore's `service-2.json` files read directly, never through botocore.

A few facts that those files lack (older protocols, XML root names, error codes) stand in `overlays/<service>.json`:

    protocols        protocols served beside those of the model
    metadata         merged over the model's metadata
    shapes           merged over the model's shapes, for every protocol
    protocolShapes   the same for one protocol: {"query": {"TagMap": {"locationName": "Tag"}}}
    roots            operation -> the root element of its XML response, where it is not the output shape's name
    wire             switches of the wire format, see `ServiceModel.wire`
"""

from __future__ import annotations

import importlib.util
import os
import re
import zlib
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import orjson

_OVERLAYS = Path(__file__).with_name("overlays")
_HEAD = 4096  # metadata stands first in every file and ends well within this many decompressed bytes
_METADATA = re.compile(rb'"metadata":\s*(\{(?:[^{}]|\{[^{}]*\})*\})')


class Shape:
    """A shape as it is used in one place: the shape's own traits with those of the reference merged over them."""

    def __init__(self, service: ServiceModel, name: str, raw: Mapping[str, Any]) -> None:
        self.service = service
        self.name = name
        self.raw = raw
        self.type: str = raw["type"]

    @cached_property
    def members(self) -> dict[str, Shape]:
        """Of a structure: member name -> its shape."""
        return {name: self.service.resolve(ref) for name, ref in self.raw.get("members", {}).items()}

    @cached_property
    def member(self) -> Shape:
        """Of a list."""
        return self.service.resolve(self.raw["member"])

    @cached_property
    def key(self) -> Shape:
        return self.service.resolve(self.raw["key"])

    @cached_property
    def value(self) -> Shape:
        return self.service.resolve(self.raw["value"])

    @property
    def required(self) -> list[str]:
        return self.raw.get("required") or []

    @property
    def enum(self) -> list[str] | None:
        return self.raw.get("enum")

    @property
    def location(self) -> str | None:
        """Where an HTTP binding puts it: header, headers, uri, querystring, statusCode; None is the body."""
        return self.raw.get("location")

    @property
    def payload(self) -> str | None:
        """Of an input or output: the member that is the whole body."""
        return self.raw.get("payload")

    @property
    def flattened(self) -> bool:
        return bool(self.raw.get("flattened"))

    @property
    def document(self) -> bool:
        """Free-form JSON."""
        return bool(self.raw.get("document"))

    @property
    def eventstream(self) -> bool:
        return bool(self.raw.get("eventstream"))

    @property
    def sparse(self) -> bool:
        """Of a list or map: null is a value."""
        return bool(self.raw.get("sparse"))

    @property
    def timestamp_format(self) -> str | None:
        """unixTimestamp, iso8601 or rfc822; None is the default of the place."""
        return self.raw.get("timestampFormat")

    def wire_name(self, default: str) -> str:
        name: str = self.raw.get("locationName", default)
        return name

    @property
    def namespace(self) -> tuple[str | None, str] | None:
        """The XML namespace declared on the element: (prefix, uri)."""
        namespace = self.raw.get("xmlNamespace")
        if namespace is None:
            return None
        if isinstance(namespace, str):
            return None, namespace
        return namespace.get("prefix"), namespace["uri"]

    @cached_property
    def body(self) -> Shape:
        """Of an input: what of it an HTTP binding leaves to the body."""
        return self._without({"header", "headers", "uri", "querystring"})

    @cached_property
    def output_body(self) -> Shape:
        """Of an output or error: what is left to the body; members bound to the request's parts are among it."""
        return self._without({"header", "headers", "statusCode"})

    def _without(self, locations: set[str]) -> Shape:
        members = {name: ref for name, ref in self.raw["members"].items() if ref.get("location") not in locations}
        return Shape(self.service, f"{self.name} body", {**self.raw, "members": members})

    @cached_property
    def message_member(self) -> str | None:
        """Of an error: the member that holds its message (`message` or `Message`)."""
        return next((name for name in self.members if name.lower() in ("message", "errormessage")), None)

    @property
    def error_code(self) -> str:
        """Of an error: its code on the wire, which for query and query-compatible services is not the shape's name."""
        code: str = self.raw.get("error", {}).get("code", self.name)
        return code

    @property
    def error_status(self) -> int:
        fallback = 500 if self.raw.get("fault") else 400
        status: int = self.raw.get("error", {}).get("httpStatusCode", fallback)
        return status

    @property
    def sender_fault(self) -> bool:
        return bool(self.raw.get("error", {}).get("senderFault", not self.raw.get("fault") and self.error_status < 500))

    def __repr__(self) -> str:
        return f"<{self.type} {self.service.name}.{self.name}>"


class OperationModel:
    """One operation of a service, by the name boto3 knows."""

    def __init__(self, service: ServiceModel, name: str, raw: Mapping[str, Any]) -> None:
        self.service = service
        self.name = name
        self.raw = raw
        self.http_method: str = raw["http"]["method"]
        self.uri: str = raw["http"]["requestUri"]
        self.status: int = raw["http"].get("responseCode", 200)

    @cached_property
    def input(self) -> Shape | None:
        return self.service.resolve(self.raw["input"]) if "input" in self.raw else None

    @cached_property
    def output(self) -> Shape | None:
        return self.service.resolve(self.raw["output"]) if "output" in self.raw else None

    @cached_property
    def errors(self) -> list[Shape]:
        return [self.service.resolve(ref) for ref in self.raw.get("errors", ())]

    @property
    def documentation(self) -> str:
        text: str = self.raw.get("documentation", "")
        return text

    @property
    def deprecated(self) -> bool:
        return bool(self.raw.get("deprecated"))

    @property
    def http_checksum(self) -> Mapping[str, Any]:
        """requestAlgorithmMember, requestChecksumRequired, requestValidationModeMember, responseAlgorithms."""
        checksum: Mapping[str, Any] = self.raw.get("httpChecksum", {})
        return checksum

    @property
    def checksum_required(self) -> bool:
        return bool(self.raw.get("httpChecksumRequired") or self.http_checksum.get("requestChecksumRequired"))

    @property
    def unsigned_payload(self) -> bool:
        return bool(self.raw.get("unsignedPayload"))

    @cached_property
    def streaming_input(self) -> str | None:
        """The member whose bytes are the request body and arrive as a stream."""
        return _streaming(self.input)

    @cached_property
    def streaming_output(self) -> str | None:
        return _streaming(self.output)

    @cached_property
    def event_input(self) -> str | None:
        """The member that is a stream of events."""
        return _event_stream(self.input)

    @cached_property
    def event_output(self) -> str | None:
        return _event_stream(self.output)

    def __repr__(self) -> str:
        return f"<operation {self.service.name}.{self.name}>"


def _streaming(shape: Shape | None) -> str | None:
    if shape is None or (name := shape.payload) is None:
        return None
    member = shape.members[name]
    return name if member.type == "blob" and member.raw.get("streaming") else None


def _event_stream(shape: Shape | None) -> str | None:
    if shape is None:
        return None
    return next((name for name, member in shape.members.items() if member.eventstream), None)


class _Operations(Mapping[str, OperationModel]):
    """Made on first use: the largest models have 800 operations and a run uses a handful."""

    def __init__(self, service: ServiceModel, raw: Mapping[str, Any]) -> None:
        self._service = service
        self._raw = raw
        self._made: dict[str, OperationModel] = {}

    def __getitem__(self, name: str) -> OperationModel:
        if (operation := self._made.get(name)) is None:
            operation = self._made[name] = OperationModel(self._service, name, self._raw[name])
        return operation

    def __contains__(self, name: object) -> bool:
        return name in self._raw

    def __iter__(self) -> Iterator[str]:
        return iter(self._raw)

    def __len__(self) -> int:
        return len(self._raw)


class ServiceModel:
    """A service's model. `name` is botocore's directory name."""

    def __init__(
        self,
        name: str,
        document: Mapping[str, Any],
        overlay: Mapping[str, Any] | None = None,
        protocol: str | None = None,
    ) -> None:
        self.name = name
        self.overlay = overlay or {}
        self.metadata: dict[str, Any] = document["metadata"] | self.overlay.get("metadata", {})
        self.api_version: str = self.metadata.get("apiVersion", "")
        self.operations: Mapping[str, OperationModel] = _Operations(self, document.get("operations", {}))
        self._document = document
        self._shapes = _overlaid(document.get("shapes", {}), self.overlay, protocol)
        self._made: dict[str, Shape] = {}

    @cached_property
    def protocols(self) -> tuple[str, ...]:
        """Every protocol the service answers; the first is the one the model prefers."""
        listed = [self.metadata["protocol"], *self.metadata.get("protocols", ()), *self.overlay.get("protocols", ())]
        return tuple(dict.fromkeys(listed))

    @property
    def target_prefix(self) -> str:
        prefix: str = self.metadata.get("targetPrefix", "")
        return prefix

    @property
    def xml_namespace(self) -> str | None:
        return self.metadata.get("xmlNamespace")

    @property
    def signing_name(self) -> str:
        """The service in the scope of its signatures."""
        return str(self.metadata.get("signingName") or self.metadata["endpointPrefix"])

    @property
    def query_compatible(self) -> bool:
        return "awsQueryCompatible" in self.metadata

    @property
    def wire(self) -> Mapping[str, Any]:
        """Facts of the wire format that no model states.

        errorNamespace (prefix of `__type`), errorWrapping (false: a bare <Error>), errorType (false: no <Type> in XML
        errors), errorDetail (an empty <Detail/> in query errors), requestIdHeader, milliseconds (iso8601 always with
        them), jsonErrors (whose wording of type errors), bodyPath (validation paths start with
        the operation's input for body members), verbatim (structures of answers that handlers have as JSON writes
        them, but for blobs: they are not looked into).
        """
        wire: Mapping[str, Any] = self.overlay.get("wire", {})
        return wire

    def resolve(self, ref: Mapping[str, Any]) -> Shape:
        """The shape that `ref` names, with the traits of `ref` merged over it."""
        name = ref["shape"]
        if len(ref) == 1 or (len(ref) == 2 and "documentation" in ref):
            return self.shape(name)
        return Shape(self, name, {**self._shapes[name], **ref})

    def shape(self, name: str) -> Shape:
        if (shape := self._made.get(name)) is None:
            shape = self._made[name] = Shape(self, name, self._shapes[name])
        return shape

    def error_shape(self, name: str) -> Shape | None:
        """The modelled error with this shape name or wire code."""
        raw = self._shapes.get(name)
        if raw is not None and raw.get("exception"):
            return self.shape(name)
        by_code = self._errors_by_code.get(name)
        return self.shape(by_code) if by_code is not None else None

    @cached_property
    def _errors_by_code(self) -> dict[str, str]:
        errors = ((name, raw) for name, raw in self._shapes.items() if raw.get("exception"))
        return {raw["error"]["code"]: name for name, raw in errors if "code" in raw.get("error", {})}

    def for_protocol(self, protocol: str) -> ServiceModel:
        """The model as `protocol` sees it: itself, unless an overlay has facts for that protocol alone."""
        if protocol not in self.overlay.get("protocolShapes", {}):
            return self
        return ServiceModel(self.name, self._document, self.overlay, protocol)

    def __repr__(self) -> str:
        return f"<service {self.name}>"


def _overlaid(shapes: Mapping[str, Any], overlay: Mapping[str, Any], protocol: str | None) -> Mapping[str, Any]:
    merged = shapes
    for extra in (overlay.get("shapes", {}), overlay.get("protocolShapes", {}).get(protocol, {})):
        if extra:
            merged = _merge(merged, extra)
    return merged


def _merge(base: Mapping[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in extra.items():
        old = merged.get(key)
        merged[key] = _merge(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return merged


@cache
def _data_folder() -> Path:
    spec = importlib.util.find_spec("botocore")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("botocore is not installed: its data files are the service models")
    return Path(spec.submodule_search_locations[0]) / "data"


@cache
def endpoints() -> Mapping[str, Any]:
    """botocore's table of partitions, their regions, and the services in each."""
    return _json_file(_data_folder() / "endpoints.json")


@cache
def _files() -> dict[str, Path]:
    """Service name -> its newest service-2 file."""
    with os.scandir(_data_folder()) as entries:
        folders = sorted((entry.name, entry.path) for entry in entries if entry.is_dir())
    return {name: Path(path) for name, folder in folders if (path := _newest(folder))}


def _newest(folder: str) -> str | None:
    for version in sorted(os.listdir(folder), reverse=True):
        for name in ("service-2.json.gz", "service-2.json"):
            if os.path.exists(path := f"{folder}/{version}/{name}"):
                return path
    return None


def _text(path: Path, limit: int = 0) -> bytes:
    """The file's content; with a `limit`, at most that many bytes from its start."""
    with path.open("rb") as file:
        data = file.read(limit) if limit else file.read()
    if path.suffix != ".gz":
        return data
    return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(data, limit)


def _json_file(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = orjson.loads(_text(path))
    return document


@cache
def load_model(name: str) -> ServiceModel:
    """The model of the service that botocore calls `name`. Raises KeyError if there is none."""
    path = _files()[name]
    document = _json_file(path)
    if (extras := path.with_name("service-2.sdk-extras.json")).exists():
        document = _merge(document, _json_file(extras)["merge"])
    overlay = _OVERLAYS / f"{name}.json"
    return ServiceModel(name, document, _json_file(overlay) if overlay.exists() else None)


@cache
def service_index() -> Mapping[str, dict[str, Any]]:
    """Service name -> metadata, for every service there is, without reading more than the head of each file."""
    return {name: _metadata(path) for name, path in _files().items()}


def _metadata(path: Path) -> dict[str, Any]:
    if found := _METADATA.search(_text(path, _HEAD)):
        metadata: dict[str, Any] = orjson.loads(found[1])
        return metadata
    return dict(_json_file(path)["metadata"])
