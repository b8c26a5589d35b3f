"""Celery: wakes workers, carries nothing but job ids. The truth is the job row (docs/adr/0003)."""

import os
import socket
from typing import Any

from celery import Celery
from celery.signals import setup_logging, worker_process_init

from mlgov import environment, signing

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mlgov.settings")
app = Celery("mlgov")


def configure(application: Celery) -> None:
    """Set the application up from the environment."""
    broker = environment.broker_url()
    key, certificate = signing.files(environment.var_dir())
    application.conf.update(
        broker_url=broker,
        task_serializer="auth",
        accept_content=["auth"],
        event_serializer="auth",
        security_key=str(key),
        security_certificate=str(certificate),
        security_cert_store=str(certificate.parent / "*.crt"),
        security_digest="sha256",
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=False,
        task_default_queue="jobs",
        task_create_missing_queues=True,
        worker_prefetch_multiplier=1,
        worker_send_task_events=False,
        worker_enable_remote_control=False,
        worker_hijack_root_logger=False,
        broker_connection_retry_on_startup=True,
        broker_transport_options={},
        imports=("apps.jobs.tasks",),
    )
    if broker.startswith("pgmq"):
        application.conf.broker_transport = "mlgov.broker:Transport"
        application.conf.broker_url = "pgmq://localhost//"
        application.conf.broker_transport_options = {
            "conn_string": _conninfo(),
            "init_extension": False,
            "use_notify": True,
            # A lost wake-up costs this many seconds; the lease of the job row, not this, guards against doubles.
            "visibility_timeout": 60,
            "wait_time_seconds": 0,
            "pool_size": 4,
        }
    application.setup_security()


def _conninfo() -> str:
    settings = environment.database()
    names = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
    parts = {libpq: settings[name] for name, libpq in names.items() if settings.get(name)}
    return " ".join(f"{name}='{value!s}'" for name, value in parts.items())


@setup_logging.connect
def _log_as_django_does(**kwargs: Any) -> None:
    """Leave logging to Django's settings."""


@worker_process_init.connect
def _forget_connections(**kwargs: Any) -> None:
    """A forked child must not share its parent's connections."""
    from django.db import connections  # noqa: PLC0415 - Django is not set up when this module is read

    connections.close_all()


def worker_name() -> str:
    """Return the name under which this process claims jobs."""
    return f"{socket.gethostname()}:{os.getpid()}"


configure(app)
