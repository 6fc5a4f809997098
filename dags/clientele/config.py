"""Where a deployment runs and keeps its things, from the environment of Airflow: read at parse, no Variable, no database."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from clientele.alerts import resolve
from clientele.contract import CONTRACT

PLACES = ("composer", "gke", "kubeconfig", "local")
ENGINES = ("pod", "spark")

# What a program gets, as requests and as limits: Composer 3 requires them to be equal, and a step with a request below its use
# is the first to be evicted. GOMEMLIMIT is computed from memory. CLIENTELE_RESOURCES changes single figures.
RESOURCES: dict[str, dict[str, str]] = {
    **{s["name"]: {k: v for k, v in s["pod"].items() if k != "minutes"} for s in CONTRACT["steps"]},
    "registry": {"cpu": "500m", "memory": "1Gi", "ephemeral-storage": "1Gi"},
}

# What the pods have of their own.
OWN_ENV = (
    "GOMEMLIMIT",
    "TMPDIR",
    "TRACEPARENT",
    "CLIENTELE_CUSTOMER_KEY",
    "SOURCE_HEADER",
    "CLIENTELE_LABELS",
    "CLIENTELE_SOURCE_HEADER_ENV",
    "CLIENTELE_SOURCE_HEADER_HOST",
)

# The sidecar's image: a shell with pgrep. The digest is that of the index for all platforms.
XCOM_IMAGE = "alpine:3.22.5@sha256:14358309a308569c32bdc37e2e0e9694be33a9d99e68afb0f5ff33cc1f695dce"

# An image that never moves: by its digest, or by a tag that is not the one that always moves.
PINNED = r"\S+@sha256:[0-9a-f]{64}|[^@\s]+:(?!latest$)[\w][\w.-]{0,127}"

# What a figure of it looks like. Memory is a whole number, for GOMEMLIMIT is made of it.
QUANTITIES = {"cpu": r"\d+m|\d+(\.\d+)?", "memory": r"\d+([KMGT]i?)?", "ephemeral-storage": r"\d+([KMGT]i?)?"}


# What the engine spark needs, how it looks, and what to set.
SPARK = (
    ("spark_project", r"[a-z][a-z0-9-]{4,28}[a-z0-9]", "want the id of the project of the batches"),
    ("spark_region", r"[a-z]+-[a-z]+\d+", "want a region such as europe-west2"),
    ("spark_subnet", r"(projects/[^/\s]+/regions/[^/\s]+/subnetworks/)?[a-z][a-z0-9-]{0,62}|", "want a subnet of that region"),
    ("spark_account", r"[^@\s]+@[^@\s]+\.gserviceaccount\.com", "want the service account of the batches"),
    ("spark_image", PINNED, "want the image with Spark's needs and preprocess, by a digest or a tag that never moves"),
    ("spark_bucket", r"[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]", "want the bucket for the batches' own files, without gs://"),
    ("spark_runtime", r"\d+\.\d+", "want a version of Google's runtime such as 3.0"),
    ("spark_defer", "true|false", "want true or false"),
)


# Who may be named: what is here.
WEBHOOKS = {"message": "clientele.message.webhook"} | dict.fromkeys(("on_failure", "on_retry"), "clientele.alerts.webhook")


class ConfigurationError(ValueError):
    """The environment is wrong. Airflow shows it as the DAG's import error, every problem on a line."""


@dataclass(frozen=True)
class Deployment:
    """One deployment; docs/airflow.md lists the variables."""

    place: str
    root: str
    shop: str = ""  # of CLIENTELE_SHOPS; "" for the only one
    registry: str = ""
    name: str = "segments"
    zone: str = "Europe/London"
    currency: str = ""
    source: str = ""
    image_prefix: str = ""
    image_tag: str = ""
    digests: Mapping[str, str] = field(default_factory=dict)
    xcom_image: str = XCOM_IMAGE
    namespace: str = "default"
    kubeconfig: str = ""
    service_account: str = ""
    erase_by_dag: str = ""  # true where the account of clientele_erase may delete
    gke_project: str = ""
    gke_location: str = ""
    gke_cluster: str = ""
    customer_key_secret: str = ""
    source_header_secret: str = ""
    source_header_host: str = ""
    warehouse: str = ""
    warehouse_location: str = ""
    pool: str = "clientele_pointers"
    pod_env: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    resources: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    on_failure: str = ""
    on_retry: str = ""
    message: str = ""
    message_shape: str = "json"
    message_connection: str = "clientele_message"
    deadline_hours: float = 0
    owner: str = "clientele"
    owner_link: str = "https://github.com/clientele/clientele"
    start_date: str = "2026-01-01"
    retry_seconds: int = 60
    look_seconds: int = 600
    bin: str = "bin"
    engine: str = "pod"
    spark_project: str = ""
    spark_region: str = ""
    spark_subnet: str = ""
    spark_account: str = ""
    spark_image: str = ""
    spark_bucket: str = ""
    spark_runtime: str = "3.0"
    spark_properties: Mapping[str, str] = field(default_factory=dict)
    spark_defer: str = "false"

    @classmethod
    def every(cls, env: Mapping[str, str] | None = None) -> list[Deployment]:
        """The deployment of the environment, or one for each shop of CLIENTELE_SHOPS: the environment with the shop's changes."""
        env = dict(os.environ if env is None else env)
        problems: list[str] = []
        shops = _json_object(env, "CLIENTELE_SHOPS", problems)
        env.pop("CLIENTELE_SHOPS", None)
        found: list[Deployment] = []
        for shop, changes in shops.items():
            if not re.fullmatch(r"[a-z0-9]{1,20}", shop) or not _is_texts(changes):
                want = 'want {"uk": {"CLIENTELE_ROOT": "gs://…"}, …}, shops of 1 to 20 of a-z and 0-9, values as texts'
                problems.append(f"CLIENTELE_SHOPS: {want} (got {shop!r}: {changes!r})")
                continue
            unknown = sorted(set(changes) - SETTINGS)
            if unknown:
                problems.append(f"CLIENTELE_SHOPS: {shop} sets what no DAG reads (got {', '.join(unknown)})")
            pool = env.get("CLIENTELE_POOL", cls.pool)
            try:
                found.append(replace(cls.from_env(env | {"CLIENTELE_POOL": f"{pool}_{shop}"} | changes), shop=shop))
            except ConfigurationError as e:
                problems += [f"{shop}: {line}" for line in str(e).splitlines()]
        problems += [f"CLIENTELE_SHOPS: {p}" for p in _shared(found)]
        if problems:
            raise ConfigurationError("\n".join(problems))
        return found or [cls.from_env(env)]

    def dag_id(self, name: str) -> str:
        """The DAG's id: a shop of several has it at the end."""
        return f"{name}_{self.shop}" if self.shop else name

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> Deployment:
        """Reads and checks everything, so that one look at the import error is enough."""
        env = os.environ if env is None else env
        problems: list[str] = []
        place = env.get("CLIENTELE_PLACE", "composer")
        defaults = {
            "composer": {"namespace": "composer-user-workloads", "kubeconfig": "/home/airflow/composer_kube_config"},
            "gke": {"service_account": "clientele-{step}"},
        }.get(place, {})
        values: dict[str, Any] = {"place": place, "root": "", "digests": _digests(env, problems)}
        for name in _TEXTS:
            if text := env.get("CLIENTELE_" + name.upper(), "").strip() or defaults.get(name, ""):
                values[name] = text
        for name in _OBJECTS:
            values[name] = _json_object(env, "CLIENTELE_" + name.upper(), problems)
        for name in ("retry_seconds", "look_seconds"):
            variable, default = "CLIENTELE_" + name.upper(), str(getattr(cls, name))
            if (seconds := env.get(variable, default)).isdecimal():
                values[name] = int(seconds)
            else:
                problems.append(f"{variable}: want a whole number (got {seconds!r})")
        hours = env.get("CLIENTELE_DEADLINE_HOURS", "").strip() or "0"
        values["deadline_hours"] = float(hours) if re.fullmatch(r"\d{1,4}(\.\d+)?", hours) else 0
        if not re.fullmatch(r"\d{1,4}(\.\d+)?", hours):
            problems.append(f"CLIENTELE_DEADLINE_HOURS: want hours such as 4, or 0 for no deadline (got {hours!r})")
        deployment = cls(**values)
        problems += deployment.problems()
        if problems:
            raise ConfigurationError("\n".join(problems))
        return deployment

    def problems(self) -> list[str]:
        """Everything that is wrong, each as `VARIABLE: problem (got X)`."""
        wrong: list[str] = []

        def want(good: object, variable: str, problem: str, got: object) -> None:
            if not good:
                wrong.append(f"{variable}: {problem} (got {got!r})")

        local = self.place == "local"  # programs beside Airflow share its disk; pods do not
        url, where = (r"(gs://|file:///).", "gs://bucket/prefix or file:///path") if local else (r"gs://.", "gs://bucket/prefix")
        want(self.place in PLACES, "CLIENTELE_PLACE", "want one of " + ", ".join(PLACES), self.place)
        want(re.match(url, self.root), "CLIENTELE_ROOT", "want " + where, self.root)
        want(not self.registry or re.match(url, self.registry), "CLIENTELE_REGISTRY", "want " + where, self.registry)
        named = re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,62}", self.name)
        want(named, "CLIENTELE_NAME", "want 1 to 63 of a-z, 0-9, _ and -", self.name)
        dataset = re.fullmatch(r"([a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]\.\w{1,1000}", self.warehouse, re.ASCII)
        want(dataset or not self.warehouse, "CLIENTELE_WAREHOUSE", "want project.dataset", self.warehouse)
        if not local:
            self._want_images(want)
        if self.place == "gke":
            for name in ("gke_project", "gke_location", "gke_cluster"):
                want(getattr(self, name), "CLIENTELE_" + name.upper(), "needs a value", getattr(self, name))
        try:
            ZoneInfo(self.zone)
        except (KeyError, ValueError, OSError):
            want(False, "CLIENTELE_ZONE", "want an IANA time zone such as Europe/London", self.zone)
        code = re.fullmatch(r"[A-Z]{3}|auto|", self.currency)
        want(code, "CLIENTELE_CURRENCY", "want an ISO 4217 code such as GBP, or auto", self.currency)
        self._want_dags(want)
        self._want_pods(want)
        self._want_engine(want)
        self._want_alerts(want)
        return wrong

    def _want_dags(self, want: Callable[[object, str, str, object], None]) -> None:
        """What the DAGs' list shows, and since when they run."""
        want(re.fullmatch(r"[\w .@-]{1,60}", self.owner), "CLIENTELE_OWNER", "want a team's name", self.owner)
        linked = re.fullmatch(r"(https?://|mailto:)\S+", self.owner_link)
        want(linked, "CLIENTELE_OWNER_LINK", "want https://… or mailto:…", self.owner_link)
        try:
            good = date.fromisoformat(self.start_date).isoformat() == self.start_date
        except ValueError:
            good = False
        want(good, "CLIENTELE_START_DATE", "want a day such as 2026-01-01", self.start_date)

    def _want_alerts(self, want: Callable[[object, str, str, object], None]) -> None:
        """Callables that can be imported, and one for the deadline."""
        shapes = ("json", "plain", "slack", "teams")
        want(self.message_shape in shapes, "CLIENTELE_MESSAGE_SHAPE", "want one of " + ", ".join(shapes), self.message_shape)
        for name in ("on_failure", "on_retry", "message"):
            if path := getattr(self, name):
                if path == WEBHOOKS["message"]:
                    continue  # it imports this file
                try:
                    resolve(path)
                except ValueError as e:
                    want(False, "CLIENTELE_" + name.upper(), f"want a callable such as {WEBHOOKS[name]}: {e}", path)
        notified = self.on_failure or not self.deadline_hours
        want(notified, "CLIENTELE_DEADLINE_HOURS", "needs CLIENTELE_ON_FAILURE, which is called", self.deadline_hours)

    def _want_images(self, want: Callable[[object, str, str, object], None]) -> None:
        """Every program's image is named so that it never moves: by a digest, or all of them by the tag."""
        want(self.image_prefix, "CLIENTELE_IMAGE_PREFIX", "want the part before /ingest", self.image_prefix)
        without = ", ".join(sorted(RESOURCES.keys() - self.digests.keys()))
        want(
            re.fullmatch(PINNED, self.xcom_image),
            "CLIENTELE_XCOM_IMAGE",
            "want a digest, or a tag that never moves",
            self.xcom_image,
        )
        problem = f"want a tag that never moves: images.json has no digest of {without}"
        want(not without or self.image_tag not in ("", "latest"), "CLIENTELE_IMAGE_TAG", problem, self.image_tag)

    def header_hosts(self) -> str:
        """The hosts that the source's credentials are for: of the setting, else those that CLIENTELE_SOURCE names."""
        named = re.findall(r"(?mi)^\s*https?://([^/?#\s]+)", self.source)
        return self.source_header_host or ",".join(dict.fromkeys(named))

    def _want_pods(self, want: Callable[[object, str, str, object], None]) -> None:
        """What goes into every pod."""
        try:
            self.service_account.format(step="ingest")
        except (KeyError, ValueError, IndexError):
            want(False, "CLIENTELE_SERVICE_ACCOUNT", "the only placeholder is {step}", self.service_account)
        want(self.erase_by_dag in ("", "true", "false"), "CLIENTELE_ERASE_BY_DAG", "want true or false", self.erase_by_dag)
        # Without a host ingest would send them to whichever host the Param source names.
        hosts = self.header_hosts()
        problem = "want the host that CLIENTELE_SOURCE_HEADER_SECRET is for, such as shop.example"
        good = re.fullmatch(r"[^\s,/@{}]+(,[^\s,/@{}]+)*", hosts) or not self.source_header_secret
        want(good, "CLIENTELE_SOURCE_HEADER_HOST", problem, hosts)
        for variable, value in self.pod_env.items():
            want(isinstance(value, str), "CLIENTELE_POD_ENV", "want texts", {variable: value})
            want(variable not in OWN_ENV, "CLIENTELE_POD_ENV", "the pods set it themselves", variable)
        for label, value in self.labels.items():
            good = re.fullmatch(r"[a-z][a-z0-9-]{0,62}", label) and label != "step" and isinstance(value, str)
            good = good and re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?", value)
            want(good, "CLIENTELE_LABELS", 'want {"env": "dev", "cost-center": "42"}, without step', {label: value})
        for program, figures in self.resources.items():
            want(program in RESOURCES, "CLIENTELE_RESOURCES", "want one of " + ", ".join(RESOURCES), program)
            for what, figure in figures.items() if isinstance(figures, dict) else [("", figures)]:
                good = isinstance(figure, str) and re.fullmatch(QUANTITIES.get(what, "(?!)"), figure)
                problem = 'want {"cpu": "1", "memory": "2Gi", "ephemeral-storage": "1Gi"} or a part of it'
                want(good, "CLIENTELE_RESOURCES", problem, {program: figures})

    def _want_engine(self, want: Callable[[object, str, str, object], None]) -> None:
        """Where Spark runs, if it does."""
        want(self.engine in ENGINES, "CLIENTELE_ENGINE", "want one of " + ", ".join(ENGINES), self.engine)
        if self.engine != "spark":
            return
        want(self.place != "local", "CLIENTELE_ENGINE", "spark needs Google Cloud, and place local has none", self.engine)
        google = find_spec("airflow") is None or find_spec("airflow.providers.google")  # Terraform's tests have no Airflow
        want(google, "CLIENTELE_ENGINE", "spark needs apache-airflow-providers-google in Airflow", self.engine)
        for name, pattern, problem in SPARK:
            value = getattr(self, name)
            want(re.fullmatch(pattern, value), "CLIENTELE_" + name.upper(), problem, value)
        for key, value in self.spark_properties.items():
            good = re.fullmatch(r"spark\.\S+", key) and isinstance(value, str)
            want(good, "CLIENTELE_SPARK_PROPERTIES", 'want {"spark.executor.instances": "4"}, texts', {key: value})

    def image(self, program: str) -> str:
        """The program's image: by the digest that these DAGs were tested with, else by the tag."""
        if digest := self.digests.get(program):
            return f"{self.image_prefix}/{program}@{digest}"
        return f"{self.image_prefix}/{program}:{self.image_tag}"

    def resource(self, program: str) -> dict[str, str]:
        """What the program's container is given."""
        return {**RESOURCES[program], **self.resources.get(program, {})}


_TEXTS = (
    "root",
    "registry",
    "name",
    "zone",
    "currency",
    "source",
    "image_prefix",
    "image_tag",
    "xcom_image",
    "namespace",
    "kubeconfig",
    "service_account",
    "erase_by_dag",
    "gke_project",
    "gke_location",
    "gke_cluster",
    "customer_key_secret",
    "source_header_secret",
    "source_header_host",
    "warehouse",
    "warehouse_location",
    "pool",
    "owner",
    "owner_link",
    "start_date",
    "on_failure",
    "on_retry",
    "message",
    "message_shape",
    "message_connection",
    "bin",
    "engine",
    *(name for name, *_ in SPARK),
)
_OBJECTS = ("pod_env", "labels", "resources", "spark_properties")


# Every variable that a deployment is made of.
SETTINGS = frozenset(
    "CLIENTELE_" + name.upper()
    for name in (*_TEXTS, *_OBJECTS, "place", "images", "retry_seconds", "look_seconds", "deadline_hours")
)


def _is_texts(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(v, str) for v in value.values())


def _shared(shops: list[Deployment]) -> list[str]:
    """What two shops have in common and must not: a place to store, where they would overwrite each other, or a pool."""
    problems = []
    for what, of in (("CLIENTELE_ROOT", lambda d: d.root.rstrip("/")), ("CLIENTELE_POOL", lambda d: d.pool)):
        by: dict[str, list[str]] = {}
        for d in shops:
            by.setdefault(of(d), []).append(d.shop)
        problems += [
            f"{' and '.join(names)} have the same {what} (got {value!r})" for value, names in by.items() if len(names) > 1
        ]
    return problems


def _digests(env: Mapping[str, str], problems: list[str]) -> dict[str, str]:
    """images.json, which a release puts beside this file: program → sha256:…, and their version, which must be the DAGs'."""
    named = env.get("CLIENTELE_IMAGES", "").strip()
    path = Path(named) if named else files("clientele") / "images.json"  # all of it may be one zip
    if not path.is_file():
        if named:
            problems.append(f"CLIENTELE_IMAGES: there is no such file (got {named!r})")
        return {}
    digests = _json_object({str(path): path.read_text()}, str(path), problems)
    version = digests.pop("version", None)
    if digests and version != CONTRACT["version"]:
        problems.append(f"{path}: want the images of version {CONTRACT['version']}, that of these DAGs (got {version!r})")
    for program, digest in digests.items():
        if not re.fullmatch(r"sha256:[0-9a-f]{64}", str(digest)):
            problems.append(f"{path}: want sha256:… for {program} (got {digest!r})")
    return digests


def _json_object(env: Mapping[str, str], variable: str, problems: list[str]) -> dict[str, Any]:
    text = env.get(variable, "").strip() or "{}"
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        problems.append(f"{variable}: want a JSON object (got {text!r})")
        return {}
    return value
