"""Alignment of equals signs; that it is what `nomad fmt` does is in tests/local/test_parser.py."""

from hashistack.render.align import align


def test_neighbours_share_a_column() -> None:
    assert align('a = 1\nlonger = "x"') == 'a      = 1\nlonger = "x"'


def test_a_blank_line_a_comment_and_a_block_end_the_neighbourhood() -> None:
    text = "a = 1\n\nlonger = 2\n# why\nbb = 3\nblock {\n  c = 4\n}"
    assert align(text) == text


def test_a_value_over_more_lines_stands_alone() -> None:
    text = "a = 1\nlonger = [\n  1,\n]"
    assert align(text) == text


def test_a_heredoc_is_one_neighbour_and_left_alone_inside() -> None:
    text = "a = 1\nlonger = <<EOT\nx = 1\nlonger = 2\nEOT\nb = 2"
    assert align(text) == "a      = 1\nlonger = <<EOT\nx = 1\nlonger = 2\nEOT\nb      = 2"


def test_quoted_keys_are_keys() -> None:
    assert align('"a.b" = 1\n"a.long" = 2') == '"a.b"    = 1\n"a.long" = 2'
