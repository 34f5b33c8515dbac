"""Secrets of one password in the formats that are measured, and how fast this machine makes their hashes.

    secret_of("argon2id")         # '$argon2id$v=19$m=19456,t=2,p=1$…', which PASSWORD satisfies
    hashing_speed("argon2id")     # seconds for one, and how many a second all cores could make

In processor time: what else the machine does counts only as far as it slows a core down.
"""

import base64
import ctypes
import hashlib
import multiprocessing
import os
import time
from typing import NamedTuple

PASSWORD = "pgauth_" + base64.urlsafe_b64encode(os.urandom(32)).decode().rstrip("=")  # of the form of a generated one
MEASURED_FOR = 0.3  # seconds of processor time
LEAST = 5  # hashes

_argon2 = ctypes.CDLL("libargon2.so.1")
_crypt = ctypes.CDLL("libcrypt.so.1").crypt
_crypt.restype = ctypes.c_char_p
_fork = multiprocessing.get_context("fork")


def _argon2id():
    salt, encoded = os.urandom(16), ctypes.create_string_buffer(128)
    failed = _argon2.argon2id_hash_encoded(
        ctypes.c_uint32(2), ctypes.c_uint32(19456), ctypes.c_uint32(1), PASSWORD.encode(), ctypes.c_size_t(len(PASSWORD)),
        salt, ctypes.c_size_t(len(salt)), ctypes.c_size_t(32), encoded, ctypes.c_size_t(len(encoded)))
    assert not failed, f"argon2id_hash_encoded() failed: {failed}"
    return encoded.value.decode()


def _bcrypt():
    salt = base64.b64encode(os.urandom(16)).decode()[:21].replace("+", ".") + "e"
    return _crypt(PASSWORD.encode(), f"$2b$10${salt}".encode()).decode()


def _mosquitto():
    salt = os.urandom(12)
    digest = hashlib.pbkdf2_hmac("sha512", PASSWORD.encode(), salt, 101)
    return f"$7$101${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def _generated():
    salt = os.urandom(16)
    digest = hashlib.sha256(salt + PASSWORD.encode()).digest()
    return f"$generated$sha256${base64.b64encode(salt).decode().rstrip('=')}${base64.b64encode(digest).decode().rstrip('=')}"


FORMATS = {"argon2id": _argon2id, "bcrypt": _bcrypt, "mosquitto": _mosquitto, "generated": _generated}
SLOW = ("argon2id", "bcrypt")


def secret_of(name):
    return FORMATS[name]()


class Speed(NamedTuple):
    seconds: float  # for one, while this thread makes them alone
    per_second: float  # of all cores, while each makes them


def hashing_speed(name):
    cores = len(os.sched_getaffinity(0))
    alone = 1 / _count_per_second(name)
    with _fork.Pool(cores) as pool:
        return Speed(alone, sum(pool.map(_count_per_second, [name] * cores, chunksize=1)))


def _count_per_second(name):
    start, count = time.thread_time(), 0
    while (taken := time.thread_time() - start) < MEASURED_FOR or count < LEAST:
        FORMATS[name]()
        count += 1
    return count / taken
