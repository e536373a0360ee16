"""Which operation of which service a request asks for: by target header, path, credential scope, host and form, for
every service in botocore, from the models' data."""

from __future__ import annotations

import functools
import re
from collections import defaultdict
from dataclasses import dataclass
from typing import NamedTuple

from hodei.gateway.credentials import DEFAULT_REGION, Credential, read_credential
from hodei.kernel.manifest import Manifest, all_manifests
from hodei.protocol.codec import ProtocolError, detect_protocol, find_operation
from hodei.protocol.http import Request, parse_query
from hodei.protocol.model import OperationModel, ServiceModel, load_model, service_index

FALLBACK = "s3"  # path-style requests with no signature look like nothing else
BASE_DOMAINS = ("localhost.localstack.cloud", "localhost", "amazonaws.com.cn", "amazonaws.com", "api.aws")
REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")


class Host(NamedTuple):
    """What a host name says: the labels before the service, the service's endpoint prefix, the region."""

    sub: str = ""
    prefix: str = ""
    region: str = ""


@dataclass(slots=True)
class Route:
    """The operation that a request asks for, and the place."""

    service: str
    protocol: str
    model: ServiceModel
    operation: OperationModel
    uri_params: dict[str, str]
    credential: Credential | None
    region: str


class NoRoute(Exception):
    """No service answers such a request; `tried` says how it was looked for."""

    def __init__(self, tried: list[str]) -> None:
        super().__init__("; ".join(tried))
        self.tried = tried


class UnknownOperation(Exception):
    """A service, but none of its operations that could be told; `error` is what AWS answers then."""

    def __init__(self, service: str, model: ServiceModel, protocol: str, error: ProtocolError) -> None:
        super().__init__(f"{service} has no such operation")
        self.service, self.model, self.protocol, self.error = service, model, protocol, error


@dataclass(frozen=True)
class Index:
    """Names that requests use for a service -> botocore's names of the services that go by them."""

    signing: dict[str, list[str]]
    target: dict[str, list[str]]
    endpoint: dict[str, list[str]]
    version: dict[str, list[str]]


@functools.cache
def index() -> Index:
    signing, target, endpoint, version = (defaultdict[str, list[str]](list) for _ in range(4))
    for name, metadata in service_index().items():
        prefix = metadata["endpointPrefix"]
        endpoint[prefix].append(name)
        signing[metadata.get("signingName", prefix)].append(name)
        version[metadata["apiVersion"]].append(name)
        if "targetPrefix" in metadata:
            target[metadata["targetPrefix"]].append(name)
    return Index(dict(signing), dict(target), dict(endpoint), dict(version))


@functools.lru_cache(maxsize=4096)
def read_host(host: str, base_domains: tuple[str, ...] = BASE_DOMAINS) -> Host:
    """`bucket.s3.us-west-2.amazonaws.com`, `sqs.localhost`, `bucket.localhost`: the labels by what they mean."""
    base = next((domain for domain in base_domains if host.endswith("." + domain)), None)
    if base is None:
        return Host()
    labels = host[: -len(base) - 1].split(".")
    region = ""
    for position in range(len(labels) - 1, -1, -1):
        if REGION.fullmatch(labels[position]) and not region:
            region = labels[position]
        elif (prefix := endpoint_prefix(labels[position])) is not None:
            return Host(".".join(labels[:position]), prefix, region)
    return Host(".".join(labels), FALLBACK, "")


def endpoint_prefix(label: str) -> str | None:
    """The endpoint prefix that a host label is, also in its FIPS, `s3-accelerate` and `s3-us-west-2` forms."""
    label = label.removesuffix("-fips").removesuffix("-accelerate")
    if label in index().endpoint:
        return label
    stem, _, region = label.partition("-")
    return stem if stem in index().endpoint and REGION.fullmatch(region) else None


class Router:
    """Routes requests; `domain` is the name under which clients reach this cloud, besides the usual ones."""

    def __init__(self, domain: str = "") -> None:
        self._base_domains = BASE_DOMAINS if domain in ("", *BASE_DOMAINS) else (domain, *BASE_DOMAINS)
        self._targets: dict[str, tuple[str, ServiceModel, OperationModel]] = {}

    def host(self, request: Request) -> Host:
        return read_host(request.host, self._base_domains)

    def data_plane(self, request: Request) -> str | None:
        """The service that claims this host or path for something other than its API, by its manifest."""
        for prefix, service in path_claims():
            if request.path.startswith(prefix):
                return service
        return host_claim(request.headers.get("host"))

    def route(self, request: Request, body: bytes | None) -> Route:
        """Find the operation; a subdomain that is part of the path (S3's bucket) is moved there (`request.path`).

        `body` is needed of forms only. Raises: NoRoute, UnknownOperation.
        """
        credential = read_credential(request)
        host = self.host(request)
        region = (credential.region if credential else "") or host.region or DEFAULT_REGION
        target = request.headers.get("x-amz-target")
        if target and (known := self._targets.get(target)):
            service, model, operation = known
            if (protocol := detect_protocol(model, request)) == "json":
                return Route(service, protocol, model, operation, {}, credential, region)
        candidates, tried = self._candidates(request, credential, host, body)
        if not candidates:
            raise NoRoute(tried)
        service, model, protocol, operation, uri_params = self._choose(request, candidates, host)
        if target and protocol == "json":  # elsewhere the header means nothing, and anybody may send it
            self._targets[target] = service, model, operation
        return Route(service, protocol, model, operation, uri_params, credential, region)

    def _candidates(
        self, request: Request, credential: Credential | None, host: Host, body: bytes | None
    ) -> tuple[list[str], list[str]]:
        """Services that the request may mean, from the surest sign to the weakest; and what was looked at."""
        tried: list[str] = []
        names = index()
        if target := request.headers.get("x-amz-target"):
            if found := names.target.get(target.rpartition(".")[0]):
                return found, tried
            tried.append(f"target header '{target}'")
        if request.path.startswith("/service/"):
            prefix = request.path.split("/")[2]
            if found := names.target.get(prefix):
                return found, tried
            tried.append(f"path '/service/{prefix}'")
        if credential and credential.service:
            if found := names.signing.get(credential.service):
                return found, tried
            tried.append(f"signing name '{credential.service}'")
        if host.prefix and (host.prefix != FALLBACK or not credential or not credential.service):
            return names.endpoint[host.prefix], tried
        tried.append(f"host '{request.host}'")
        form = dict(parse_query(form_of(request, body)))
        if "Action" in form:
            if found := names.version.get(form.get("Version", "")):
                return found, tried
            tried.append(f"Action '{form['Action']}' of version '{form.get('Version', '')}'")
        elif not tried[:-1]:
            return [FALLBACK], tried
        return [], tried

    def _choose(
        self, request: Request, candidates: list[str], host: Host
    ) -> tuple[str, ServiceModel, str, OperationModel, dict[str, str]]:
        """The first candidate that has the operation; those that Hodei has come first. One may be known by a header."""
        here = all_manifests()
        marked = [name for name in candidates if name in here and request.headers.get(here[name].header)]
        ordered = marked or sorted(candidates, key=lambda name: name not in here)
        unknown: UnknownOperation | None = None
        for name in ordered:
            model = load_model(name)
            self._move_subdomain(request, host, here.get(name))
            protocol = detect_protocol(model, request)
            try:
                operation, uri_params = find_operation(model, protocol, request)
            except ProtocolError as error:
                unknown = unknown or UnknownOperation(name, model, protocol, error)
                continue
            return name, model, protocol, operation, uri_params
        assert unknown
        raise unknown

    @staticmethod
    def _move_subdomain(request: Request, host: Host, manifest: Manifest | None) -> None:
        if manifest and manifest.subdomain and host.sub and host.prefix == manifest.name:
            request.path = f"/{host.sub}{request.path}"


def form_of(request: Request, body: bytes | None) -> str:
    """The fields of a query-protocol request: its form body, or its query string."""
    if is_form(request):
        return (body or b"").decode("utf-8", "replace")
    return request.query


def is_form(request: Request) -> bool:
    return request.headers.get("content-type").startswith("application/x-www-form-urlencoded")


@functools.lru_cache(maxsize=4096)
def host_claim(host: str) -> str | None:
    name = host.lower().rpartition(":")[0] or host.lower()
    claims = ((pattern, service) for service, manifest in all_manifests().items() for pattern in manifest.hosts)
    return next((service for pattern, service in claims if re.fullmatch(pattern, name)), None)


@functools.cache
def path_claims() -> list[tuple[str, str]]:
    return [(path, name) for name, manifest in all_manifests().items() for path in manifest.paths]
