"""LocalStack's developer endpoint: look at all messages of a queue without receiving them.

    GET /_aws/sqs/messages?QueueUrl=...
    GET /_aws/sqs/messages/<region>/<account>/<queue>

`ShowInvisible=true` adds those in flight, `ShowDelayed=true` the delayed ones. XML as ReceiveMessage answers it in the
query protocol, or its JSON with `Accept: application/json`. KMS is asked as for the root of the queue's account.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hodei.kernel.context import Context
from hodei.kernel.iam.callers import stranger
from hodei.protocol.codec import codec_for
from hodei.protocol.http import Request, Response, parse_query
from hodei.services.sqs.find import find_queue
from hodei.services.sqs.receiving import answers
from hodei.services.sqs.service import sqs
from hodei.services.sqs.state import Message, Queue, messages

PATH = "/_aws/sqs/messages"
ALL = frozenset({"All"})


def is_peek(request: Request) -> bool:
    return request.method in ("GET", "POST") and (request.path == PATH or request.path.startswith(f"{PATH}/"))


@sqs.endpoint(is_peek)
async def peek(ctx: Context, request: Request) -> Response:
    form = await request.body.read(sqs.manifest.max_body)
    asked = dict(request.query_pairs() + parse_query(form.decode("utf-8", "replace")))
    url = asked.get("QueueUrl", "")
    if request.path != PATH:
        url = f"/queue{request.path.removeprefix(PATH)}"
    there, queue = find_queue(ctx, url)
    there = there.by(stranger(there.account, there.region))
    result = {
        "Messages": [answers.describe(there, queue, message, ALL, ALL) for message in _shown(there, queue, asked)]
    }
    protocol = "json" if "json" in request.headers.get("accept") else "query"
    operation = sqs.model.operations["ReceiveMessage"]
    return codec_for(sqs.model, protocol).serialise(operation, result, request_id=ctx.request_id)


def _shown(ctx: Context, queue: Queue, asked: Mapping[str, str]) -> Iterator[Message]:
    invisible, delayed = (asked.get(name, "").lower() == "true" for name in ("ShowInvisible", "ShowDelayed"))
    for message in messages.scan(ctx, queue.mailbox):
        if message.visible_at <= ctx.now or (delayed if message.delayed_until else invisible):
            yield message
