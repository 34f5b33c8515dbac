"""Passwords log in by whatever hash their rows hold, and generated secrets by the fast one."""

import pytest

from mqtt import NOT_AUTHORIZED, V5

PASSWORD = "correct horse"
HASHES = {
    "scrypt": "$scrypt$ln=4,r=8,p=1$Pad0TgkBYOw9Z4zRes85xw$pLB5ucGNLjLwVbg99b0obgmTbozdG7PNy935qW1j5T4",
    "crypt scrypt": "$7$BU..../....ytIW3EQcmor2teLGLr5Y..$q0Odh1u4YlC7feExHtduSPZ/P.cS6E0ewtF5amogvkD",
    "go-auth": "PBKDF2$sha512$10$AAECAwQFBgcICQoLDA0ODw==$"
               "tU3Pn/RA6awulUB6WlLSryEaFFvGs13cWNmGO60pHqGqt3j9HMBV1VMtlC0np++/+JegOFQA2QPI5+S7JYMhRQ==",
    "auth-plug": "PBKDF2$sha256$901$AAECAwQFBgcICQoL$CIyg2eJX9kqMhfUwUg9+pcphW2M3Xm8P",
    "scram": "SCRAM-SHA-256$4096:CwDsE0YK9GJ2Cg/MldVLZQ==$"
             "iUU7cDiph3AhSWjJpaelXuJDyPiS/s6ZoyP86ujASVc=:Wo9Eg3wn9nRpUwZ9hxuMYIAq//2j64mIlOMFWssAWB0=",
}


@pytest.fixture(scope="module")
def place(install_once):
    place = install_once()
    for username, secret in HASHES.items():
        place.sql("SELECT mqtt_auth.create_client(:'username', secret => :'secret')", username=username, secret=secret)
    place.sql("SELECT mqtt_auth.create_client('press-7', secret => :'secret')", secret=HASHES["go-auth"])
    [(place.generated,)] = place.sql("SELECT mqtt_auth.generate_secret('press-7')")
    return place.start()


@pytest.mark.parametrize("username", HASHES)
def test_a_password_satisfies_its_hash(place, username):
    assert place.connect(username, password=PASSWORD, version=V5) == 0
    assert place.connect(username, password=PASSWORD + " ", version=V5) == NOT_AUTHORIZED[V5]


def test_a_generated_secret_logs_in_beside_the_password(place):
    assert place.connect("press-7", password=place.generated, version=V5) == 0
    assert place.connect("press-7", password=PASSWORD, version=V5) == 0
    assert place.connect("press-7", password=place.generated[:-1], version=V5) == NOT_AUTHORIZED[V5]
