"""A standalone Spark on this machine: a master and two workers, each of one core, on ports that the kernel chooses."""

import os
import pathlib
import re
import signal
import subprocess
import sys
import time

import pyspark

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
JOB = REPOSITORY / "engine/spark/job.py"
SPARK = pathlib.Path(pyspark.__file__).parent
ENVIRON = {
    **os.environ,
    "SPARK_HOME": str(SPARK),
    "SPARK_LOCAL_IP": "127.0.0.1",
    "SPARK_DAEMON_MEMORY": "256m",
    "PYSPARK_PYTHON": sys.executable,
}


class Cluster:
    def __init__(self, folder, memory="700m"):
        self.folder, self.memory, self.daemons = folder, memory, []
        self.master = self.daemon("master", "--webui-port=0", says=r"Starting Spark master at (spark://\S+)")
        self.workers = {}  # by the folder that they work in
        self.worker()
        self.worker()

    def worker(self):
        name = f"work{len(self.daemons)}"
        flags = ["--webui-port=0", "--cores=1", f"--memory={self.memory}", f"--work-dir={self.folder}/{name}", self.master]
        self.daemon("worker", *flags, says="Successfully registered with master")
        self.workers[name] = self.daemons[-1]

    def daemon(self, kind, *flags, says):
        log = self.folder / f"{kind}{len(self.daemons)}.log"
        flags = [re.sub("^(--[a-z-]+)=", r"\1 ", f).split(" ") for f in flags]
        command = [
            SPARK / "bin/spark-class",
            f"org.apache.spark.deploy.{kind}.{kind.title()}",
            "--host",
            "127.0.0.1",
            "--port",
            "0",
        ]
        with open(log, "w") as out:
            command += [word for f in flags for word in f]
            self.daemons.append(subprocess.Popen(command, stdout=out, stderr=out, env=ENVIRON, start_new_session=True))
        for _ in range(1200):
            if found := re.search(says, log.read_text()):
                return found.group(found.lastindex or 0)
            assert self.daemons[-1].poll() is None, log.read_text()
            time.sleep(0.1)
        raise TimeoutError(log.read_text())

    def kill(self, daemon):
        """With all that it has started: a machine that is gone."""
        os.killpg(daemon.pid, signal.SIGKILL)
        daemon.wait()

    def close(self):
        for daemon in self.daemons:
            if daemon.poll() is None:
                self.kill(daemon)

    def submit(self, program, flags, log):
        """Begins the job."""
        conf = {
            "spark.ui.enabled": "false",
            "spark.executor.memory": self.memory,
            "spark.driver.memory": "512m",
            "spark.driver.host": "127.0.0.1",
            "spark.local.dir": f"{self.folder}/local",
        }
        command = [SPARK / "bin/spark-submit", "--master", self.master, *(f"--conf={k}={v}" for k, v in conf.items()), JOB]
        with open(log, "w") as out:
            return subprocess.Popen(
                [*command, f"--program={program}", *flags], stdout=out, stderr=out, env=ENVIRON, start_new_session=True
            )
