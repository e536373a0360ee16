"""The addresses of function URLs: who may call, and the invoke behind a request.

https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
"""

from __future__ import annotations

from hodei.kernel.clock import ticks
from hodei.kernel.context import ANONYMOUS, Context, Principal
from hodei.kernel.errors import AwsError
from hodei.kernel.iam.authorise import check
from hodei.kernel.iam.needs import Need
from hodei.protocol.http import BodyTooLarge, Request, Response
from hodei.services.lambda_ import find
from hodei.services.lambda_.find import Name
from hodei.services.lambda_.invoking.invoke import SYNCHRONOUS
from hodei.services.lambda_.invoking.streaming import Streamed
from hodei.services.lambda_.invoking.synchronous import Run
from hodei.services.lambda_.runtime.invocation import Invocation
from hodei.services.lambda_.service import lambda_
from hodei.services.lambda_.state import LATEST, Url
from hodei.services.lambda_.urls import answers, cors, events, places


@lambda_.endpoint(places.is_url, signed=False)
async def serve(ctx: Context, request: Request) -> Response:
    if (place := places.meant(ctx, request)) is None:
        return answers.forbidden()
    there, url = place
    trace = request.headers.get("x-amzn-trace-id") or f"Root=1-{int(ctx.now):08x}-{ctx.ids.hex(24)}"
    began = ticks()
    response = await _answered(there, url, request, trace)
    _measure(there, url, response.status, ticks() - began)
    if url.cors:
        cors.let_read(url.cors, request, response)
    response.headers += [("x-amzn-RequestId", ctx.request_id), ("X-Amzn-Trace-Id", trace)]
    return response


async def _answered(ctx: Context, url: Url, request: Request, trace: str) -> Response:
    if url.cors and cors.is_preflight(request):
        return cors.preflight(url.cors, request)
    try:
        body = await request.body.read(SYNCHRONOUS)
        caller = _caller(ctx, url, request, body)
        if caller is None:
            return answers.forbidden()
        return await _invoked(ctx.by(caller), url, request, body, trace)
    except BodyTooLarge:
        return answers.too_large()
    except AwsError as error:
        return answers.refused(ctx.service.model, error)


def _caller(ctx: Context, url: Url, request: Request, body: bytes) -> Principal | None:
    """Who calls; None if that one may not. Raises: what is wrong with a signature, where one is needed."""
    caller = ANONYMOUS
    if url.auth == "AWS_IAM":
        assert ctx.world.signer
        caller = ctx.world.signer(ctx.service, request, body)
        if caller.anonymous:
            return None
    function = Name(ctx, url.function, url.qualifier).arn
    params = {"FunctionName": function, "FunctionUrlAuthType": url.auth, "InvokedViaFunctionUrl": True}
    needs = [Need(f"lambda:{action}", function) for action in ("InvokeFunctionUrl", "InvokeFunction")]
    try:
        check(ctx.by(caller, "InvokeFunctionUrl"), needs, params)
    except AwsError:
        return None
    return caller


async def _invoked(ctx: Context, url: Url, request: Request, body: bytes, trace: str) -> Response:
    """Raises: TooManyRequestsException, InvalidRuntimeException."""
    found = find.choose(ctx, url.function, url.qualifier)
    event = events.event(ctx, url, request, body, trace)
    if len(event) > SYNCHRONOUS:
        return answers.too_large()
    invocation = Invocation(ctx.request_id, event, found.arn, trace=trace)
    if url.mode == "RESPONSE_STREAM":
        return await answers.streamed(Streamed(found.ctx, found.version, invocation))
    outcome, _ = await Run(found.ctx, found.version, invocation).result()
    return answers.buffered(outcome)


def _measure(ctx: Context, url: Url, status: int, seconds: float) -> None:
    resource = f"{url.function}:{url.qualifier or LATEST}"
    for dimensions in ({}, {"Resource": resource}):
        names = {"FunctionName": url.function, **dimensions}
        ctx.metric("AWS/Lambda", "UrlRequestCount", 1, "Count", **names)
        ctx.metric("AWS/Lambda", "UrlRequestLatency", seconds * 1000, "Milliseconds", **names)
        for kind in (4, 5):
            ctx.metric("AWS/Lambda", f"Url{kind}xxCount", int(status // 100 == kind), "Count", **names)
