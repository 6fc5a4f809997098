"""Whether a delivery is missing, asked by Airflow's worker instead of a pod: one object in a bucket, or one https address."""

from __future__ import annotations

import json
import logging
import urllib.error
import urllib.parse
import urllib.request

log = logging.getLogger(__name__)

SECONDS = 20
NOT_THERE = (404, 410)  # a server that does not have it yet; what it says besides is for ingest to judge


def missing(source: str, emulator: str = "") -> bool:
    """Whether it is certain that nothing is there. Every doubt is False: the pod has the credentials, and reads the answer.

    source is ingest's --source. emulator is the host of a storage server without credentials, as STORAGE_EMULATOR_HOST.
    """
    if any(sign in source.strip() for sign in "\n{*?"):  # several, or a date that only ingest fills in
        return False
    try:
        match urllib.parse.urlsplit(source.strip()):
            case urllib.parse.SplitResult(scheme="https"):
                return _address(source.strip())
            case urllib.parse.SplitResult(scheme="gs", netloc=bucket, path=path):
                return _object(bucket, path.removeprefix("/"), emulator)
    except Exception as e:  # a look must not cost a run
        log.info("cannot look for %s without a pod: %s", source, e)
    return False


def _address(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=SECONDS):
            return False
    except urllib.error.HTTPError as e:
        return e.code in NOT_THERE


def _object(bucket: str, name: str, emulator: str) -> bool:
    """Lists the one name: a bucket that is missing is then an error, and not a delivery that is late."""
    query = urllib.parse.urlencode({"prefix": name, "maxResults": 1, "fields": "items(name)"})
    with urllib.request.urlopen(authorized(f"storage/v1/b/{bucket}/o?{query}", emulator), timeout=SECONDS) as answer:
        found = json.load(answer).get("items") or []
    return all(item["name"] != name for item in found)  # the name itself sorts before those that it begins


def authorized(path: str, emulator: str) -> urllib.request.Request:
    """A request to Cloud Storage's JSON API as Airflow's account, for reading."""
    host = "http://" + emulator.removeprefix("http://") if emulator else "https://storage.googleapis.com"
    request = urllib.request.Request(f"{host}/{path}")
    if not emulator:
        import google.auth  # Composer and the Google provider have it
        from google.auth.transport.requests import Request

        credentials, _ = google.auth.default(scopes=["https://www.googleapis.com/auth/devstorage.read_only"])
        credentials.refresh(Request())
        request.add_header("Authorization", f"Bearer {credentials.token}")
    return request
