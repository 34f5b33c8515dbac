"""SCRAM-SHA-256 over MQTT 5 AUTH packets, from RFC 5802 and Python's own hashes: nothing of the plugin's.

    press = ScramClient(broker, "press-7", username="press-7", password="…")
    press.login()                        # as RawClient; proves its password, and has the broker prove itself
    press.authenticate_again()           # a reason code, or CLOSED
"""

import base64
import hashlib
import hmac
import os
import socket
import struct
import time

from mqtt import CLOSED, field, packet
from raw_client import Closed, RawClient
from waiting import DEADLINE

METHOD = "SCRAM-SHA-256"
SUCCESS, CONTINUE, AGAIN, BAD_METHOD = 0x00, 0x18, 0x19, 0x8C
_AUTH, _CONNACK, _DISCONNECT = 0xF0, 0x20, 0xE0
_AUTH_METHOD, _AUTH_DATA, _EXPIRY = 0x15, 0x16, 0x11


def _base64(data):
    return base64.b64encode(data).decode()


def _mac(key, message):
    return hmac.new(key, message, hashlib.sha256).digest()


def verifier(password, iterations=4096):
    """What PostgreSQL stores of `password`."""
    salt = os.urandom(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, iterations)
    stored_key = hashlib.sha256(_mac(salted, b"Client Key")).digest()
    return f"SCRAM-SHA-256${iterations}:{_base64(salt)}${_base64(stored_key)}:{_base64(_mac(salted, b'Server Key'))}"


class Conversation:
    """The client's side."""

    def __init__(self, username, password):
        self._password = password.encode()
        self._bare = f"n={username.replace('=', '=3D').replace(',', '=2C')},r={_base64(os.urandom(18))}"
        self._server_signature = None
        self.challenge = None

    def first(self):
        return ("n,," + self._bare).encode()

    def answer(self, challenge):
        self.challenge = dict(part.split("=", 1) for part in challenge.decode().split(","))
        assert self.challenge["r"].startswith(self._bare.split("r=", 1)[1]), "the nonce is not ours"
        salt, iterations = base64.b64decode(self.challenge["s"]), int(self.challenge["i"])
        salted = hashlib.pbkdf2_hmac("sha256", self._password, salt, iterations)
        without_proof = f"c=biws,r={self.challenge['r']}"
        signed = ",".join([self._bare, challenge.decode(), without_proof]).encode()
        key = _mac(salted, b"Client Key")
        signature = _mac(hashlib.sha256(key).digest(), signed)
        self._server_signature = _mac(_mac(salted, b"Server Key"), signed)
        return f"{without_proof},p={_base64(bytes(one ^ other for one, other in zip(key, signature)))}".encode()

    def check_server(self, message):
        assert message == f"v={_base64(self._server_signature)}".encode(), "not the server that has our verifier"


def _properties(method, data, expiry=0):
    content = bytes([_AUTH_METHOD]) + field(method.encode()) + bytes([_AUTH_DATA]) + field(data)
    content += bytes([_EXPIRY]) + struct.pack("!I", expiry) if expiry else b""
    return packet(0, content)[1:]  # their length, and they


def _read_properties(content):
    """Those that a broker sends with CONNACK and AUTH, as far as they are of interest here."""
    found, place = {}, 0
    while place < len(content):
        name, place = content[place], place + 1
        if name in (_AUTH_METHOD, _AUTH_DATA, 0x12, 0x1F, 0x1A, 0x1C):  # a length and the value
            size = struct.unpack("!H", content[place:place + 2])[0]
            found[name], place = content[place + 2:place + 2 + size], place + 2 + size
        else:
            size = {0x11: 4, 0x27: 4, 0x21: 2, 0x22: 2, 0x13: 2}.get(name, 1)
            found[name], place = content[place:place + size], place + size
    return found


def _data_of(body, place):
    """What was sent as Authentication Data in a packet whose properties begin at `place`."""
    if len(body) <= place:
        return b""
    assert body[place] < 0x80 or body[place + 1] < 0x80, "properties of more than 16 KiB"
    start = place + (1 if body[place] < 0x80 else 2)
    return _read_properties(body[start:]).get(_AUTH_DATA, b"")


class ScramClient(RawClient):
    """named: whether its CONNECT says the username too. durable: its session outlives the connection.
    will: (topic, payload)."""

    def __init__(self, broker, client_id, *, username, password, method=METHOD, named=False, durable=False, will=None):
        super().__init__(broker, client_id)
        self.username, self.password = username, password
        self.conversation = None
        self.session_present = None
        self._method, self._named, self._durable, self._will = method, named, durable, will
        self._client_id = client_id

    def _connect_packet(self):
        flags = (0 if self._durable else 0x02) | (0x80 if self._named else 0) | (0x0C if self._will else 0)
        body = field(b"MQTT") + bytes([5, flags]) + struct.pack("!H", 0)
        body += _properties(self._method, self.conversation.first(), 3600 if self._durable else 0)
        body += field(self._client_id.encode())
        if self._will:
            body += b"\x00" + field(self._will[0].encode()) + field(self._will[1].encode())
        return packet(0x10, body + (field(self.username.encode()) if self._named else b""))

    def begin(self, deadline=DEADLINE):
        """Connects, and sends the first message: the challenge, or the CONNACK's reason code, or CLOSED."""
        self.conversation = Conversation(self.username, self.password)
        try:
            self._socket = socket.create_connection(self._address, deadline)
            self._send(self._connect_packet())
            kind, body = self._take(time.monotonic() + deadline)
        except ConnectionError:
            return CLOSED
        if kind == _CONNACK:
            return body[1]
        assert kind == _AUTH and body[0] == CONTINUE, (kind, body)
        return _data_of(body, 1)

    def connect(self, deadline=DEADLINE):
        challenge = self.begin(deadline)
        if not isinstance(challenge, bytes):
            self.close()
            return challenge
        try:
            self.send_auth(CONTINUE, self.conversation.answer(challenge))
            kind, body = self._take(time.monotonic() + deadline)
        except ConnectionError:
            self.close()
            return CLOSED
        assert kind == _CONNACK, (kind, body)
        if body[1] != SUCCESS:
            self.close()
            return body[1]
        self.session_present = bool(body[0])
        self.conversation.check_server(_data_of(body, 2))
        return SUCCESS

    def authenticate_again(self, *, username=None, password=None, deadline=DEADLINE):
        """On the live connection: SUCCESS, or CLOSED where that ended it."""
        conversation = Conversation(username or self.username, password or self.password)
        try:
            self.send_auth(AGAIN, conversation.first())
            body = self._answer(_AUTH, time.monotonic() + deadline)
            assert body[0] == CONTINUE, body
            self.send_auth(CONTINUE, conversation.answer(_data_of(body, 1)))
            body = self._answer(_AUTH, time.monotonic() + deadline)
        except Closed:
            self.close()
            return CLOSED
        conversation.check_server(_data_of(body, 1))
        return body[0]

    def send_auth(self, reason, data):
        self._send(packet(_AUTH, bytes([reason]) + _properties(self._method, data)))

    def send_empty_auth(self):
        self._send(b"\xf0\x00")
