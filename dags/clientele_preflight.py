"""
### Is everything granted that a run needs?

By hand: before the first run, and after a change of rights, secrets, images or settings. It changes nothing.

| task | asks | if it fails |
| --- | --- | --- |
| `begin` | the settings, and which images this run has | its line names the setting |
| `pod`, one for each account that steps have | may Airflow make pods and read them; is there room in the namespace for the largest step; are the images of the program and of the sidecar there, the account, the secrets; then, as that account: every bucket, the source, the dataset; with `CLIENTELE_ERASE_BY_DAG` also whether `clientele_erase` may delete | its ERROR line names what to grant, all at once |
| `batches`, with `CLIENTELE_ENGINE=spark` | may Airflow make, read, cancel and delete batches, act as their account, and read their bucket | its ERROR line names the roles to grant, all at once |
| `slot` | takes a slot of the pool, as the steps that move pointers do | it stays *scheduled* |
| `pool` | waits for `slot` | the pool is missing or taken: its line has the command that makes it |

A task that fails can be cleared once the right is there. docs/deploy.md lists all rights.
"""

# Airflow reads only files that have the words "airflow" and "dag" in them; everything of its own comes by compat.
from clientele import params, preflight, steps
from clientele.begin import begin
from clientele.compat import DAG
from clientele.config import Deployment


def build(d: Deployment) -> DAG:
    """The DAG of a deployment."""
    with DAG(
        dag_id=d.dag_id("clientele_preflight"),
        description="Asks for every right, secret, image and pool that a run needs, and says what to grant",
        doc_md=__doc__,
        schedule=None,
        params=params.run(),
        tags=steps.tags(d, "preflight"),
        **steps.dag_args(d),
    ) as dag:
        begin(d) >> [*preflight.pods(d), *preflight.batches(d), preflight.slot(d), preflight.pool(d)]
    return dag


for d in Deployment.every():
    dag = globals()[d.dag_id("clientele_preflight")] = build(d)
