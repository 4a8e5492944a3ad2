"""As much of gRPC over HTTP/2 as it takes to call a method without arguments, with Python's standard library."""

import struct

# Frame types and flags of RFC 9113.
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
END_STREAM = ACK = 1
END_HEADERS = 4
# Bytes that may come before the server has to wait: more than any schema has.
WINDOW = 1 << 30


class Connection:
    """A client on a connected socket, one call at a time."""

    def __init__(self, channel):
        self._channel, self._stream = channel, -1
        initial_window_size = struct.pack(">HI", 4, WINDOW)
        self._channel.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        self._send(SETTINGS, 0, 0, initial_window_size)
        self._send(WINDOW_UPDATE, 0, 0, struct.pack(">I", WINDOW))

    def call(self, method):
        """The answer to a call with an empty message, as protobuf."""
        self._stream += 2
        headers = {
            ":method": "POST", ":scheme": "http", ":path": method, ":authority": "localhost",
            "content-type": "application/grpc", "te": "trailers",
        }
        self._send(HEADERS, END_HEADERS, self._stream, b"".join(map(_literal, headers.items())))
        self._send(DATA, END_STREAM, self._stream, bytes(5))
        answer = b""
        while True:
            kind, flags, stream, payload = self._receive()
            if kind in (SETTINGS, PING) and not flags & ACK:
                self._send(kind, ACK, 0, payload if kind == PING else b"")
            elif kind == RST_STREAM and stream == self._stream or kind == GOAWAY and not self._is_kept(payload):
                raise EOFError(f"{method} was broken off")
            elif stream == self._stream:
                answer += payload if kind == DATA else b""
                if flags & END_STREAM and kind in (DATA, HEADERS):
                    break
        # A refusal has headers only. Else: a byte for compression, the length, the message.
        if len(answer) < 5:
            raise EOFError(f"{method} was refused")
        return answer[5:]

    def _is_kept(self, payload):
        """Whether a server that says good-bye answers the call in flight first: it names the last one that it will."""
        last, code = struct.unpack(">II", payload[:8])
        return code == 0 and last >= self._stream

    def _send(self, kind, flags, stream, payload):
        head = struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream)
        self._channel.sendall(head + payload)

    def _receive(self):
        head = self._exactly(9)
        kind, flags, stream = struct.unpack(">BBI", head[3:])
        return kind, flags, stream, self._exactly(int.from_bytes(head[:3], "big"))

    def _exactly(self, count):
        parts = []
        while count > 0:
            part = self._channel.recv(count)
            if not part:
                raise EOFError("the connection ended")
            parts.append(part)
            count -= len(part)
        return b"".join(parts)


def _literal(field):
    """A header field as HPACK writes what is in no table. Each half is shorter than 127 bytes."""
    return b"\0" + b"".join(bytes([len(half)]) + half.encode() for half in field)
