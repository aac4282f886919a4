from __future__ import annotations

import pytest

from hashistack.descriptor.cron import CronError, expand, impossible, normalise


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("0 3 * * *", "0 3 * * *"),
        ("  */15   9-17 * * mon-fri ", "*/15 9-17 * * MON-FRI"),
        ("0 0 1,15 jan,JUL *", "0 0 1,15 JAN,JUL *"),
        ("5/20 * * * *", "5/20 * * * *"),
        ("@daily", "0 0 * * *"),
        ("@yearly", "0 0 1 1 *"),
        ("0 0 * * 7", "0 0 * * 0"),
        ("0 0 * * 5-7", "0 0 * * 0,5,6"),
        ("0 0 * * 0-6/2", "0 0 * * 0-6/2"),
        ("0 0 * * 01", "0 0 * * 1"),
        ("0 0 * * sun-sun", "0 0 * * 0"),
        ("0 0 * * 5/2", "0 0 * * 5/2"),
        ("0 0 * * 7/2", "0 0 * * 0"),
        ("*/59 */23 */31 */12 */6", "*/59 */23 */31 */12 */6"),
    ],
)
def test_schedules(text: str, fields: str) -> None:
    assert normalise(text) == fields


@pytest.mark.parametrize(
    "text",
    [
        "", "*", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * 32 * *",
        "* * * 13 *",
        "* * * 0 *", "* * * * 8", "-1 * * * *", "1- * * * *", "5-1 * * * *", "*/x * * * *", "*/0 * * * *",
        "1,,2 * * * *", "* * L * *", "* * * * MON#1", "* * 15W * *", "? * * * *", "@every 5m", "@reboot",
        "MON * * * *", "1.5 * * * *", "\u0663 * * * *", "1/2/3 * * * *", "00051 * * * *",
        "000 * * * *", "*/60 * * * *", "* */24 * * *", "* * */32 * *", "* * * */13 *", "* * * * */7",
        "0-59/60 * * * *", "0/60 * * * *", "* * * * SUN-SAT/10", "*/005 * * * *",
    ],
)  # fmt: skip
def test_no_schedules(text: str) -> None:
    with pytest.raises(CronError) as caught:
        normalise(text)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("0 0 30 2 *", "there is no day 30 in FEB"),
        ("0 0 31 4,6 *", "there is no day 31 in APR or JUN"),
        ("0 0 31 4,5 *", ""),
        ("0 0 29 2 *", ""),
        ("0 0 28-31 2 *", ""),
        ("0 0 30 2 MON", ""),
        ("0 0 * 2 *", ""),
    ],
)
def test_impossible_dates(text: str, why: str) -> None:
    assert impossible(normalise(text)) == why


def test_a_step_reads_the_week_as_nomad_does() -> None:
    assert expand("0 0 * * 5/2")[4] == {5}, "its parser ends the week on Saturday"
