"""Fixtures: a PostgreSQL per test process; installations that are closed, and checked, after each test."""

import pytest

import mqtt
from installation import Installation
from postgres import Postgres


@pytest.fixture(scope="session")
def postgres():
    with Postgres() as server:
        yield server


@pytest.fixture(autouse=True)
def _clients_are_disconnected():
    yield
    mqtt.disconnect_all()


@pytest.fixture
def primary():
    """A PostgreSQL for one test alone, to do away with."""
    with Postgres() as server:
        yield server


@pytest.fixture
def install(request):
    """install(config, listeners, …): see Installation. A broker that crashed fails the test. server: another
    PostgreSQL than that of all tests."""
    yield from _installer(request)


@pytest.fixture(scope="module")
def install_once(request):
    """The same for what all tests of a file share and none of them changes."""
    yield from _installer(request)


def _installer(request):
    places = []

    def make(*arguments, server=None, **options):
        places.append(Installation(server or request.getfixturevalue("postgres"), *arguments, **options))
        return places[-1]

    yield make
    for place in places:
        place.close()
