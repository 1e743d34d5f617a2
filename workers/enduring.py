"""arq's worker, made to outlive what it does not expect of Redis: as it is, the first error that escapes ends it."""

import logging

import arq.worker
from redis.exceptions import RedisError

log = logging.getLogger(__name__)


class EnduringWorker(arq.worker.Worker):
    """Goes on after an error of Redis. What could not be done then is done a poll or a cron later."""

    async def start_jobs(self, job_ids: list[bytes]) -> None:
        """As arq does; a connection that is cut while a job is looked at leaves the job where it was."""
        try:
            await super().start_jobs(job_ids)
        except (RedisError, OSError):
            self.job_counter -= 1  # arq had counted the job in, and did not begin it
            self.sem.release()
            raise

    async def _poll_iteration(self) -> None:
        try:
            await super()._poll_iteration()
        except (RedisError, OSError) as error:
            log.warning("arq waits for Redis", extra={"action": "poll", "why": str(error)})


def take_over() -> None:
    """Make `arq workers.worker.WorkerSettings` run this worker: its command knows no other way to name one."""
    arq.worker.Worker = EnduringWorker  # type: ignore[misc]
