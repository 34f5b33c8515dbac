"""MQTT clients for tests: paho without its thread, mosquitto_pub and mosquitto_sub, and bare bytes.

    press = Client(broker, "press-7", username="press-7", password="…")
    press.connect()                      # 0, a CONNACK reason code, or CLOSED
    press.subscribe("plant/#")           # [1]: the granted QoS, or REFUSED: 0x80 (3.1.1), 0x87 (5)
    press.publish("plant/x", "on")       # the PUBACK's reason code (3.1.1: always 0)
    press.expect("plant/x", "on")

Everything happens inside these calls, in the test's own thread: nothing reconnects by itself, and
what arrives in between waits in the socket. Do not let one idle longer than its keepalive (60 s).
"""

import socket
import ssl
import struct
import subprocess
import time

import paho.mqtt.client as paho
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from waiting import DEADLINE

CLOSED = "closed"  # the broker hung up and gave no reason
REFUSED = (0x80, 0x87)  # in a SUBACK: "failure" of 3.1.1, "not authorized" of 5
NOT_AUTHORIZED = {4: 5, 5: 0x87}  # in a CONNACK
SERVER_UNAVAILABLE = 0x88
V311, V5 = 4, 5


class _Paho(paho.Client):
    """Remembers the reason codes of PUBACKs, which paho reads and forgets."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.puback = {}

    def _handle_pubackcomp(self, cmd):
        packet = self._in_packet["packet"]
        self.puback[struct.unpack("!H", packet[:2])[0]] = packet[2] if len(packet) > 2 else 0
        return super()._handle_pubackcomp(cmd)


_clients = []  # all of this test


def disconnect_all():
    """Ends what a test has left connected, so that the next one finds its client ids free."""
    while _clients:
        _clients.pop().end()


class Client:
    def __init__(self, broker, client_id, *, username=None, password=None, version=V311, transport="tcp",
                 durable=False, will=None, certificate=None):
        """transport: one of the broker's listeners. durable: the session outlives the connection. will:
        (topic, payload). certificate: (certificate, key) to show to a TLS listener."""
        self.version = version
        self.session_present = None
        self.messages = []
        self._durable = durable
        self._address = ("127.0.0.1", broker.port(transport))
        self._connack = None
        self._connected = False
        self._suback = {}
        clean = {} if version == V5 else {"clean_session": not durable}
        self._paho = _Paho(client_id, protocol=version, reconnect_on_failure=False,
                           transport="websockets" if "websockets" in transport else "tcp", **clean)
        if username is not None:
            self._paho.username_pw_set(username, password)
        if will:
            self._paho.will_set(*will, qos=1)
        if transport not in ("tcp", "websockets"):
            self._paho.tls_set(broker.authority.certificate, *(certificate or ()), tls_version=ssl.PROTOCOL_TLS_CLIENT)
        _clients.append(self)
        self._paho.on_connect = self._on_connect
        self._paho.on_disconnect = self._on_disconnect
        self._paho.on_message = self._on_message
        self._paho.on_subscribe = self._on_subscribe

    # --- what paho tells us ---------------------------------------------------------------

    def _on_connect(self, _client, _userdata, flags, reason, _properties=None):
        self._connack = reason if isinstance(reason, int) else reason.value
        self._connected = self._connack == 0
        self.session_present = bool(flags["session present"])

    def _on_disconnect(self, *_):
        self._connected = False

    def _on_message(self, _client, _userdata, message):
        self.messages.append((message.topic, message.payload.decode()))

    def _on_subscribe(self, _client, _userdata, mid, granted, _properties=None):
        self._suback[mid] = [code if isinstance(code, int) else code.value for code in granted]

    def _pump(self, done, deadline, what):
        """Lets paho work until done() or until the connection has ended."""
        end = time.monotonic() + deadline
        while not done():
            if time.monotonic() > end:
                raise AssertionError(f"waited {deadline} s in vain for {what}")
            if self._paho.loop(0.05) != paho.MQTT_ERR_SUCCESS:
                self._connected = False
                if not done():
                    raise ConnectionError(f"the broker hung up while waiting for {what}")

    # --- what a client does ---------------------------------------------------------------

    def connect(self, deadline=DEADLINE):
        """The CONNACK's reason code, 0 where accepted, or CLOSED."""
        options = {}
        if self.version == V5:
            properties = Properties(PacketTypes.CONNECT)
            properties.SessionExpiryInterval = 3600 if self._durable else 0
            options = {"clean_start": not self._durable, "properties": properties}
        self._connack = None
        try:
            self._paho.connect(*self._address, **options)
            self._pump(lambda: self._connack is not None, deadline, "CONNACK")
        except (ConnectionError, ssl.SSLError, paho.WebsocketConnectionError):
            self._connack = CLOSED
        if self._connack != 0:
            self._paho._reset_sockets()
        return self._connack

    def login(self):
        """Connects, and fails the test where that is refused."""
        answer = self.connect()
        assert answer == 0, f"`{self._paho._client_id.decode()}` was not let in: {answer}"
        return self

    def subscribe(self, *filters, qos=1):
        """The SUBACK's code for each filter."""
        result, mid = self._paho.subscribe([(filter, qos) for filter in filters])
        assert result == paho.MQTT_ERR_SUCCESS
        self._pump(lambda: mid in self._suback, DEADLINE, "SUBACK")
        return self._suback[mid]

    def unsubscribe(self, filter):
        unsubscribed = []
        self._paho.on_unsubscribe = lambda *_: unsubscribed.append(True)
        self._paho.unsubscribe(filter)
        self._pump(lambda: unsubscribed, DEADLINE, "UNSUBACK")

    def publish(self, topic, payload="", *, qos=1, retain=False, deadline=DEADLINE):
        """The PUBACK's reason code. 3.1.1 has none: 0 says only that the broker has seen it."""
        sent = self._paho.publish(topic, payload, qos=qos, retain=retain)
        if qos == 0:
            return None
        self._pump(lambda: sent.mid in self._paho.puback, deadline, f"the PUBACK of {topic}")
        return self._paho.puback.pop(sent.mid)

    def ping(self, deadline=DEADLINE):
        """Asks for a PINGRESP and returns how many seconds it took."""
        start = time.monotonic()
        self._paho._send_pingreq()
        self._pump(lambda: self._paho._ping_t == 0, deadline, "PINGRESP")
        return time.monotonic() - start

    def is_connected(self):
        """Asks the broker, not our memory."""
        if not self._connected:
            return False
        try:
            self.ping()
        except ConnectionError:
            return False
        return True

    def expect(self, topic, payload, deadline=DEADLINE):
        """Waits for this message, and takes it and all that came before it off `messages`."""
        self._pump(lambda: (topic, payload) in self.messages, deadline,
                   f"{topic}: {payload}; until now came {self.messages}")
        came = self.messages.index((topic, payload))
        before, self.messages = self.messages[:came], self.messages[came + 1:]
        return before

    def expect_only(self, topic, payload, deadline=DEADLINE):
        """Waits for this message, and fails where another came before it. A test that shows that
        something is not delivered publishes this one after it, as a marker."""
        before = self.expect(topic, payload, deadline)
        assert not before, f"before {topic}: {payload} there came {before}"

    def expect_closed(self, deadline=DEADLINE):
        self._pump(lambda: not self._connected, deadline, "the broker to hang up")

    def disconnect(self):
        """DISCONNECT: no will is sent."""
        self._paho.disconnect()
        try:
            self._pump(lambda: not self._connected, DEADLINE, "the connection to end")
        except ConnectionError:
            pass
        self._paho._reset_sockets()

    def end(self):
        """disconnect(), without waiting for the broker."""
        if self._connected:
            self._paho.disconnect()
        self._paho._reset_sockets()
        self._connected = False

    def drop(self):
        """Cuts the connection, as when the power goes: the broker sends the will."""
        self._paho._sock_close()
        self._connected = False


# --- mosquitto_pub and mosquitto_sub -------------------------------------------------------


def _command(program, broker, client_id, *, username=None, password=None, transport="tcp", certificate=None, psk=None,
             durable=False):
    """certificate, durable: as for Client. psk: (identity, key)."""
    options = {"-u": username, "-P": password, "--psk-identity": psk and psk[0], "--psk": psk and psk[1]}
    if certificate:
        options |= {"--cafile": broker.authority.certificate, "--cert": certificate[0], "--key": certificate[1]}
    given = [word for option, value in options.items() if value for word in (option, value)]
    return [program, "-h", "127.0.0.1", "-p", str(broker.port(transport)), "-i", client_id, "-q", "1", *given] + (["-c"] if durable else [])


def mosquitto_pub(broker, client_id, topic, message, **options):
    return subprocess.run(_command("mosquitto_pub", broker, client_id, **options) + ["-t", topic, "-m", message],
                          capture_output=True, text=True, timeout=DEADLINE, check=False)


def mosquitto_sub(broker, client_id, filter, *, count, seconds=DEADLINE, **options):
    """Starts it: it ends after `count` messages, or with 27 after `seconds`. `-d` makes it say when
    it has subscribed, and how it was answered."""
    return subprocess.Popen(_command("mosquitto_sub", broker, client_id, **options)
                            + ["-t", filter, "-C", str(count), "-W", str(int(seconds)), "-d"],
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


# --- bare bytes: what no well-behaved client library would send ------------------------------


def field(value):
    """A length and the bytes: MQTT's strings and binary data. At most 65535 bytes."""
    return struct.pack("!H", len(value)) + value


def packet(kind, body):
    """A control packet: `kind` is its first byte."""
    length, digits = len(body), b""
    while True:
        length, digit = divmod(length, 128)
        digits += bytes([digit | (0x80 if length else 0)])
        if not length:
            return bytes([kind]) + digits + body


def connect_packet(client_id, username=None, password=None, *, version=V311, keepalive=60):
    flags = 0x02 | (0x80 if username is not None else 0) | (0x40 if password is not None else 0)
    body = field(b"MQTT") + bytes([version, flags]) + struct.pack("!H", keepalive)
    body += b"\x00" if version == V5 else b""
    for value in (client_id, username, password):
        body += field(value) if value is not None else b""
    return packet(0x10, body)


def raw_connect(broker, client_id, username=None, password=None, *, version=V311):
    """Sends a CONNECT of exactly these bytes; the CONNACK's reason code, or CLOSED."""
    with socket.create_connection(("127.0.0.1", broker.port()), DEADLINE) as connection:
        try:
            connection.sendall(connect_packet(client_id, username, password, version=version))
            answer = connection.recv(64)
        except ConnectionError:
            return CLOSED
    if not answer:
        return CLOSED
    assert answer[0] == 0x20, answer
    return answer[3]
