"""Many devices that all want in at the same time, in a process of their own.

    with Crowd(broker, devices) as crowd:  # devices: (client id, username, password)
        arrival = crowd.let_go()           # returns when all are in; they stay connected until `with` ends

A device behaves as firmware does: whatever the reason why it is not let in, it tries again after a random
back-off, with the same packet. A right password never makes it give up. The process runs at nice 10: on few cores, devices
that in truth have processors of their own shall not take those of the broker.
"""

import heapq
import multiprocessing
import os
import random
import select
import signal
import socket
import time
from typing import NamedTuple

from mqtt import NOT_AUTHORIZED, V311, connect_packet
from report import progress

PATIENCE = 1800.0  # seconds
NICE = 10
TELL_EVERY = 0.5  # seconds
AT_A_TIME = 50  # begun before answers are looked at: brokers keep 100 connections that they have not accepted yet

_CONNACK = 0x20
_fork = multiprocessing.get_context("fork")


class Arrival(NamedTuple):
    began: float  # the clock of time.monotonic(), which is the same in all processes
    ended: float
    attempts: int
    refused: int  # attempts that were told "not authorized", which firmware may take as final

    @property
    def seconds(self):
        return self.ended - self.began


class Crowd:
    """spread: seconds within which the first attempts begin. back_off: (least, most) seconds."""

    def __init__(self, broker, devices, *, spread=0.0, back_off=(0.5, 1.5)):
        self._count = len(devices)
        self._pipe, there = _fork.Pipe()
        self._process = _fork.Process(target=_arrive, args=(there, broker.port(), devices, spread, back_off), daemon=True)
        self._process.start()
        there.close()
        assert self._pipe.recv() == "ready"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.terminate()
        self._process.join()

    def let_go(self, what="devices"):
        self._pipe.send("go")
        end = time.monotonic() + PATIENCE
        while self._pipe.poll(max(0.0, end - time.monotonic())):
            told = self._pipe.recv()
            if not isinstance(told, int):
                return Arrival(*told)
            progress(f"{what}: {told} of {self._count} are in")
        raise TimeoutError(f"{what}: not all were in after {PATIENCE} s")


def _arrive(pipe, port, devices, spread, back_off):
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # __exit__() may send it just before a call that waits
    os.nice(NICE)
    hellos = [connect_packet(*(text and text.encode() for text in device), version=V311, keepalive=0) for device in devices]
    pipe.send("ready")
    pipe.recv()
    attempts = _Attempts(port, hellos, spread, back_off)
    told = 0.0
    while attempts.remaining:
        attempts.step()
        if attempts.now > told + TELL_EVERY:
            pipe.send(len(hellos) - attempts.remaining)
            told = attempts.now
    pipe.send((attempts.began, attempts.now, attempts.made, attempts.refused))
    pipe.recv()  # the end comes by a signal


class _Attempts:
    def __init__(self, port, hellos, spread, back_off):
        self.remaining = len(hellos)
        self.made = self.refused = 0
        self.began = self.now = time.monotonic()
        self._address = ("127.0.0.1", port)
        self._hellos = hellos
        self._back_off = back_off
        self._poll = select.epoll()
        self._trying = {}  # (socket, device) by descriptor
        self._inside = []
        self._due = [(self.now + random.uniform(0, spread), device) for device in range(len(hellos))]
        heapq.heapify(self._due)

    def step(self):
        """What is due, and what has come meanwhile."""
        for _ in range(AT_A_TIME):
            if not self._due or self._due[0][0] > self.now:
                break
            self._begin(heapq.heappop(self._due)[1])
        wait = max(0.0, min(0.1, self._due[0][0] - self.now)) if self._due else 0.1
        events = self._poll.poll(wait)
        self.now = time.monotonic()
        for descriptor, event in events:
            if event == select.EPOLLOUT:
                self._say_hello(descriptor)
            else:
                self._read_answer(descriptor)

    def _begin(self, device):
        connection = socket.socket()
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.connect_ex(self._address)
        self._trying[connection.fileno()] = connection, device
        self._poll.register(connection, select.EPOLLOUT | select.EPOLLIN)
        self.made += 1

    def _say_hello(self, descriptor):
        connection, device = self._trying[descriptor]
        try:
            connection.send(self._hellos[device])
            self._poll.modify(descriptor, select.EPOLLIN)
        except ConnectionError:
            self._end(descriptor)

    def _read_answer(self, descriptor):
        connection, _device = self._trying[descriptor]
        try:
            answer = connection.recv(64)
        except ConnectionError:
            answer = b""
        if answer[:1] == bytes([_CONNACK]) and answer[3] == 0:
            self._poll.unregister(descriptor)
            self._inside.append(self._trying.pop(descriptor)[0])
            self.remaining -= 1
            return
        self.refused += answer[3:4] == bytes([NOT_AUTHORIZED[V311]])
        self._end(descriptor)

    def _end(self, descriptor):
        """It comes again later."""
        connection, device = self._trying.pop(descriptor)
        self._poll.unregister(descriptor)
        connection.close()
        heapq.heappush(self._due, (self.now + random.uniform(*self._back_off), device))
