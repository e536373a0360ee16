"""Under which keys objects are delivered.

https://docs.aws.amazon.com/streams/latest/dev/data-delivery-s3-key-template.html
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from hodei.services.kinesis import errors
from hodei.services.kinesis.channels.state import Channel

DEFAULT = (
    "kinesis-channel/!{channel-name}/!{channel-id}/!{yyyy}/!{MM}/!{dd}/!{HH}/"
    "!{channel-name}-!{channel-id}-!{yyyy}-!{MM}-!{dd}-!{HH}-!{mm}!{extension}"
)
LONGEST = 986  # expanded, without the suffix
EXTENSIONS = {"NONE": "", "GZIP": ".gz", "ZSTD": ".zst"}
TIMES = {"yyyy": "%Y", "yy": "%y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M"}
NAMES = {"channel-name", "channel-id", "stream-name", "extension", *TIMES}
VARIABLE = re.compile(r"!\{([^{}]*)\}")
LITERALS = re.compile(r"[0-9A-Za-z!\-_'.*()/=]*")
OWN_EXTENSION = re.compile(r"extension:(\.[a-z.]+)")


def check(channel: Channel) -> None:
    """Raises: InvalidArgumentException."""
    template = channel.storage.template
    found: list[str] = VARIABLE.findall(template)
    literals = VARIABLE.sub("x", template)
    if not LITERALS.fullmatch(literals):
        raise _invalid("has a variable that is not closed, or a character that is not allowed")
    if unknown := next((name for name in found if name not in NAMES and not OWN_EXTENSION.fullmatch(name)), None):
        raise _invalid(f"has !{{{unknown}}}, which is not a supported variable")
    if template.startswith("/") or "//" in literals:
        raise _invalid("must not start with a slash or contain consecutive slashes")
    if ".." in template or "." in literals.split("/"):
        raise _invalid("must not contain path traversal")
    extensions = [name for name in found if name.startswith("extension")]
    if len(extensions) > 1 or (extensions and not template.endswith(f"!{{{extensions[0]}}}")):
        raise _invalid("can have one extension placeholder, at its end")
    if channel.storage.compression != "NONE" and not extensions:
        raise _invalid("must have an extension placeholder when compression is enabled")
    if len(key(channel, 0.0, "")) > LONGEST:
        raise _invalid(f"must not have more than {LONGEST} characters when its variables are expanded")


def _invalid(what: str) -> Exception:
    return errors.InvalidArgumentException(reason=f"OutputKeyTemplate {what}.")


def key(channel: Channel, at: float, suffix: str) -> str:
    """Of an object whose records begin at a moment. The suffix goes before the extension."""
    values = {"channel-name": channel.name, "channel-id": channel.id, "stream-name": channel.stream}
    moment, extension = datetime.fromtimestamp(at, UTC), ""

    def expanded(found: re.Match[str]) -> str:
        nonlocal extension
        name = found[1]
        if own := OWN_EXTENSION.fullmatch(name):
            extension = own[1]
        elif name == "extension":
            extension = EXTENSIONS[channel.storage.compression]
        else:
            return values[name] if name in values else moment.strftime(TIMES[name])
        return ""

    return f"{VARIABLE.sub(expanded, channel.storage.template)}{suffix}{extension}"


def error_key(channel: Channel, at: float, suffix: str) -> str:
    """Of an object that tells of records that were not delivered."""
    return f"{channel.dead_letters.prefix}{datetime.fromtimestamp(at, UTC):%Y/%m/%d/%H}/{channel.name}{suffix}.json"
