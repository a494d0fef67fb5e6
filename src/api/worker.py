"""Jobs that were put off: kept in PostgreSQL, done by any number of workers, taken up again when a worker dies (procrastinate).

By itself a worker looks for leaks every day, and back-tests forecasts every week.
"""

import asyncio
from pathlib import Path

import procrastinate
from procrastinate.exceptions import ConnectorException
from sqlalchemy import Engine

from api.hub import version
from mdm import cards, leaks, pipeline
from mdm.errors import StoreUnavailable
from mdm.pipeline import Hub
from sources import open_sources

STALLED_AFTER = 30
"""Seconds without a heartbeat after which a worker's job is taken up by another one."""
RETRY = procrastinate.RetryStrategy(max_attempts=5, exponential_wait=3)


def jobs(hub: Hub) -> procrastinate.App:
    """The jobs of a hub and where they are kept."""
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=conninfo(hub.engine)))

    @app.task(name="load", queue="hub", lock="pipeline", retry=RETRY)
    def load(config: str, root: str | None) -> None:
        """Load the sources of a config, then match."""
        pipeline.load(hub, open_sources(Path(config), Path(root) if root else None))
        pipeline.resolve(hub)

    @app.task(name="match", queue="hub", lock="pipeline", retry=RETRY)
    def match(force: bool = False) -> None:
        """Match what has changed, or everything."""
        pipeline.resolve(hub, force=force)

    @app.periodic(cron="0 4 * * *")
    @app.task(name="findings", queue="hub", queueing_lock="findings")
    def findings(timestamp: int) -> None:
        """Bring what is known of leaks to what is found today, so that what is new or mended is dated to the day."""
        leaks.current(hub)

    @app.periodic(cron="0 5 * * 0")
    @app.task(name="cards", queue="hub", queueing_lock="cards")
    def renew(timestamp: int) -> None:
        """Back-test the forecasts of every kind anew."""
        cards.renew(hub, version())

    @app.periodic(cron="* * * * *")
    @app.task(name="sweep", queue="hub", queueing_lock="sweep", pass_context=True)
    async def sweep(context: procrastinate.JobContext, timestamp: int) -> None:
        """Put the jobs of dead workers back into the queue."""
        for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_AFTER):
            await app.job_manager.retry_job(job)

    return app


def conninfo(engine: Engine) -> str:
    """The database as libpq writes it."""
    return engine.url.set(drivername="postgresql").render_as_string(hide_password=False)


def put_off(hub: Hub, task: str, **arguments: object) -> int:
    """Keep a job for a worker; its number."""
    app = procrastinate.App(connector=procrastinate.SyncPsycopgConnector(conninfo=conninfo(hub.engine)))
    try:
        with app.open():
            return app.configure_task(task, queue="hub", lock="pipeline", allow_unknown=True).defer(**arguments)  # type: ignore[arg-type]
    except ConnectorException as error:
        raise StoreUnavailable(f"cannot keep the job: {error}") from error


def work(hub: Hub, *, wait: bool = True) -> None:
    """Do jobs until told to stop, or until none is left."""
    asyncio.run(_work(jobs(hub), wait=wait))


async def _work(app: procrastinate.App, *, wait: bool) -> None:
    async with app.open_async():
        for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_AFTER):
            await app.job_manager.retry_job(job)
        await app.run_worker_async(queues=["hub"], wait=wait, concurrency=1, install_signal_handlers=wait, delete_jobs="never")
