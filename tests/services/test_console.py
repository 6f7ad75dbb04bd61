"""What the person at the terminal reads of the programs, and what stays in their logs."""

from io import StringIO

from topcentrum.services.console import Console

ROUTINE = "[2026-11-25 17:11:48,949: INFO/MainProcess] Scheduler: Sending due task"
TROUBLE = "[2026-11-25 17:11:48,949: WARNING/MainProcess] letter 5: refused"


def test_the_routine_of_hushed_programs_stays_in_their_logs() -> None:
    shown = StringIO()
    console = Console(("beat", "web"), hushed=("beat",), stream=shown)
    console.open_floor()
    for name in ("beat", "web"):
        for text in (ROUTINE, TROUBLE, "INFO matching: a line of ours"):
            console.line(name, text)
    lines = shown.getvalue().splitlines()
    assert [line for line in lines if line.startswith("beat")] == [
        f"beat | {TROUBLE}",
        "beat | INFO matching: a line of ours",
    ]
    assert len([line for line in lines if line.startswith("web")]) == 3
