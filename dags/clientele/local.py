"""A step as a process beside Airflow instead of a pod: for a laptop without a cluster, and for tests of whole runs."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from clientele.outcome import Ended
from clientele.pods import RESULT, StepOperator, log
from clientele.trouble import NO_RESULT

# What a program needs of the machine. CLIENTELE_* is left out: it configures the DAGs, and would configure the program too.
INHERITED = ("PATH", "HOME", "GOOGLE_APPLICATION_CREDENTIALS", "STORAGE_EMULATOR_HOST", "BIGQUERY_EMULATOR_HOST", "SSL_CERT_FILE")


class LocalStepOperator(StepOperator):
    """Runs bin/<program> with the arguments and the environment that the pod would have had."""

    def __init__(self, *, folder: str, **kwargs: Any):
        super().__init__(**kwargs)
        self.folder = folder
        self.process: subprocess.Popen[str] | None = None

    def execute(self, context: Any) -> Any:
        """Runs the program to its end, its log in the task's log, and returns its result."""
        with tempfile.TemporaryDirectory(prefix="clientele-") as scratch:
            result, termination = Path(scratch, "return.json"), Path(scratch, "termination-log")
            termination.touch()  # the program writes it where it exists, as in a pod
            command = [str(Path(self.folder, self.step)), *self.arguments, f"--termination-log={termination}"]
            command = [a.replace(f"--result={RESULT}", f"--result={result}") for a in command]
            self.process = subprocess.Popen(
                command, env=self.environment(scratch), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
            )
            with self.process.stdout as lines:
                for line in lines:
                    log.info("[%s] %s", self.step, line.rstrip())
            if code := self.process.wait():
                code = 128 - code if code < 0 else code  # as a shell and the kubelet count signals
                self.conclude(Ended(code, message=termination.read_text()), context)
            if not result.exists():
                self.conclude(NO_RESULT, context)
            return json.loads(result.read_text())

    def environment(self, scratch: str) -> dict[str, str]:
        """The pod's environment on top of what a process needs. A secret is taken from Airflow's own environment."""
        env = {name: os.environ[name] for name in INHERITED if name in os.environ}
        for v in self.env_vars:
            value = v.value if v.value_from is None else os.environ.get(v.name)
            if value is not None:
                env[v.name] = value
        return env | {"TMPDIR": scratch}

    def on_kill(self) -> None:
        """Marked failed, or timed out: the program gets SIGTERM, as it would from the kubelet."""
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(self.termination_grace_period)
            except subprocess.TimeoutExpired:
                self.process.kill()
