"""Tools that the tests build for themselves."""
