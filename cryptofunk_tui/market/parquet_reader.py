"""The process that reads Parquet files: `COLUMN,… FILE…` in, an .npz of `row.column` arrays on stdout. It
imports nothing of ours, so that it starts fast. Exit code 1, with one line on stderr, for a file that cannot
be used."""

import sys

import numpy as np
import pyarrow
import pyarrow.parquet


class _UnusableError(Exception):
    pass


def _read(path: str, names: list[str]) -> dict[str, np.ndarray]:
    try:
        file = pyarrow.parquet.ParquetFile(path)
        missing = [name for name in names if name not in file.schema_arrow.names]
        if missing:
            raise _UnusableError(f"{path}: lacks the column {missing[0]}; needed are {', '.join(names)}")
        table = file.read(columns=names, use_threads=False)
    except pyarrow.ArrowException as error:
        raise _UnusableError(f"{path}: is no Parquet file: {str(error).splitlines()[0]}") from None
    except OSError as error:
        raise _UnusableError(
            f"{path}: {error.strerror or 'is no Parquet file'}; name a readable file"
        ) from None
    columns = {name: table.column(name).to_numpy() for name in names}
    for name, values in columns.items():
        if values.dtype.kind not in "iuf":
            raise _UnusableError(f"{path}: the column {name} holds no numbers; mend the file")
    return columns


def main() -> int:
    names, paths = sys.argv[1].split(","), sys.argv[2:]
    arrays: dict[str, np.ndarray] = {}
    try:
        for row, path in enumerate(paths):
            arrays |= {f"{row}.{name}": values for name, values in _read(path, names).items()}
    except _UnusableError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    np.savez(sys.stdout.buffer, **arrays)  # type: ignore[arg-type]
    return 0


if __name__ == "__main__":
    sys.exit(main())
