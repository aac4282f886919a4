"""Wordings for many mistakes: in many environments, or more than anybody reads (HS240)."""

from __future__ import annotations

from dataclasses import replace

from hashistack.diagnostics import Diagnostic

_NAMED = 5


def more_mistakes(shown: int) -> Diagnostic:
    """More mistakes in one environment than anybody reads; the first `shown` come with it."""
    summary = f"more than {shown} mistakes; the rest is not shown"
    return Diagnostic("HS240", summary, hint="correct these, then run the command again")


def likewise(diagnostic: Diagnostic, environments: list[str]) -> Diagnostic:
    """Say of a mistake that other environments have it at the same place."""
    named, more = environments[:_NAMED], len(environments) - _NAMED
    others = f"{', '.join(named)} and {more} more" if more > 0 else ", ".join(named)
    return replace(diagnostic, summary=f"{diagnostic.summary}; likewise in {others}")
