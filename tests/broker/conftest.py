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
def install(postgres):
    """install(config, listeners, …): see Installation. A broker that crashed fails the test."""
    yield from _installer(postgres)


@pytest.fixture(scope="module")
def install_once(postgres):
    """The same for what all tests of a file share and none of them changes."""
    yield from _installer(postgres)


def _installer(postgres):
    places = []

    def make(*arguments, **options):
        places.append(Installation(postgres, *arguments, **options))
        return places[-1]

    yield make
    for place in places:
        place.close()
