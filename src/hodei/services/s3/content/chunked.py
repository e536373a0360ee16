"""aws-chunked: the framing that SDKs put around a body to sign its chunks or to send a checksum behind it.

    <size in hex>[;chunk-signature=<signature>]\\r\\n <bytes> \\r\\n ... 0[;chunk-signature=...]\\r\\n <trailers> \\r\\n

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html and sigv4-streaming-trailers.html
"""

from __future__ import annotations

from hodei.kernel.signatures import ChunkSignatures
from hodei.services.s3 import errors

LEAST_CHUNK = 8192  # bytes of every chunk but the last
LINE_LIMIT = 16 * 1024


class Decoder:
    """Feed it the framed bytes, it gives the payload. After `close`, `trailers` are known (names in lower case).

    `signatures` verifies those of the chunks and the trailers; None: nobody asks.
    """

    def __init__(self, length: int, signatures: ChunkSignatures | None = None) -> None:
        self._signatures = signatures
        self.trailers: dict[str, str] = {}
        self._length = length  # as x-amz-decoded-content-length announces it
        self._received = 0
        self._buffer = bytearray()
        self._left = -1  # bytes of the chunk still to come; -1: its size line is next, -2: in the trailers, -3: done
        self._short = False  # a chunk below the least size has come: it must be the last one

    def feed(self, data: bytes) -> list[bytes]:
        """Raises: IncompleteBody for broken framing, InvalidChunkSizeError."""
        buffer = self._buffer
        buffer += data
        payload: list[bytes] = []
        while True:
            if self._left >= 0:
                if not self._take(payload):
                    break
            elif self._left == -1:
                if (line := self._line()) is None:
                    break
                self._begin(line)
            elif self._left == -2:
                if (line := self._line()) is None:
                    break
                self._trailer(line)
            else:
                break
        return payload

    def close(self) -> None:
        """The body has ended. Raises: IncompleteBody if the framing, or the announced length, says otherwise."""
        if self._left == -2 and self._buffer:  # some clients end the last trailer line with the body
            self._trailer(bytes(self._buffer))
        if self._left > -2:
            raise errors.IncompleteBody("The request body terminated unexpectedly")
        if self._received != self._length:
            raise errors.IncompleteBody()
        if self._signatures:
            self._signatures.trailers(self.trailers)

    def _take(self, payload: list[bytes]) -> bool:
        """Move what has come of the chunk; False when more must come."""
        buffer, left = self._buffer, self._left
        if left:
            piece = bytes(buffer[:left])
            del buffer[:left]
            if piece:
                payload.append(piece)
                if self._signatures:
                    self._signatures.update(piece)
            self._left = left - len(piece)
            if self._left:
                return False
        if len(buffer) < 2:
            return False
        if buffer[:2] != b"\r\n":
            raise errors.IncompleteBody("The request body terminated unexpectedly")
        del buffer[:2]
        self._left = -1
        if self._signatures:
            self._signatures.end()
        return True

    def _begin(self, line: bytes) -> None:
        size, _, extension = line.partition(b";")
        try:
            left = int(size.strip(), 16)
        except ValueError:
            left = -1
        if left < 0 or not size.strip().isalnum():
            raise errors.IncompleteBody("The request body terminated unexpectedly")
        self._received += left
        if self._received > self._length:
            raise errors.IncompleteBody()
        if left and self._short:
            raise errors.InvalidChunkSizeError()
        self._short = left < LEAST_CHUNK
        self._left = left or -2
        if self._signatures:
            self._signatures.begin(extension.decode("latin-1"))
            if not left:
                self._signatures.end()

    def _trailer(self, line: bytes) -> None:
        if not line.strip():
            self._left = -3
            return
        name, colon, value = line.partition(b":")
        if not colon:
            raise errors.MalformedTrailerError()
        self.trailers[name.decode("latin-1").strip().lower()] = value.decode("latin-1").strip()

    def _line(self) -> bytes | None:
        end = self._buffer.find(b"\n")
        if end < 0:
            if len(self._buffer) > LINE_LIMIT:
                raise errors.IncompleteBody("The request body terminated unexpectedly")
            return None
        line = bytes(self._buffer[:end]).removesuffix(b"\r")
        del self._buffer[: end + 1]
        return line
