"""The two commands say clearly why they cannot start."""

import socket

import pytest

from mlgov import environment, supervisor


def test_a_busy_port_is_named_with_another_to_try():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(supervisor.CannotStart, match=f"PORT={port + 123}"):
            supervisor.check_port(port)


def test_two_at_once_in_one_folder_is_refused_with_the_address_of_the_first(tmp_path):
    with supervisor.alone(tmp_path, "http://localhost:1"):
        second = supervisor.alone(tmp_path, "x")
        with pytest.raises(supervisor.CannotStart, match="localhost:1"):
            second.__enter__()
    with supervisor.alone(tmp_path, "x"):
        pass


def test_a_missing_pango_is_named_with_the_line_that_installs_it(monkeypatch):
    monkeypatch.setattr(supervisor.ctypes.util, "find_library", lambda name: None)
    with pytest.raises(supervisor.CannotStart, match="apt-get install libpango"):
        supervisor.check_pango()


def test_reset_does_not_touch_somebody_s_own_server(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://x@y/z")
    with pytest.raises(supervisor.CannotStart, match="DATABASE_URL"):
        supervisor.reset()


def test_another_engine_is_refused(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "sqlite:///x.db")
    with pytest.raises(ValueError, match="PostgreSQL alone"):
        environment.database()


def test_a_socket_s_folder_is_taken_from_the_address(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:p%40@/d?host=/run/pg&port=5433")
    found = environment.database()
    assert (found["HOST"], found["PORT"], found["PASSWORD"]) == ("/run/pg", "5433", "p@")
