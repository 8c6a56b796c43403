"""How often a test repeats: enough for every change, or, with CRYPTOFUNK_NIGHTLY=1, for a night."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def scaled(ci: int, nightly: int) -> int:
    """The number of repetitions of this run."""
    return nightly if os.environ.get("CRYPTOFUNK_NIGHTLY") else ci


@contextmanager
def memory_folder() -> Iterator[Path]:
    """A folder in memory where there is one: a thousand journals would wear a disk out, and the clock."""
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as folder:
        yield Path(folder)
