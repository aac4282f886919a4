"""What is written for Go templates comes out as it was; tests/local/test_hard_values.py holds it against a container."""

import pytest

from hashistack.compile.consul_template import go_string, survives_jobspec, verbatim


@pytest.mark.parametrize(
    ("text", "survives"),
    [
        ("plain", True),
        ("", True),
        ("é composed", True),
        ("e\u0301 decomposed", False),
        ("${PATH}", False),
        ("${node.unique.id}", False),
        ("${X:-default}", True),
        ("$PATH", True),
        ("%{if}", True),
    ],
)
def test_what_nomad_and_hcl_leave_alone(text: str, survives: bool) -> None:
    assert survives_jobspec(text) is survives


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
