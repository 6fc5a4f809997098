"""Starts bqemulator, a local BigQuery on DuckDB: emulator.py PORT [FOLDER]. It ends when its standard input does. What load jobs
name as gs://bucket/object is the file bucket/object of FOLDER.

It is started without DuckDB's spatial extension, which it would download: nothing here is geography.
"""

import os
import sys
import threading

os.environ.setdefault("BQEMU_ENABLE_FORMAT_EXTENSIONS", "false")
if len(sys.argv) > 2:
    os.environ["BQEMU_GCS_LOCAL_ROOT"] = sys.argv[2]

from bqemulator.cli import main
from bqemulator.storage import engine


def end_with_input() -> None:
    while sys.stdin.buffer.read(1 << 16):
        pass
    os._exit(0)


if __name__ == "__main__":
    port = sys.argv[1]
    if not sys.stdin.isatty():
        threading.Thread(target=end_with_input, daemon=True).start()
    engine.DuckDBEngine._load_spatial = lambda self: None
    sys.argv[1:] = ["start", "--ephemeral", "--rest-port", port, "--grpc-port", "0"]
    sys.exit(main())
