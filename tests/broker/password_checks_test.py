"""Passwords are checked where nobody waits for it, seldom, and not for whoever guesses."""

import socket

import pytest

from mqtt import CLOSED, NOT_AUTHORIZED, V5, connect_packet
from waiting import until

COSTLY = "costly-s3cret"  # SQL hashes with bcrypt of cost 10, which takes some 50 ms


def waits_for_answers(place):
    return place.broker.version >= (2, 1)


@pytest.fixture
def place(install):
    def make(config="", **options):
        site = install(config, **{"blocking_budget": None} | options)
        for number in range(12):
            site.sql("SELECT mqtt_auth.create_client(:'name', password => :'password')",
                     name=f"press-{number}", password=f"{COSTLY}-{number}")
        site.add_client("guest")
        return site.start()
    return make


def answer(site, number, password=None, client_id=None):
    return site.connect(client_id or f"press-{number}", username=f"press-{number}",
                        password=password or f"{COSTLY}-{number}", version=V5)


def test_a_single_login_on_a_quiet_broker_succeeds_at_its_first_try(place):
    assert answer(place(), 1) == 0


def test_of_many_logins_at_once_nobody_is_told_not_authorized_and_all_come_in(place):
    site = place()
    left, tries = set(range(12)), []

    def all_are_in():
        answers = {number: answer(site, number) for number in sorted(left)}
        tries.append(answers)
        assert set(answers.values()) <= {0, CLOSED}
        left.difference_update(number for number, code in answers.items() if code == 0)
        return not left

    # The verifiers are the first to wait on a busy machine.
    until(all_are_in, what="everybody to be in", deadline=180)
    if waits_for_answers(site):
        assert len(tries) == 1
    else:
        assert len(tries) > 1, "more hashes were made on the broker's thread than the budget has room for"


def test_what_is_remembered_is_answered_at_once(place):
    site = place()
    until(lambda: answer(site, 1) == 0, what="press-1 to come in")
    # The budget of a 2.0 broker is in debt by now, or nearly.
    for _ in range(20):
        assert answer(site, 1) == 0
    until(lambda: answer(site, 1, "wrong") == NOT_AUTHORIZED[V5], what="a wrong password to be refused")
    for _ in range(20):
        assert answer(site, 1, "wrong") == NOT_AUTHORIZED[V5]
    assert answer(site, 1) == 0


def test_a_new_password_counts_at_once(place):
    site = place("sessions:\n  apply_changes: immediately\n")
    session = site.login("press-1", password=f"{COSTLY}-1")
    site.sql("SELECT mqtt_auth.set_password('press-1', 'another-s3cret')")
    session.expect_closed()
    until(lambda: answer(site, 1) == NOT_AUTHORIZED[V5], what="the old password to be refused")


def test_guesses_run_out_and_a_neighbour_does_not_notice(place):
    site = place("authentication:\n  attempts:\n    per_client: 3\n    back_off: 1h\n", blocking_budget="1s")
    guesses = [site.connect("a", username="guest", password=f"guess {number}", version=V5) for number in range(6)]
    turned_away = 136 if waits_for_answers(site) else CLOSED
    assert guesses == [NOT_AUTHORIZED[V5]] * 3 + [turned_away] * 3
    # Also with the right one, which was never seen.
    assert site.connect("guest", version=V5) == turned_away
    assert site.connect("a", username="guest", password="guess 0", version=V5) == NOT_AUTHORIZED[V5]
    site.add_client("neighbour")
    until(lambda: site.connect("neighbour", version=V5) == 0, what="the neighbour to come in")
    assert site.lines_logged("turned away for now client id `guest` .* too many wrong passwords")


def test_limits_can_be_turned_off(place):
    site = place("authentication:\n  attempts:\n    limits: off\n    per_client: 1\n", blocking_budget="1s")
    for number in range(20):
        assert site.connect("a", username="guest", password=f"guess {number}", version=V5) == NOT_AUTHORIZED[V5]


def test_no_verdict_reaches_another_connection_under_the_same_client_id(place):
    """A waits with a bad password and drops; B waits under the same id."""
    site = place("authentication:\n  attempts:\n    limits: off\n", blocking_budget="1s")
    for number in range(12):
        with socket.create_connection(("127.0.0.1", site.broker.port())) as first:
            first.sendall(connect_packet(b"contested", f"press-{number}".encode(), b"wrong", version=V5))
            # Until the broker has asked about it.
            until(lambda: site.lines_logged(f"client id `contested` username `press-{number}`"), what="A to be asked about") \
                if not waits_for_answers(site) else None
        # 2.1 keeps the id to A until it has noticed that A is gone.
        codes = []
        until(lambda: codes.append(answer(site, number, client_id="contested")) or codes[-1] != CLOSED, what="B's answer",
              deadline=60)
        assert codes[-1] == 0, codes
