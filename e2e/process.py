"""Programs that run beside the tests, and end with them however these end."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

# The shell ends its whole process group when its standard input closes, and that happens however the tests die.
_GUARD = """
"$@" & program=$!
cat >/dev/null
trap '' TERM
kill -TERM 0
for _ in $(seq 60); do kill -0 "$program" 2>/dev/null || break; sleep 0.25; done
kill -KILL 0
"""


class Process:
    """A program in a process group of its own."""

    def __init__(self, command: Sequence[str | Path], *, log: Path, env: Mapping[str, str] | None = None):
        self.log = log
        with log.open("wb") as out:
            self._shell = subprocess.Popen(
                ["bash", "-c", _GUARD, "guard", *map(str, command)],
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=out,
                env=None if env is None else dict(env),
                start_new_session=True,
            )

    def stop(self) -> None:
        """SIGTERM, and SIGKILL for what is left 15 seconds later."""
        self._shell.stdin.close()
        self._shell.wait(30)


def free_port(host: str) -> int:
    """A port of that address that nobody listens on at this moment."""
    with socket.socket() as s:
        s.bind((host, 0))
        return s.getsockname()[1]


def until(what: str, seconds: float, ask: Callable[[], T | None], every: float = 1) -> T:
    """Asks until there is an answer, and gives it. An error of the network is no answer."""
    end, last = time.monotonic() + seconds, ""
    while time.monotonic() < end:
        try:
            if answer := ask():
                return answer
        except OSError as e:
            last = f": {e}"
        time.sleep(every)
    raise TimeoutError(f"{what}: not within {seconds:g} s{last}")
