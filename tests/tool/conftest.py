"""Fixtures: a PostgreSQL per test process, a database per test, and pgauth as its owner."""

import pytest

import mqtt
from installation import Installation
from pgauth import Pgauth
from postgres import PLUGIN_ROLE, Postgres


@pytest.fixture(scope="session")
def postgres():
    with Postgres() as server:
        yield server


@pytest.fixture
def database(postgres):
    return postgres.create_database()


@pytest.fixture
def pgauth(database):
    return Pgauth(database)


@pytest.fixture
def as_plugin(database):
    """pgauth as the role that the broker logs in as."""
    return Pgauth(database, PLUGIN_ROLE)


@pytest.fixture
def install(postgres):
    """install(config): an Installation, which is closed, and checked, after the test."""
    places = []

    def make(config=""):
        places.append(Installation(postgres, config))
        return places[-1]

    yield make
    mqtt.disconnect_all()
    for place in places:
        place.close()
