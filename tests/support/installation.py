"""One database and one broker that asks it: where nearly every broker test starts.

    def test_something(install):
        place = install(config="authorization:\\n  subscribe: overlapping\\n")
        place.add_client("press-7", allow=[("write", "plant/press-7/#")])
        place.start()
        press, boss = place.login("press-7"), place.supervisor()
        assert place.delivers(press, "plant/press-7/x", to=boss)
"""

import base64
import hashlib
import itertools
import os
import re

from mosquitto import Broker
from mqtt import Client
from waiting import until

SUPERVISOR = "supervisor"
BY_NAME = "any certificate of this name"


def password_of(username):
    return f"secret-of-{username}"


def hash_of(password):
    """As mosquitto_passwd writes it, with so few iterations that tests do not wait for it."""
    salt = os.urandom(12)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, 10)
    return f"$7$10${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


class Installation:
    """config: what pgauth.yaml says beside the database's connection. The other options are Broker's."""

    def __init__(self, postgres, config="", listeners=("tcp",), **broker_options):
        self.postgres = postgres
        self.database = postgres.create_database()
        self.broker = Broker(self.yaml(config), listeners, **broker_options)
        self._numbers = itertools.count(1)

    def yaml(self, config=""):
        return f"database:\n  connection: {self.database.connection}\n{config}"

    def come_in_by(self, connection, poll_interval="5s"):
        """The plugin's way to the database, from the next start on."""
        self.broker.configure(f"database:\n  connection: {connection}\n  poll_interval: {poll_interval}\n")

    def start(self):
        self.broker.start()
        return self

    def close(self):
        self.broker.close()

    # --- SQL ------------------------------------------------------------------------------

    def sql(self, text, **values):
        return self.database.sql(text, **values)

    def add_client(self, username, *, password=None, certificate=None, psk=None, allow=(), groups=(), **columns):
        """A client with these credentials (password_of(), where none is given), its own rights as
        (permission, topic), its groups, and other columns of its row. certificate: a fingerprint, or BY_NAME."""
        if not (password or certificate or psk):
            password = password_of(username)
        values = {"name": username, "username": username, **({"secret": hash_of(password)} if password else {}), **columns}
        arguments = ", ".join(f"{name} => :'{name}'" for name in values)
        text = f"SELECT mqtt_auth.create_client({arguments});"
        if certificate:
            fingerprint = "" if certificate == BY_NAME else f", '{certificate}'"
            text += f"SELECT mqtt_auth.grant_certificate(:'username'{fingerprint});"
        if psk:
            text += f"SELECT mqtt_auth.grant_psk(:'username', '{psk}');"
        for group in groups:
            text += f"SELECT mqtt_auth.add_to_group(:'username', '{group}');"
        for permission, topic in allow:
            text += f"SELECT mqtt_auth.allow(username => :'username', permission => '{permission}', topic => '{topic}');"
        self.sql(text, **values)

    def add_group(self, name, allow=()):
        text = "SELECT mqtt_auth.create_group(:'name');"
        for permission, topic in allow:
            text += f"SELECT mqtt_auth.allow(:'name', '{permission}', '{topic}');"
        self.sql(text, name=name)

    def allow(self, username, permission, topic):
        self.sql("SELECT mqtt_auth.allow(username => :'username', permission => :'permission', topic => :'topic')",
                 username=username, permission=permission, topic=topic)

    def allow_group(self, group, permission, topic):
        self.sql("SELECT mqtt_auth.allow(:'group', :'permission', :'topic')",
                 group=group, permission=permission, topic=topic)

    # --- MQTT -----------------------------------------------------------------------------

    def certificate(self, common_name=None, **options):
        """One that the broker's listeners trust."""
        return self.broker.authority.client(common_name, **options)

    def client(self, client_id, *, username=None, password=None, certificate=None, **options):
        """Not connected yet. The client id is the username, and the password its, unless said otherwise.
        With a certificate it goes to a listener that asks for one, and sends only what is given here."""
        if certificate:
            options = {"transport": "certificate", "certificate": certificate} | options
        else:
            username = username or client_id
            password = password or password_of(username)
        return Client(self.broker, client_id, username=username, password=password, **options)

    def login(self, client_id, **options):
        return self.client(client_id, **options).login()

    def connect(self, client_id, **options):
        """How the attempt is answered. The connection does not outlive it."""
        client = self.client(client_id, **options)
        answer = client.connect()
        if answer == 0:
            client.disconnect()
        return answer

    def until_answer(self, wanted, client_id, **options):
        """Logs in again and again until it is answered like this: a change in SQL has arrived."""
        until(lambda: self.connect(client_id, **options) == wanted, what=f"{client_id}'s login to be answered {wanted}")

    def supervisor(self, **options):
        """Somebody who may do everything, and hears everything. add_supervisor() comes before."""
        boss = self.login(SUPERVISOR, **options)
        assert boss.subscribe("#") == [1]
        return boss

    def add_supervisor(self):
        self.add_client(SUPERVISOR, allow=[("readWrite", "#")])

    def delivers(self, publisher, topic, to):
        """Whether a message that `publisher` sends reaches the subscriber `to`. No waiting: the broker
        has dealt with a QoS 1 publish when it has acknowledged it, and what it sent to `to` then comes
        before its PINGRESP."""
        payload = f"message {next(self._numbers)}"
        publisher.publish(topic, payload)
        to.ping()
        return (topic, payload) in to.messages

    def lines_logged(self, pattern, since=0):
        return [line for line in self.broker.log(since).splitlines() if re.search(pattern, line)]
