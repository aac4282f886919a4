"""Text for Go templates; tests/local/test_values_in_containers.py holds the same against containers."""

import pytest

from hashistack.compile.consul_template import go_string, survives_config, survives_env, verbatim


@pytest.mark.parametrize(
    ("text", "in_env", "in_config"),
    [
        ("plain", True, True),
        ("", True, True),
        ("é composed", True, True),
        ("e\u0301 decomposed", False, False),
        ("${PATH}", False, False),
        ("${node.unique.id}", False, False),
        ("${X:-default}", True, False),
        ("$PATH", True, True),
        ("%{if}", True, False),
    ],
)
def test_what_nomad_and_hcl_leave_alone(text: str, in_env: bool, in_config: bool) -> None:
    assert (survives_env(text), survives_config(text)) == (in_env, in_config)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", '"plain"'),
        ('"\\', r'"\"\\"'),
        ("a\nb", r'"a\nb"'),
        ("{{}}", r'"\x7b\x7b\x7d\x7d"'),
        ("\x07é😀", r'"\u0007\u00e9\U0001f600"'),
    ],
)
def test_go_string(text: str, expected: str) -> None:
    assert go_string(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("echo ${A}\nexit 0\n", "echo ${A}\nexit 0\n"),
        ("a\n{{ x }}\nb", 'a\n{{ "\\x7b\\x7b x \\x7d\\x7d" }}\nb'),
        ("tab\there", '{{ "tab\\u0009here" }}'),
        ("cr\r\nlf", '{{ "cr\\u000d" }}\nlf'),
        ("e\u0301\n", '{{ "e\\u0301" }}\n'),
    ],
)
def test_verbatim(text: str, expected: str) -> None:
    assert verbatim(text) == expected
