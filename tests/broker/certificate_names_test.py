"""Which name in a certificate is its client's username: authentication.certificate.username_from."""

import pytest

from installation import BY_NAME
from mqtt import NOT_AUTHORIZED, V311

NAMES = {  # username_from: the client's username
    "common_name": "press-7",
    "san_dns": "press-7.plant.example",
    "san_uri": "urn:example:press:7",
    "san_email": "press-7@plant.example",
    "subject": "CN=press-7,OU=Größe,O=Acme\\, Inc.",
}
SUBJECT = "/O=Acme, Inc./OU=Größe/CN=press-7"
ALL = ["DNS:press-7.plant.example", "URI:urn:example:press:7", "email:press-7@plant.example", "IP:10.0.0.1"]


@pytest.fixture(scope="module", params=NAMES)
def place(request, install_once):
    place = install_once(f"authentication:\n  certificate:\n    username_from: {request.param}\n", ["certificate"])
    place.username_from = request.param
    place.add_supervisor()
    for username in NAMES.values():
        place.add_client(username, certificate=BY_NAME, allow=[("write", "plant/%u")])
    return place.start()


def _comes_in_as(place, **shown):
    """The username that a certificate gets, or None."""
    since = place.broker.log_size()
    certificate = place.certificate(**shown)
    answer = place.connect("device", certificate=certificate)
    assert answer in (0, NOT_AUTHORIZED[V311])
    if answer:
        return None
    [line] = place.lines_logged("New client connected .* as device", since)
    return line[line.index("u'") + 2:line.rindex("'")]


def test_of_all_its_names_the_one_that_was_chosen_counts(place):
    assert _comes_in_as(place, subject=SUBJECT, names=ALL) == NAMES[place.username_from]


def test_the_permissions_are_those_of_that_username(place):
    press, boss = place.login("device", certificate=place.certificate(subject=SUBJECT, names=ALL)), place.supervisor()
    for username in NAMES.values():
        assert place.delivers(press, f"plant/{username}", to=boss) == (username == NAMES[place.username_from])


@pytest.mark.parametrize("shown, identifies_by", [
    ({"subject": SUBJECT}, {"common_name", "subject"}),
    ({"subject": "/CN=press-7/O=elsewhere"}, {"common_name"}),
    ({"subject": "/CN=other", "names": ALL}, {"san_dns", "san_uri", "san_email"}),
    # Of several names of one kind none counts.
    ({"subject": SUBJECT, "names": [*ALL, "DNS:press-8.plant.example"]}, {"common_name", "subject", "san_uri", "san_email"}),
    ({"subject": SUBJECT, "names": ["DNS:press-8.plant.example", *ALL]}, {"common_name", "subject", "san_uri", "san_email"}),
    ({"subject": SUBJECT, "names": [*ALL, ALL[0]]}, {"common_name", "subject", "san_uri", "san_email"}),
    ({"subject": SUBJECT, "names": [*ALL, "URI:urn:example:press:8"]}, {"common_name", "subject", "san_dns", "san_email"}),
    ({"subject": SUBJECT, "names": [*ALL, "email:press-8@plant.example"]}, {"common_name", "subject", "san_dns", "san_uri"}),
    ({"subject": "/CN=press-7/CN=press-8", "names": ALL}, {"san_dns", "san_uri", "san_email"}),
    # Nor does one in another spelling.
    ({"subject": "/CN=PRESS-7", "names": ["DNS:PRESS-7.plant.example", "URI:URN:example:press:7"]}, set()),
    ({"subject": "/CN=other", "names": ["DNS:*.plant.example"]}, set()),
], ids=lambda value: None if isinstance(value, set) else "; ".join(map(str, value.values())))
def test_what_identifies_its_client_by_which_name(place, shown, identifies_by):
    wanted = NAMES[place.username_from] if place.username_from in identifies_by else None
    assert _comes_in_as(place, **shown) == wanted


def test_a_pinned_certificate_needs_no_name(place):
    certificate = place.certificate("other")
    place.add_client(f"pinned {place.username_from}", certificate=certificate.fingerprint)
    place.until_answer(0, "device", certificate=certificate)
