"""Group rules may look at a client's certificate, and at how it proved itself."""

import pytest

from installation import BY_NAME
from mqtt import REFUSED, V311, V5, Client

RULES = {
    "print": "fingerprint => :'print'",
    "name": "common_name => 'press-*'",
    "exact name": "common_name => 'press-7', syntax => 'exact'",
    "dns": "subject_alt_name => '*.plant.example'",
    "uri": "subject_alt_name => 'urn:example:(press|pump):[0-9]+', syntax => 'regex'",
    "by certificate": "method => 'certificate'",
    "by password": "method => 'password'",
    "press by password": "method => 'password', common_name => 'press-*'",
    "by username": "username => 'press-7'",
}
PRESS_7 = {"print", "name", "exact name", "dns", "uri", "by certificate", "by username"}


@pytest.fixture(scope="module", params=[False, True], ids=["global", "per listener"])
def place(request, install_once):
    place = install_once("", ["certificate"], per_listener_settings=request.param)
    names = ["DNS:press-7.plant.example", "URI:urn:example:press:7", "DNS:other.example"]
    place.shown = {
        "press-7": place.certificate("press-7", names=names),
        "the same again": place.certificate("press-7", names=names),
        "bare": place.certificate("press-7"),
        "pinned": place.certificate(subject="/O=Acme", names=["DNS:a.plant.example"]),
        "nobody's": place.certificate("press-99", names=["DNS:b.plant.example"]),
        "strict": place.certificate("press-strict"),
        None: None,
    }
    for group, conditions in RULES.items():
        place.add_group(group, allow=[("read", f"of/{group}")])
        place.sql(f"SELECT mqtt_auth.add_group_rule(:'group', ARRAY[:'group'], {conditions})", group=group,
                  print=place.shown["press-7"].fingerprint)
    place.add_client("press-7", certificate=BY_NAME)
    place.add_client("acme", certificate=place.shown["pinned"].fingerprint)
    place.add_client("visitor")
    place.add_client("either", password="secret-of-either", certificate=place.certificate("either").fingerprint)
    place.add_client("press-strict", password="secret-of-strict", certificate=BY_NAME, required_methods="{password,certificate}")
    return place.start()


@pytest.mark.parametrize("version", [V311, V5], ids=["3.1.1", "5"])
@pytest.mark.parametrize("shown, username, password, groups", [
    ("press-7", None, None, PRESS_7),
    ("press-7", "nobody", None, PRESS_7),
    ("the same again", None, None, PRESS_7 - {"print"}),
    ("bare", None, None, PRESS_7 - {"print", "dns", "uri"}),
    ("pinned", None, None, {"dns", "by certificate"}),
    # The rules look at what was shown, also where it proved nothing.
    ("nobody's", "visitor", "secret-of-visitor", {"name", "dns", "by password", "press by password"}),
    ("strict", "press-strict", "secret-of-strict", {"name", "by certificate", "by password", "press by password"}),
    (None, "visitor", "secret-of-visitor", {"by password"}),
    (None, "either", "secret-of-either", {"by password"}),
])
def test_the_rules_that_match_give_their_groups(place, shown, username, password, groups, version):
    transport = "certificate" if shown else "tcp"
    client = Client(place.broker, "device", username=username, password=password, certificate=place.shown[shown],
                    transport=transport, version=version).login()
    codes = dict(zip(RULES, client.subscribe(*(f"of/{group}" for group in RULES))))
    assert {group for group, code in codes.items() if code not in REFUSED} == groups
