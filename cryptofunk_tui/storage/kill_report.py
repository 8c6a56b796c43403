"""What became of a kill, in a file beside it: it needs no database."""

import contextlib
import os
from pathlib import Path

from cryptofunk_tui.domain.base import Record, Utc

REPORT_FILE = "kill-report.json"


class KillReport(Record):
    """What became of a kill so far. `left`, `kept` and `problems` say what could not be done and why."""

    at: Utc
    reason: str
    cancelled: int = 0
    left: tuple[str, ...] = ()
    verified: bool = False
    """Whether the venue itself was asked and has no open order of ours."""
    selling: bool = False
    """Whether everything is still to be sold."""
    sold: int = 0
    kept: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def is_done(self) -> bool:
        """Whether all that can be done is done."""
        return self.verified and not self.selling

    @property
    def undone(self) -> tuple[str, ...]:
        """What is left to a person."""
        return (*self.left, *self.kept, *self.problems)

    @property
    def is_clean(self) -> bool:
        """Whether nothing is left to be done by anybody."""
        return self.is_done and not self.undone


def write_report(state_dir: Path, report: KillReport) -> None:
    """Put the report beside the kill file, whole or not at all."""
    draft = state_dir / f".{REPORT_FILE}.{os.getpid()}"
    with contextlib.suppress(OSError):  # the report is for people; a full disk stops no kill
        draft.touch(mode=0o600)
        draft.write_text(report.model_dump_json(), encoding="utf-8")
        draft.replace(state_dir / REPORT_FILE)


def read_report(state_dir: Path) -> KillReport | None:
    """The newest report; None where there is none."""
    try:
        return KillReport.model_validate_json((state_dir / REPORT_FILE).read_bytes())
    except (OSError, ValueError):
        return None
