"""Commands for the image's shell."""

import pytest

from hashistack.compile.command import script, shell_command


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("gunicorn shop.wsgi --bind 0.0.0.0:$PORT", "exec gunicorn shop.wsgi --bind 0.0.0.0:$PORT"),
        ("./run 'a b' > log", "exec ./run 'a b' > log"),
        ("A=1 ./run", "A=1 ./run"),
        ("cd web && ./run", "cd web && ./run"),
        ("exec ./run", "exec ./run"),
        ("while true; do x; done", "while true; do x; done"),
        ("one\ntwo", "one\ntwo"),
        ("  ", "  "),
        ("run $(hostname)", "run $(hostname)"),
    ],
)
def test_only_simple_commands_replace_the_shell(command: str, expected: str) -> None:
    assert shell_command(command) == expected


def test_a_command_that_nomad_would_fill_in_goes_into_a_file() -> None:
    assert script("run --key $KEY") is None
    assert script("run --key ${KEY}") == "run --key ${KEY}"


def test_a_command_with_what_hcl_would_act_upon_goes_into_a_file() -> None:
    assert script("date +%{x") == "date +%{x"
