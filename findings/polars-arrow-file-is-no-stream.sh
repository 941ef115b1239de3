#!/usr/bin/env bash
# The text of the Arrow IPC file format says that such a file is the magic `ARROW1`, padding to eight bytes, and then the
# streaming format, and a footer. So readers that cannot seek (a pipe, an object of a bucket) skip eight bytes and read a
# stream; with files of pyarrow that works. polars 2.1.0 writes no schema message there: its files are read by their footer,
# also by pyarrow, but not as a stream.
#
# barlift reads Arrow files by their footer. One that is not on a local disk is copied to a temporary file first.
#
# Needs: python3 with venv.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv" || exit 2
"$work/venv/bin/pip" install --quiet --disable-pip-version-check polars==2.1.0 pyarrow==26.0.1 || exit 2
"$work/venv/bin/python" - <<'PYTHON'
import io
import sys

import polars as pl
import pyarrow as pa
import pyarrow.ipc as ipc

by_polars = io.BytesIO()
pl.DataFrame({"close": [1.5, 2.5, 3.5]}).write_ipc(by_polars)
by_pyarrow = io.BytesIO()
table = pa.table({"close": [1.5, 2.5, 3.5]})
with ipc.new_file(by_pyarrow, table.schema) as out:
    out.write_table(table)


def as_stream(file):
    try:
        return sum(batch.num_rows for batch in ipc.open_stream(io.BytesIO(file.getvalue()[8:])))
    except (pa.ArrowInvalid, OSError) as e:
        return f"{type(e).__name__}: {e}"


def by_footer(file):
    return ipc.open_file(io.BytesIO(file.getvalue())).read_all().num_rows


print("polars", pl.__version__, "pyarrow", pa.__version__)
print("pyarrow's file as a stream:", as_stream(by_pyarrow), "rows; by its footer:", by_footer(by_pyarrow), "rows")
print("polars' file as a stream:", as_stream(by_polars), "; by its footer:", by_footer(by_polars), "rows")
seen = (as_stream(by_pyarrow), by_footer(by_pyarrow), by_footer(by_polars)) == (3, 3, 3) and as_stream(by_polars) != 3
sys.exit(0 if seen else 1)
PYTHON
