"""An MQTT 5 client of few lines over a bare socket, for what is measured or done thousands of times.

    press = RawClient(broker, "press-7", username="press-7", password="…")
    press.connect()                      # 0, a CONNACK reason code, or CLOSED
    press.publish("plant/x")             # QoS 1: the PUBACK's reason code
    press.ping()                         # seconds

Each call waits for its own answer; PUBLISH packets that come in between are kept in `messages`. What the broker
does wrong is an error: Closed where it hangs up, TimeoutError where it does not answer in time.
"""

import socket
import struct
import time

from mqtt import CLOSED, NOT_AUTHORIZED, V5, connect_packet, field, packet
from waiting import DEADLINE

DENIED = NOT_AUTHORIZED[V5]  # in a PUBACK and a SUBACK; a publish that nobody listens to is answered with 0x10

_CONNACK, _PUBLISH, _PUBACK, _SUBACK, _PINGRESP, _DISCONNECT = 0x20, 0x30, 0x40, 0x90, 0xD0, 0xE0


class Closed(ConnectionError):
    """The broker hung up."""


class RawClient:
    def __init__(self, broker, client_id, *, username=None, password=None, keepalive=0):
        self.messages = []
        self._address = ("127.0.0.1", broker.port())
        self._hello = connect_packet(client_id.encode(), username and username.encode(), password and password.encode(),
                                     version=V5, keepalive=keepalive)
        self._socket = None
        self._received = bytearray()
        self._identifier = 0

    def connect(self, deadline=DEADLINE):
        """The CONNACK's reason code, or CLOSED. The connection is kept where it is 0."""
        end = time.monotonic() + deadline
        try:
            self._socket = socket.create_connection(self._address, deadline)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket.sendall(self._hello)
            code = self._answer(_CONNACK, end)[1]
        except ConnectionError:
            code = CLOSED
        except BaseException:
            self.close()
            raise
        if code != 0:
            self.close()
        return code

    def login(self, deadline=DEADLINE):
        code = self.connect(deadline)
        assert code == 0, f"not let in: {code}"
        return self

    def publish(self, topic, payload=b"", deadline=DEADLINE):
        end = time.monotonic() + deadline
        identifier = self._next_identifier()
        self._send(packet(0x32, field(topic.encode()) + identifier + b"\x00" + payload))
        body = self._answer(_PUBACK, end)
        assert body[:2] == identifier, "a PUBACK for another publish"
        return body[2] if len(body) > 2 else 0

    def send(self, topic, payload=b""):
        """QoS 0: there is no answer."""
        self._send(packet(0x30, field(topic.encode()) + b"\x00" + payload))

    def subscribe(self, filter, deadline=DEADLINE):
        """QoS 0. The SUBACK's reason code."""
        end = time.monotonic() + deadline
        self._send(packet(0x82, self._next_identifier() + b"\x00" + field(filter.encode()) + b"\x00"))
        return self._answer(_SUBACK, end)[-1]

    def ping(self, deadline=DEADLINE):
        """Seconds until the PINGRESP."""
        start = time.monotonic()
        self._send(b"\xc0\x00")
        self._answer(_PINGRESP, start + deadline)
        return time.monotonic() - start

    def expect(self, topic, payload, deadline=DEADLINE):
        """Waits for this message, and takes it and all that came before it off `messages`."""
        end = time.monotonic() + deadline
        while (topic, payload) not in self.messages:
            self._take(end)
        del self.messages[:self.messages.index((topic, payload)) + 1]

    def wait_closed(self, deadline=DEADLINE):
        """Returns when the broker has hung up."""
        end = time.monotonic() + deadline
        try:
            while True:
                self._take(end)
        except Closed:
            self.close()

    def close(self):
        if self._socket:
            self._socket.close()
        self._socket = None
        self._received.clear()

    def disconnect(self):
        """DISCONNECT, without waiting for the broker."""
        try:
            self._send(b"\xe0\x00")
        except ConnectionError:
            pass
        self.close()

    # --- packets --------------------------------------------------------------------------

    def _next_identifier(self):
        self._identifier = self._identifier % 0xFFFF + 1
        return struct.pack("!H", self._identifier)

    def _send(self, data):
        try:
            self._socket.sendall(data)
        except ConnectionError as error:
            raise Closed(str(error)) from error

    def _answer(self, kind, end):
        while True:
            came, body = self._take(end)
            if came == kind:
                return body

    def _take(self, end):
        """The next packet. A PUBLISH is kept in `messages` too."""
        while not (taken := self._whole_packet()):
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError("no answer from the broker")
            self._socket.settimeout(left)
            try:
                data = self._socket.recv(65536)
            except ConnectionError as error:
                raise Closed(str(error)) from error
            if not data:
                raise Closed("the broker hung up")
            self._received += data
        kind, body = taken
        if kind == _PUBLISH:
            self.messages.append(_message(body))
        elif kind == _DISCONNECT:
            raise Closed(f"the broker sent DISCONNECT {body[0] if body else 0:#x}")
        return kind, body

    def _whole_packet(self):
        """(kind, body), or None while it has not all come."""
        length = shift = 0
        for place in range(1, min(len(self._received), 5)):
            digit = self._received[place]
            length |= (digit & 0x7F) << shift
            shift += 7
            if digit < 0x80:
                end = place + 1 + length
                if len(self._received) < end:
                    return None
                kind, body = self._received[0] & 0xF0, bytes(self._received[place + 1:end])
                del self._received[:end]
                return kind, body
        return None


def _message(body):
    """(topic, payload) of a QoS 0 PUBLISH with fewer than 128 bytes of properties."""
    length = struct.unpack("!H", body[:2])[0]
    return body[2:2 + length].decode(), body[2 + length + 1 + body[2 + length]:]
