"""The names under which a server answers: never any name, always its own."""

import socket

from exact.operations.names import names_of


def test_loopback_is_known_by_the_usual_names():
    assert names_of("127.0.0.1")[:3] == ["localhost", "127.0.0.1", "[::1]"]


def test_an_address_of_its_own_is_added():
    assert names_of("192.0.2.7")[-1] == "192.0.2.7"
    assert names_of("2001:db8::7")[-1] == "[2001:db8::7]"


def test_everywhere_means_the_names_this_machine_has_and_not_any():
    names = names_of("0.0.0.0")
    assert socket.gethostname().lower() in names
    assert "127.0.0.1" in names
    assert "*" not in names
