"""A step as a batch of Google's serverless Spark, where engine/spark/job.py calls the program's phases. Needs Google's provider.

The job's last line on standard output is its end: exit code, termination message, result. It is read from the driver's output.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from airflow.providers.google.cloud.hooks.gcs import GCSHook
from airflow.providers.google.cloud.operators.dataproc import DataprocCreateBatchOperator
from airflow.providers.google.cloud.triggers.dataproc import DataprocBatchTrigger
from google.api_core.exceptions import AlreadyExists, GoogleAPICallError, NotFound
from google.cloud.dataproc_v1 import Batch

from clientele.compat import AirflowException, AirflowTaskTerminated, AirflowTaskTimeout
from clientele.config import Deployment
from clientele.lineage import facets
from clientele.outcome import Ended
from clientele.pods import Judged, log, memory_bytes, say_what_it_did
from clientele.trouble import NO_RESULT, Trouble, explain_batch

JOB = "file:///opt/clientele/job.py"  # in the image: docs/engine.md
END = "clientele-end "  # begins the job's last line
SHOWN = 200  # lines of the driver's output, from its end

State = Batch.State
OVER = (State.SUCCEEDED, State.FAILED, State.CANCELLED)


def batch_operator(
    d: Deployment, program: str, *, arguments: Sequence[str], minutes: int, memory: str, **kwargs: Any
) -> BatchStepOperator:
    """Makes the operator of a program whose phases Spark calls. minutes bound one try."""
    share = memory_bytes(memory)  # of the driver and of each executor, beside the JVM
    overhead = f"{share >> 20}m"
    env = {**d.pod_env, "TRACEPARENT": "{{ traceparent(ti) }}"}
    properties = {
        **{f"spark.{where}.memoryOverhead": overhead for where in ("driver", "executor")},
        "spark.dataproc.driverEnv.CLIENTELE_MEMORY": str(share * 9 // 10),  # else it would take the JVM's for its own
        **{f"spark.dataproc.driverEnv.{name}": value for name, value in sorted(env.items())},
        **{f"spark.executorEnv.{name}": value for name, value in sorted(env.items())},
        **d.spark_properties,
    }
    execution = {
        "service_account": d.spark_account,
        "staging_bucket": d.spark_bucket,
        "ttl": {"seconds": minutes * 60 + 120},  # for a batch that Airflow has lost
    }
    own = {"shop": d.shop} if d.shop else {}
    return BatchStepOperator(
        step=program,
        memory=memory,
        project_id=d.spark_project,
        region=d.spark_region,
        batch={
            "pyspark_batch": {
                "main_python_file_uri": JOB,
                "args": ["--program=/usr/local/bin/" + program, *(a for a in arguments if not a.startswith("--result="))],
            },
            "runtime_config": {
                "version": d.spark_runtime,
                "container_image": "{{ image(ti, 'spark') }}",
                "properties": properties,
            },
            "environment_config": {
                "execution_config": execution | ({"subnetwork_uri": d.spark_subnet} if d.spark_subnet else {}),
            },
            "labels": {"part-of": "clientele", "step": program, **own, **{k: v.lower() for k, v in d.labels.items()}},
        },
        deferrable=d.spark_defer == "true",
        polling_interval_seconds=10,
        execution_timeout=timedelta(minutes=minutes),
        post_execute=say_what_it_did,
        **kwargs,
    )


@dataclass(frozen=True)
class Output:
    """What the driver has written: the job's last line, if it got there, and the end of the rest."""

    end: dict[str, Any] | None
    lines: list[str]

    @classmethod
    def of(cls, text: str) -> Output:
        lines = text.splitlines()
        ends = [line.removeprefix(END) for line in lines if line.startswith(END)]
        try:
            end = json.loads(ends[-1]) if ends else None
        except ValueError:  # cut off
            end = None
        return cls(end if isinstance(end, dict) else None, [line for line in lines if not line.startswith(END)])


class BatchStepOperator(Judged, DataprocCreateBatchOperator):
    """A batch that is a step: one at a time, how its end is read, cancelled with its task.

    The provider's operator takes a batch that has failed for the end of every later try, and asks for no result.
    """

    def __init__(self, *, step: str, memory: str, **kwargs: Any):
        super().__init__(**kwargs)
        self.step = step
        self.memory = memory
        self.running = ""  # the name of the batch's operation
        self.killed = False

    def execute(self, context: Any) -> dict[str, Any]:
        """Runs the batch and returns the step's result."""
        self.batch_id = self.name(context)
        raised, batch = None, None
        try:
            batch = self._start()
            if self.deferrable and batch.state not in OVER:
                self._defer()
            while batch.state not in OVER:
                time.sleep(self.polling_interval_seconds)
                batch = self._get()
        except (Exception, AirflowTaskTimeout, AirflowTaskTerminated) as e:
            raised = e
        return self._judge(context, batch, raised)

    def execute_complete(self, context: Any, event: Any = None) -> dict[str, Any]:
        """Goes on after the trigger has seen the batch end."""
        self.batch_id = event["batch_id"]
        raised, batch = None, None
        try:
            batch = self._get()
        except Exception as e:
            raised = e
        return self._judge(context, batch, raised)

    def name(self, context: Any) -> str:
        """The batch's id: the same at every try that would do the same, by the run, the flags, the image and the inputs."""
        ti = context["ti"]
        before = [ti.xcom_pull(task_ids=task) for task in sorted(self.upstream_task_ids)]
        what = [
            ti.dag_id,
            ti.run_id,
            ti.task_id,
            self.batch["pyspark_batch"]["args"],
            self.batch["runtime_config"]["container_image"],
        ]
        digest = hashlib.sha256(json.dumps([*what, before], sort_keys=True).encode()).hexdigest()
        return f"clientele-{self.step}-{digest[:20]}"

    def _where(self) -> dict[str, Any]:
        return {"project_id": self.project_id, "region": self.region}

    def _get(self) -> Batch:
        return self.hook.get_batch(batch_id=self.batch_id, **self._where())

    def _start(self) -> Batch:
        """The batch that an earlier try has left running, or a new one. One that is over goes first: its id is wanted."""
        batch = None
        try:
            batch = self._get()
            while batch.state == State.CANCELLING:
                time.sleep(self.polling_interval_seconds)
                batch = self._get()
            if batch.state in OVER:
                log.info("deleting batch %s of an earlier try: %s", self.batch_id, State(batch.state).name)
                self.hook.delete_batch(batch_id=self.batch_id, **self._where())
                batch = None
        except NotFound:
            pass
        if batch is None:
            try:
                self.hook.create_batch(batch=self.batch, batch_id=self.batch_id, **self._where())
                log.info("batch %s, project %s, region %s", self.batch_id, self.project_id, self.region)
            except AlreadyExists:
                log.info("batch %s is there already", self.batch_id)
            batch = self._get()
        else:
            log.info("going on with batch %s, which an earlier try has started", self.batch_id)
        self.running = batch.operation
        if self.killed:  # when on_kill knew no batch yet
            self._cancel()
            raise AirflowException("killed before there was a batch")
        return batch

    def _defer(self) -> None:
        """Gives the worker back. Nobody cancels the batch of a task that is then killed: its ttl ends it."""
        self.defer(
            trigger=DataprocBatchTrigger(
                batch_id=self.batch_id,
                gcp_conn_id=self.gcp_conn_id,
                impersonation_chain=self.impersonation_chain,
                polling_interval_seconds=self.polling_interval_seconds,
                **self._where(),
            ),
            method_name="execute_complete",
            timeout=self.execution_timeout,
        )

    def on_kill(self) -> None:
        """SIGTERM: a person marked or cleared the task, or the worker shuts down."""
        self.killed = True
        self._cancel()

    def _cancel(self) -> None:
        """Cancels the batch. If that fails, the next try goes on with it, or its ttl ends it."""
        if not self.running:
            return
        try:
            self.hook.get_batch_client(self.region).transport.operations_client.cancel_operation(self.running)
        except Exception as e:
            log.warning("%s: cannot cancel batch %s: %s", self.step, self.batch_id, explain_batch(e).text)

    def _judge(self, context: Any, batch: Batch | None, raised: BaseException | None) -> dict[str, Any]:
        """Returns the result, or raises what the end means."""
        if isinstance(raised, AirflowTaskTimeout):
            self._cancel()
            self.conclude(
                Trouble(f"(TimedOut) not done within {self.execution_timeout}, and stopped.", passes=True), context, raised
            )
        if self.killed or isinstance(raised, AirflowTaskTerminated):
            self._cancel()
            text = "killed by Airflow (SIGTERM): the task was marked or cleared, or its worker shut down."
            self.conclude(Trouble(text, passes=True), context, raised)
        if raised is not None:
            cause = None if isinstance(raised, GoogleAPICallError) else raised
            self.conclude(explain_batch(raised), context, cause)
        output = self._output(batch)
        for line in output.lines[-SHOWN:]:
            log.info("[%s] %s", self.step, line)
        end = output.end
        if end and end["code"]:
            self.conclude(Ended(end["code"], message=end["message"]), context)
        if batch.state != State.SUCCEEDED:
            why = f"batch {self.batch_id} is {State(batch.state).name}: {batch.state_message or 'Google does not say why'}"
            self.conclude(
                Trouble(f"{' '.join(why.split())} Its output is {batch.runtime_info.output_uri or 'nowhere'}.", passes=True),
                context,
            )
        if not end or not isinstance(end["result"], dict):
            self.conclude(NO_RESULT, context)
        return end["result"]

    def _output(self, batch: Batch) -> Output:
        """What the driver wrote; nothing where it cannot be read, which is then what the log says."""
        bucket, _, prefix = batch.runtime_info.output_uri.removeprefix("gs://").partition("/")
        if not prefix:
            return Output(None, [])
        try:
            storage = GCSHook(gcp_conn_id=self.gcp_conn_id, impersonation_chain=self.impersonation_chain)
            parts = sorted(storage.list(bucket, prefix=prefix))
            return Output.of("".join(storage.download(bucket, part).decode(errors="replace") for part in parts))
        except Exception as e:
            log.warning(
                "%s: cannot read the driver's output %s: %s", self.step, batch.runtime_info.output_uri, explain_batch(e).text
            )
            return Output(None, [])

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> Any:
        """What the step read and wrote, from its manifest."""
        return facets(self.step, self.batch["pyspark_batch"]["args"], os.environ.get("STORAGE_EMULATOR_HOST", ""))
