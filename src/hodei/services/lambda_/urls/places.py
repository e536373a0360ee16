"""Which function a URL means: by the id that its host name begins with."""

from __future__ import annotations

from urllib.parse import urlsplit

from hodei.kernel.context import Context
from hodei.protocol.http import Request
from hodei.services.lambda_.state import Url, UrlPlace, url_places, urls

MARK = ".lambda-url."


def address(ctx: Context, url: Url) -> str:
    """https://<id>.lambda-url.<region>.on.aws/ is http://<id>.lambda-url.<region>.<where Hodei is>/ here."""
    home = urlsplit(ctx.world.url)
    return f"{home.scheme}://{url.id}{MARK}{ctx.region}.{home.netloc}/"


def is_url(request: Request) -> bool:
    return MARK in request.host


def meant(ctx: Context, request: Request) -> tuple[Context, Url] | None:
    """The URL whose host name that is, and a context in its account and region."""
    id, _, rest = request.host.partition(MARK)
    place = url_places.get(ctx, id)
    if place is None or place.region != rest.partition(".")[0]:
        return None
    there = ctx.at(account=place.account, region=place.region)
    url = urls.get(there, place.function, place.qualifier)
    return (there, url) if url else None


def keep(ctx: Context, url: Url) -> None:
    urls.put(ctx, url)
    url_places.put(
        ctx, UrlPlace(id=url.id, account=ctx.account, region=ctx.region, function=url.function, qualifier=url.qualifier)
    )


def drop(ctx: Context, url: Url) -> None:
    urls.delete(ctx, url.function, url.qualifier)
    url_places.delete(ctx, url.id)


def drop_all(ctx: Context, function: str) -> None:
    """Those of a function that goes."""
    for url in list(urls.scan(ctx, function)):
        drop(ctx, url)
