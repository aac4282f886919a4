import socket

from tests.bed import network


def test_free_ports_are_different_and_free() -> None:
    ports = network.free_ports(6)
    assert len(set(ports)) == 6
    for port in ports:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", port))


def test_windows_of_task_ports_do_not_overlap_each_other() -> None:
    windows = {network.task_window() for _ in range(200)}
    assert len(windows) > 1
    for first, last in windows:
        assert (first - network.TASK_PORTS.start) % network.WINDOW == 0
        assert last == first + network.WINDOW - 1


def test_task_ports_stay_below_the_ports_of_outgoing_connections() -> None:
    assert network.TASK_PORTS.stop <= 32768
