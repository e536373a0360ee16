"""The way of every request, in one list: read, route, parse, validate, authenticate, authorise, limit, run, serialise.

Faults that have been asked for meet it after the routing (what is down) and before the handler.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import msgspec

from hodei.gateway import broken, cors, realtime
from hodei.gateway.authentication import Authenticator
from hodei.gateway.credentials import DEFAULT_ACCOUNT, DEFAULT_REGION, Credential, read_credential
from hodei.gateway.routing import NoRoute, Route, Router, UnknownOperation, is_form
from hodei.kernel import errors
from hodei.kernel.atomic import in_batch, in_batches
from hodei.kernel.context import Context, Principal
from hodei.kernel.errors import AwsError
from hodei.kernel.faults import Strike
from hodei.kernel.iam.authorise import authorise
from hodei.kernel.manifest import all_manifests
from hodei.kernel.service import Operation, Service
from hodei.kernel.world import World
from hodei.protocol.codec import Codec, ProtocolError, codec_for, detect_protocol
from hodei.protocol.http import Body, BodyError, BodyTooLarge, ConnectionBroken, Request, Response
from hodei.protocol.model import OperationModel

log = logging.getLogger("hodei.requests")

Answer = Response | Awaitable[Response]
ROUTING_BODY_LIMIT = 20 * 2**20


@dataclass(slots=True)
class Call:
    """A request on its way through the pipeline."""

    request: Request
    request_id: str
    route: Route
    codec: Codec
    service: Service | None
    ctx: Context | None = None
    params: dict[str, Any] | None = None  # as soon as they are parsed
    skew: float = 0.0  # seconds by which a fault has put the clock ahead for it
    abort_after: int | None = None  # bytes of the answer's body that a fault leaves


class Pipeline:
    """`pipeline(request)` answers at once where nothing has to be waited for, else with an awaitable."""

    def __init__(self, world: World, *, local: Callable[[Request], Answer | None] | None = None) -> None:
        self.world = world
        self.router = Router(urlsplit(world.url).hostname or "")
        self._authenticator = Authenticator(world)
        world.signer = self._signer
        self._local = local  # the admin API and what people script against: /_hodei, /_localstack

    def __call__(self, request: Request) -> Answer:
        request.arrived = self.world.clock.now()
        self.world.ledger.tick(request.arrived)
        if request.path.startswith("/_") and self._local and (answer := self._local(request)):
            return answer
        if name := self.router.data_plane(request):
            answer = self._data_plane(self.world.service(name), request)
            if answer is not None:
                return answer
        if request.method == "OPTIONS" and (
            answer := cors.preflight(request, self.router.host(request), self.world.url)
        ):
            return answer
        if request.body.data is None and is_form(request):
            return self._read_then_route(request)
        return self._route(request)

    # stages

    async def _read_then_route(self, request: Request) -> Response:
        try:
            await request.body.read(ROUTING_BODY_LIMIT)
        except BodyError as error:
            return _no_service(413 if isinstance(error, BodyTooLarge) else 400, str(error), self.world.ids.uuid())
        answer = self._route(request)
        return answer if isinstance(answer, Response) else await answer

    def _route(self, request: Request) -> Answer:
        request_id = self.world.ids.uuid()
        try:
            route = self.router.route(request, request.body.data)
        except NoRoute as error:
            return _no_service(404, f"No service answers this request. Tried: {error}.", request_id)
        except UnknownOperation as unknown:
            return self._no_operation(unknown, request, request_id)
        service = self.world.service(route.service) if route.service in all_manifests() else None
        call = Call(request, request_id, route, codec_for(route.model, route.protocol), service)
        if self.world.faults.active:
            call.skew = self.world.faults.at_the_door(route.service, route.region)
        if service is None or service.find(route.operation.name) is None:
            missing = errors.NotImplementedByHodei(service=route.service, operation=route.operation.name)
            return self._failed(call, missing)
        if route.operation.streaming_input or route.operation.event_input:
            return self._guarded(call, request.body)
        if request.body.data is None:
            return self._read_then_run(call)
        return self._guarded(call, request.body.data)

    def _no_operation(self, unknown: UnknownOperation, request: Request, request_id: str) -> Answer:
        """A service, but no operation of its API: perhaps an endpoint at the same address (a preflight, a form)."""
        if unknown.service in all_manifests():
            answer = self._data_plane(self.world.service(unknown.service), request)
            if answer is not None:
                return answer
        return _error(codec_for(unknown.model, unknown.protocol), None, unknown.error, request_id)

    async def _read_then_run(self, call: Call) -> Response:
        assert call.service
        try:
            body = await call.request.body.read(call.service.manifest.max_body)
        except BodyTooLarge:
            return self._failed(call, _too_large(call))
        except BodyError:
            return self._failed(call, errors.IncompleteBody())
        answer = self._guarded(call, body)
        return answer if isinstance(answer, Response) else await answer

    def _guarded(self, call: Call, body: Any) -> Answer:
        try:
            result = self._run(call, body)
            return self._answer(call, result) if isinstance(result, dict) else self._await(call, result)
        except ConnectionBroken:
            raise
        except Exception as error:
            return self._failed(call, error)

    async def _await(self, call: Call, result: Awaitable[dict[str, Any] | None]) -> Response:
        try:
            return self._answer(call, await result or {})
        except ConnectionBroken:
            raise
        except Exception as error:
            return self._failed(call, error)

    def _run(self, call: Call, body: Any) -> dict[str, Any] | Awaitable[dict[str, Any]]:
        """Parse, validate, authenticate, authorise, limit, handle."""
        route, service = call.route, call.service
        assert service
        operation = service.find(route.operation.name)
        assert operation
        ctx = self._context(
            service, call.request, route.credential, route.region, call.request_id, body, operation.model, call.skew
        )
        call.ctx = ctx
        params = call.params = call.codec.parse(route.operation, call.request, body, route.uri_params)
        if service.amend:
            service.amend(ctx, params)
        if violations := operation.validate(params):
            raise service.violations(route.operation, violations)
        authorise(ctx, operation.name, params)
        if self.world.limits.active:
            self.world.limits.take(ctx, operation.name, params)
        if self.world.faults.active and (strike := self.world.faults.strike(ctx)):
            call.abort_after = strike.abort_after
            return self._struck(strike, ctx, operation, params)
        return self.world.invoke(ctx, operation, params)

    async def _struck(
        self, strike: Strike, ctx: Context, operation: Operation, params: dict[str, Any]
    ) -> dict[str, Any]:
        await strike.suffer()
        result = self.world.invoke(ctx, operation, params)
        return result if isinstance(result, dict) else await result

    def _context(
        self,
        service: Service,
        request: Request,
        credential: Credential | None,
        region: str,
        request_id: str,
        body: bytes | Body | None,
        operation: OperationModel | None = None,
        skew: float = 0.0,
    ) -> Context:
        principal = self._authenticator.caller(service, request, credential, region, body, operation, skew)
        return Context(
            self.world,
            service,
            principal.account or DEFAULT_ACCOUNT,
            region,
            principal=principal,
            request_id=request_id,
            operation=operation.name if operation else "",
            request=request,
        )

    def _signer(self, service: Service, request: Request, body: bytes) -> Principal:
        credential = read_credential(request)
        region = (credential.region if credential else "") or DEFAULT_REGION
        return self._authenticator.caller(service, request, credential, region, body)

    def _answer(self, call: Call, result: dict[str, Any]) -> Response:
        status = result.pop("HTTPStatusCode", None)  # for operations whose model leaves it open (S3's 202)
        self._note(call, result)
        response = call.codec.serialise(call.route.operation, result, request_id=call.request_id)
        response.status = status or response.status
        return self._finish(call, response)

    def _failed(self, call: Call, error: Exception) -> Response:
        self._note(call, {}, error)
        response = _error(call.codec, call.route.operation, error, call.request_id)
        return self._finish(call, response)

    def _note(self, call: Call, result: Mapping[str, Any], error: Exception | None = None) -> None:
        """Of a caller and an operation that are known."""
        if call.ctx is not None and call.params is not None:
            operation = call.ctx.service.find(call.route.operation.name)
            assert operation
            self.world.ledger.note(call.ctx, operation, call.params, result, error)

    def _finish(self, call: Call, response: Response) -> Response:
        if call.service and call.service.decorate:
            call.service.decorate(call.ctx, call.request, response, call.request_id)
        if "origin" in call.request.headers and (call.service is None or call.service.manifest.cors):
            cors.let_read(call.request, response, self.world.url)
        if log.isEnabledFor(logging.INFO):
            log.info("%s.%s %d", call.route.service, call.route.operation.name, response.status)
        if call.skew:
            response.headers.append(("Date", realtime.http_date(call.skew)))
        return response if call.abort_after is None else broken.off(call.request, response, call.abort_after)

    def _data_plane(self, service: Service, request: Request) -> Answer | None:
        """Let a service's own endpoints answer; None if none of them wants the request."""
        found = next((found for found in service.endpoints if found[0](request)), None)
        if found is None:
            return None
        _, handler, signed = found
        credential = read_credential(request) if signed else None
        region = (credential.region if credential else "") or DEFAULT_REGION
        request_id = self.world.ids.uuid()
        try:
            ctx = self._context(service, request, credential, region, request_id, request.body.data)
        except AwsError as error:
            return _error(codec_for(service.model, detect_protocol(service.model, request)), None, error, request_id)
        try:
            answer = in_batch(self.world.store, handler, ctx, request)
            if isinstance(answer, Response):
                return self._decorated(ctx, answer)
            return self._await_endpoint(ctx, in_batches(self.world.store, answer))
        except Exception as error:
            return self._endpoint_failed(ctx, error)

    async def _await_endpoint(self, ctx: Context, answer: Awaitable[Response]) -> Response:
        try:
            return self._decorated(ctx, await answer)
        except Exception as error:
            return self._endpoint_failed(ctx, error)

    def _endpoint_failed(self, ctx: Context, error: Exception) -> Response:
        assert ctx.request
        codec = codec_for(ctx.service.model, detect_protocol(ctx.service.model, ctx.request))
        return self._decorated(ctx, _error(codec, None, error, ctx.request_id))

    @staticmethod
    def _decorated(ctx: Context, response: Response) -> Response:
        if ctx.service.decorate:
            ctx.service.decorate(ctx, ctx.request, response, ctx.request_id)
        return response


def _too_large(call: Call) -> AwsError:
    """How a service says that a body is longer than it takes."""
    assert call.service
    manifest = call.service.manifest
    if not (told := manifest.too_large):
        return errors.RequestTooLarge()
    message = told["message"].format(most=manifest.max_body, operation=call.route.operation.name)
    return errors.declare(told["code"], status=413)(message)


def _error(codec: Codec, operation: Any, error: Exception, request_id: str) -> Response:
    """An error in the wire format of the protocol asked; what is not AWS's own is a 500 and a traceback in the log."""
    message: str | None
    fields: dict[str, Any] = {}
    if isinstance(error, AwsError):
        code, message, status, fields = error.code, error.told, error.status, error.fields
    elif isinstance(error, ProtocolError):
        code, message, status = error.code, error.message, error.status
    elif isinstance(error, BodyError):
        code, message, status = errors.IncompleteBody.code, errors.IncompleteBody.template, 400
    else:
        log.error("%s failed", operation.name if operation else "request", exc_info=error)
        failure = errors.InternalFailure
        code, message, status = failure.code, failure.template, failure.status
    shape = codec.model.error_shape(code)
    if status is None:
        status = shape.error_status if shape else 400
    response = codec.error(
        operation,
        code=shape.error_code if shape else code,
        message=message,
        status=status,
        sender_fault=status < 500,
        fields=fields,
        request_id=request_id,
        shape=shape.name if shape else None,
    )
    if isinstance(error, AwsError):
        response.headers.extend(error.headers.items())
    return response


def _no_service(status: int, message: str, request_id: str) -> Response:
    """A plain answer where not even the protocol is known."""
    body = msgspec.json.encode({"__type": "UnknownService", "message": message})
    headers = [("content-type", "application/json"), ("x-amzn-requestid", request_id)]
    return Response(status, headers, body)
