"""The step preprocess on Spark: Spark moves the lines between machines, the program works on them.

spark-submit job.py [--program=FILE] [flags of preprocess…]

Every phase gets the flags; docs/engine.md describes the phases. The exit code and the termination message are those of the phase
that failed. A program that fails for good ends the job at its first try; one that was killed, or that fails for now, is tried
again by Spark, which is harmless: all that a phase stores is named by its content. A cluster that is lost is exit code 75.
The last line of standard output is clientele-end and, as JSON, the exit code, the termination message and the step's result.
"""

import argparse
import itertools
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading

from py4j.protocol import Py4JError
from pyspark import SparkConf, SparkContext
from pyspark.errors import PySparkException

FOR_GOOD = {os.EX_USAGE, os.EX_DATAERR, os.EX_NOINPUT, os.EX_SOFTWARE, os.EX_CONFIG}
FAILED = b"failed\t"  # begins a line that stands for the whole phase: its exit code and message as JSON


def failed(code, why):
    return FAILED + json.dumps([code, why]).encode()


def call(command, lines):
    """Yields the lines that a program writes for lines. The program sees the end of its input only if there was one."""
    broken = []

    def feed():
        try:
            for line in lines:
                if line.startswith(FAILED):
                    raise ValueError(line)
                program.stdin.write(line + b"\n")
            program.stdin.close()
        except BrokenPipeError:
            pass  # it has ended, and its exit code says why
        except BaseException as e:  # of Spark: what it has read is not all
            broken.append(e)
            program.kill()

    with tempfile.NamedTemporaryFile() as message:
        command = [*command, "--log=json", f"--termination-log={message.name}"]
        try:
            program = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        except OSError as e:
            yield failed(os.EX_CONFIG, f"start {command[0]}: {e}")
            return
        feeder = threading.Thread(target=feed, daemon=True)
        try:
            feeder.start()
            for line in program.stdout:
                yield line.rstrip(b"\n")
            code = program.wait()
            feeder.join()
        finally:
            program.kill()
            program.wait()
        why = message.read().decode()
    if broken and isinstance(broken[0], ValueError):
        yield broken[0].args[0]
    elif broken:
        raise broken[0]
    elif code in FOR_GOOD:
        yield failed(code, why)
    elif code:
        raise RuntimeError(f"{' '.join(command[:2])}: exit code {code}: {why}")


def keyed(line):
    """The partition of a frame. A failure goes to the first one."""
    return (0 if line.startswith(FAILED) else int(line.split(b"\t", 1)[0])), line


def receipts(sc, phase, plan):
    """The receipts of all partitions, or failures."""
    scatter, partition = phase("scatter", plan["plan"]), phase("partition", plan["plan"])
    objects = [name.encode() for name in plan["objects"]]
    return (
        sc
        .parallelize(objects, min(len(objects), plan["partitions"]))
        .mapPartitions(lambda names: call(scatter, names))
        .map(keyed)
        .partitionBy(plan["partitions"], int)
        .mapPartitionsWithIndex(lambda i, frames: call(partition, itertools.chain([b"%d\t" % i], (f for _, f in frames))))
        .collect()
    )


def run(program, flags, message, result):
    """Runs all phases, and returns the exit code. The files get the termination message and the step's result."""

    def phase(name, plan=None):
        return [program, name, *flags, *([f"--plan={plan}"] if plan else [])]

    def here(command, lines=None):
        """A phase on the driver: its exit code, as a shell has it where it was killed, and what it has printed."""
        done = subprocess.run([*command, f"--termination-log={message}"], input=lines, stdout=subprocess.PIPE)
        return (done.returncode if done.returncode >= 0 else 128 - done.returncode), done.stdout

    code, planned = here(phase("plan"))
    if code:
        return code
    plan = json.loads(planned)
    if plan["done"]:  # the step itself says what it had done
        return here([program, *flags, f"--result={result}"])[0]
    try:
        lines = receipts(SparkContext(conf=SparkConf().setAppName("preprocess")), phase, plan)
    except (Py4JError, PySparkException, OSError, EOFError) as e:
        why = {"step": "preprocess", "code": os.EX_TEMPFAIL, "cause": "spark", "message": f"Spark: {e}"[:2000], "retry": True}
        message.write_text(json.dumps(why))
        return os.EX_TEMPFAIL
    failures = sorted(json.loads(line.removeprefix(FAILED)) for line in lines if line.startswith(FAILED))
    if failures:
        message.write_text(failures[0][1])
        return failures[0][0]
    return here([*phase("commit", plan["plan"]), f"--result={result}"], b"\n".join(lines))[0]


def main():
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--program", default="preprocess")
    parser.add_argument("--result", type=pathlib.Path)
    parser.add_argument("--termination-log", type=pathlib.Path, default="/dev/termination-log")
    own, flags = parser.parse_known_args()
    with tempfile.TemporaryDirectory() as folder:
        message, result = pathlib.Path(folder, "message"), pathlib.Path(folder, "result")
        message.touch()
        code = run(own.program, flags, message, result)
        why, made = message.read_text(), result.read_text() if result.exists() else "null"
    if own.termination_log.exists():
        own.termination_log.write_text(why)
    if own.result and made != "null":
        own.result.write_text(made)
    print("clientele-end", json.dumps({"code": code, "message": why, "result": json.loads(made)}), flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
