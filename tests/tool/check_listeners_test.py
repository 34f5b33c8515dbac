"""pgauth check: what a mosquitto.conf says that takes the plugin's word away, or lets passwords be read."""

import pytest

from mosquitto import plugin_path


CERTIFICATE = ("listener 8883", "certfile server.crt", "keyfile server.key", "cafile ca.crt", "require_certificate true")


@pytest.mark.parametrize(("lines", "complaint"), [
    (("listener 1883",), "^warning: mosquitto.conf:3: listener 1883 has no TLS, and others than this machine reach it"),
    (("listener 1883 10.1.0.1",), "^warning: mosquitto.conf:3: listener 1883 on 10.1.0.1 has no TLS"),
    (("port 1883",), "^warning: mosquitto.conf:3: listener 1883 has no TLS"),
    (("listener 1883 localhost",), None),
    (("listener 1883 ::1",), None),
    (("listener 0 /run/mosquitto.sock",), None),
    (("port 1883", "bind_address 127.0.0.1"), None),
    ((), None),
    (("listener 8883", "certfile server.crt", "keyfile server.key"), None),
    (CERTIFICATE, None),
    ((*CERTIFICATE, "use_identity_as_username true"), "^warning: mosquitto.conf:3: listener 8883 sets use_identity_as_username"),
    ((*CERTIFICATE, "use_subject_as_username true"), "^warning: mosquitto.conf:3: listener 8883 sets use_subject_as_username"),
    ((*CERTIFICATE, "use_identity_as_username false"), None),
    ((*CERTIFICATE, "use_username_as_clientid true"), "^warning: mosquitto.conf:3: listener 8883 sets use_username_as_clientid"),
    (("# listener 1883", "listener 1883 127.0.0.1"), None),
])
def test_a_listener_is_complained_of_where_it_should_be(place, lines, complaint):
    place.listen(place.plugin, *lines)
    if complaint:
        place.complains(complaint)
    else:
        assert place.findings() == []


def test_a_listener_for_pre_shared_keys_needs_the_identity_and_the_method(place):
    place.configure("authentication:\n  methods: [psk]\n")
    place.listen(place.plugin, "listener 8884", "psk_hint mosquitto", "use_identity_as_username true")
    assert place.findings() == []
    place.listen(place.plugin, "listener 8884", "psk_hint mosquitto")
    place.complains("^warning: mosquitto.conf:3: listener 8884 has pre-shared keys without use_identity_as_username")
    place.configure()
    place.listen(place.plugin, "listener 8884", "psk_hint mosquitto", "use_identity_as_username true")
    place.complains("^warning: mosquitto.conf:3: listener 8884 has pre-shared keys, and authentication.methods leaves psk out")


def test_nameless_clients_that_are_wanted_need_allow_anonymous(place):
    place.database.sql("SELECT mqtt_auth.create_group('guests')")
    place.configure("authentication:\n  anonymous_group: guests\n")
    place.complains("^warning: mosquitto.conf: allow_anonymous is not true, and authentication.anonymous_group")


def test_with_per_listener_settings_each_listener_needs_the_plugin(place):
    place.listen("per_listener_settings true", "listener 1883 127.0.0.1", place.plugin, "listener 1884 127.0.0.1", place.plugin)
    place.complains("^warning: mosquitto.conf:1: per_listener_settings true: Mosquitto 2.0.11 raises no ticks")
    place.listen("per_listener_settings true", "listener 1883 127.0.0.1", place.plugin, "listener 1884 127.0.0.1", "allow_anonymous true")
    found = place.findings(status=1)
    assert [line for line in found if line.startswith("error")] == [
        "error: mosquitto.conf:5: listener 1884 on 127.0.0.1 names no plugin of its own, so this one is not asked there: "
        "repeat the plugin line and its plugin_opt_ lines below it"]
    assert any("mosquitto.conf:6: allow_anonymous true for listener 1884" in line for line in found)


def test_per_listener_settings_behind_others_is_an_error(place):
    place.listen("allow_anonymous false", "per_listener_settings true", "listener 1883 127.0.0.1", place.plugin)
    assert any(line.startswith("error: mosquitto.conf:2: per_listener_settings true stands behind settings")
               for line in place.findings(status=1))


def test_each_configuration_of_several_listeners_is_looked_at(place):
    place.listen("per_listener_settings true", "listener 1883 127.0.0.1", place.plugin,
                 "listener 1884 127.0.0.1", place.plugin, "plugin_opt_database_connection host=/nowhere")
    assert any(line.startswith("error: database: ") for line in place.findings(status=1))


# --- what 2.1 has in place of per_listener_settings ------------------------------------------------


def load(place, name="pgauth"):
    return f"plugin_load {name} {plugin_path()}\nplugin_opt_config {place.config}"


def test_a_plugin_that_each_listener_uses_is_right(place):
    place.listen(load(place), "listener 1883 127.0.0.1", "plugin_use pgauth", *CERTIFICATE, "plugin_use pgauth")
    assert place.findings() == []


def test_a_listener_that_does_not_use_the_plugin_is_an_error(place):
    place.listen(load(place), "listener 1883 127.0.0.1", "plugin_use pgauth", "listener 1884 127.0.0.1")
    place.complains("^error: mosquitto.conf:5: listener 1884 on 127.0.0.1 names no plugin of its own, .*: plugin_use pgauth below", status=1)
    place.listen(load(place), "listener 1883 127.0.0.1")
    place.complains("^error: mosquitto.conf:3: listener 1883 on 127.0.0.1 names no plugin of its own", status=1)
    place.listen(load(place))
    place.complains("^error: mosquitto.conf: listener 1883 names no plugin of its own", status=1)
    other = "plugin_load other /usr/lib/mosquitto_dynamic_security.so"
    place.listen(other, load(place), "listener 1883 127.0.0.1", "plugin_use other")
    place.complains("^error: mosquitto.conf:4: listener 1883 on 127.0.0.1 names no plugin of its own", status=1)
    place.listen(load(place), place.plugin, "listener 1883 127.0.0.1")
    assert place.findings() == []  # it is loaded for all, too


@pytest.mark.parametrize(("lines", "place_of_it"), [
    (("listener 1883 127.0.0.1", "plugin_use pgauth", "plugin_use pgauht"), "mosquitto.conf:5"),
    (("plugin_use pgauth", "listener 1883 127.0.0.1", "plugin_use pgauth"), "mosquitto.conf:3"),
])
def test_a_use_that_keeps_the_broker_from_starting_is_an_error(place, lines, place_of_it):
    place.listen(load(place), *lines)
    place.complains(f"^error: {place_of_it}: plugin_use `pgau[th]+`: Mosquitto does not start: use what a plugin_load line", status=1)


def test_a_plugin_that_is_used_before_it_is_loaded_is_an_error(place):
    place.listen("listener 1883 127.0.0.1", "plugin_use pgauth", load(place))
    found = place.findings(status=1)
    assert [line.split(": ")[1:3] for line in found] == [["mosquitto.conf:2", "plugin_use `pgauth`"],
                                                        ["mosquitto.conf:1", "listener 1883 on 127.0.0.1 names no plugin of its own, so this one is not asked there"]]


def test_options_below_a_use_are_the_plugins(place):
    place.listen(load(place), "listener 1883 127.0.0.1", "plugin_use pgauth", "plugin_opt_sessions_takeover nobody")
    place.complains("^error: mosquitto.conf:1: plugin_opt_sessions_takeover: `nobody`", status=1)


def test_a_listeners_own_word_on_nameless_clients_goes_before_that_of_all(place):
    place.listen("allow_anonymous false", place.plugin, "listener 1883 127.0.0.1", "listener_allow_anonymous true", "listener 1884 127.0.0.1")
    place.complains("^warning: mosquitto.conf:5: allow_anonymous true for listener 1883 on 127.0.0.1")
    place.listen("allow_anonymous true", place.plugin, "listener 1883 127.0.0.1", "listener_allow_anonymous false")
    assert place.findings() == []
    place.listen("allow_anonymous true", place.plugin, "listener 1883 127.0.0.1", "listener_allow_anonymous false", "listener 1884 127.0.0.1")
    place.complains("^warning: mosquitto.conf:1: allow_anonymous true: ")


def test_a_use_and_per_listener_settings_go_together(place):
    place.listen("per_listener_settings true", load(place), "listener 1883 127.0.0.1", "plugin_use pgauth", "listener 1884 127.0.0.1", place.plugin)
    place.complains("^warning: mosquitto.conf:1: per_listener_settings true: Mosquitto 2.0.11 raises no ticks")
