"""Somebody hears of every failed or stale run, with or without Dagster's daemon, and of messages after an opt-out (opt_outs.py).

    failed step  ──►  hook on the job (same process)  ──►  log, webhook, e-mail
    died run     ──►  sensor (daemon)                 ──►  the same

Always the log. OMNIMART_ALERT_WEBHOOK (a URL) gets a POST with JSON {project, run_id, job, step, text, about, next_step}, where `about`
lists {vendor, asset, rows} and `next_step` ends in a heading of docs/operations.md. OMNIMART_ALERT_EMAIL (an address) gets a mail through
OMNIMART_SMTP (host[:port], default localhost), from OMNIMART_ALERT_FROM. Neither the URL, which often is a secret itself, nor any other
setting is put into an alert or a log.
"""

import json
import logging
import os
import smtplib
import urllib.request
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from email.message import EmailMessage
from types import MappingProxyType
from typing import Any

import dagster as dg

from ingestion.redaction import redact
from orchestration import next_steps, run_events, subjects
from orchestration.run_events import Fault
from orchestration.subjects import Subject

REPORTED = "omnimart/reported"
TIMEOUT_SECONDS = 10
LONGEST = 4000
_log = logging.getLogger("omnimart.alerts")


@dataclass(frozen=True)
class Alert:
    """One thing to look at. `about`: vendor, asset and row counts; `next_step`: what to do, with the heading of docs/operations.md."""

    run_id: str
    job: str
    step: str
    text: str
    about: tuple[Subject, ...] = ()
    next_step: str = ""
    project: str = "omnimart"

    @property
    def told(self) -> str:
        """All of it as one paragraph."""
        return " ".join(filter(None, (self.text, "; ".join(one.line() for one in self.about) + "." if self.about else "", self.next_step)))


def about(step: str, run_id: str, job: str, text: str, *, kind: str = "", config: Mapping[str, Any] = MappingProxyType({})) -> Alert:
    """The alert of a failed step with everything that can be found out about it. kind: the class of the error, empty where a step said
    itself what was wrong; config: the run's. Where the step's own subject cannot be found out, that is logged and its name stands."""
    fault = Fault(step, text, kind)
    try:
        found = subjects.subjects(fault, run_id, job, config)
    except Exception as error:  # a half-configured vendor, a damaged file: the alert itself must go out
        _log.warning("What the alert is about could not be found out: %s: %s", type(error).__name__, redact(str(error)))
        found = (subjects.by_name(step),)
    return Alert(run_id, job, step, text, found, next_steps.next_step(next_steps.heading(fault, job), job))


def send(alert: Alert) -> list[str]:
    """Tell everybody who is configured; gives the ways it went. A way that is broken is logged and keeps none of the others."""
    safe = replace(alert, text=redact(alert.text)[:LONGEST])
    _log.error("%s %s (run %s): %s", safe.job, safe.step, safe.run_id[:8], safe.told)
    ways = ["log"]
    for name, way in (("webhook", _webhook), ("e-mail", _email)):
        try:
            if way(safe):
                ways.append(name)
        except Exception as error:  # an alert that cannot be sent must not hide the failure that it is about
            _log.error("The alert could not be sent by %s: %s", name, type(error).__name__)
    return ways


def is_carried(ways: list[str]) -> bool:
    """Whether an alert that went these ways reached anybody; the log alone is enough where neither webhook nor e-mail is set up."""
    return ways != ["log"] or not (os.environ.get("OMNIMART_ALERT_WEBHOOK") or os.environ.get("OMNIMART_ALERT_EMAIL"))


@dg.failure_hook(name="report_failed_step")
def report_failed_step(context: dg.HookContext) -> None:
    """Runs in the process of the run, right after a step failed for good."""
    run = context.instance.get_run_by_id(context.run_id)
    fault = run_events.told_by(context.op.name, context.op_exception)
    send(about(fault.step, context.run_id, context.job_name, fault.text, kind=fault.kind, config=run.run_config if run else {}))
    context.instance.add_run_tags(context.run_id, {REPORTED: "yes"})


@dg.run_failure_sensor(name="report_died_runs", default_status=dg.DefaultSensorStatus.RUNNING, minimum_interval_seconds=60)
def report_died_runs(context: dg.RunFailureSensorContext) -> None:
    """Runs whose process died cannot report themselves; run monitoring marks them as failed, and this tells of them. So it does of assets
    that somebody materialized alone, and of runs that ended outside of every step."""
    run = context.dagster_run
    if run.tags.get(REPORTED):
        return
    for fault in run_events.read(context.instance, run.run_id).faults:
        send(about(fault.step, run.run_id, run.job_name, fault.text, kind=fault.kind, config=run.run_config))


def _webhook(alert: Alert) -> bool:
    url = os.environ.get("OMNIMART_ALERT_WEBHOOK")
    if not url:
        return False
    request = urllib.request.Request(
        url,
        data=json.dumps(asdict(alert), ensure_ascii=False).encode(),
        headers={"Content-Type": "application/json"},
        method="POST",
    )
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS):
        return True


def _email(alert: Alert) -> bool:
    to = os.environ.get("OMNIMART_ALERT_EMAIL")
    if not to:
        return False
    message = EmailMessage()
    message["To"], message["From"] = to, os.environ.get("OMNIMART_ALERT_FROM", to)
    named = ", ".join(dict.fromkeys(filter(None, (one.vendor for one in alert.about))))
    message["Subject"] = f"{alert.project}: {alert.job} needs a look" + (f" ({named})" if named else "")
    where = f"Step {alert.step}, run {alert.run_id}."
    message.set_content("\n\n".join(filter(None, (alert.text, "\n".join(one.line() for one in alert.about), alert.next_step, where))))
    host, _, port = os.environ.get("OMNIMART_SMTP", "localhost").partition(":")
    with smtplib.SMTP(host, int(port or 25), timeout=TIMEOUT_SECONDS) as server:
        server.send_message(message)
    return True
