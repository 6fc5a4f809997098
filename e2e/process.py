"""Programs that run beside the tests, and end with them however these end."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

# The shell asks its program to end when its standard input closes, and that happens however the tests die. What is left of
# its session then is killed: Airflow 2 gives its DAG processor a process group of its own, and forgets it.
_GUARD = r"""
signal_session() {
  for stat in /proc/[0-9]*/stat; do
    read -r line <"$stat" || continue
    fields=(${line##*) })
    if [[ ${fields[3]} == $$ && ${line%% *} != $$ ]]; then kill -"$1" "${line%% *}"; fi
  done 2>/dev/null
}
"$@" & program=$!
cat >/dev/null
trap '' TERM
kill -TERM "$program"
for _ in $(seq 60); do kill -0 "$program" 2>/dev/null || break; sleep 0.25; done
signal_session TERM
sleep 1
signal_session KILL
"""


class Process:
    """A program in a session of its own."""

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
        """SIGTERM, and after at most 16 seconds SIGKILL for what is left."""
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
