"""gunicorn's settings (``--config python:ranportal.web_server``): its own lines, and a folder to count in together.

Each of its processes counts its requests in a file of that folder, and whichever is asked for the figures adds them
up. The folder is made before the first process and goes with the last; what PROMETHEUS_MULTIPROC_DIR names is emptied.
"""

import shutil
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

from django.conf import settings
from gunicorn.glogging import Logger

from ranportal import env
from ranportal.shared.logs import FORMATTERS, Console

_FOLDER = "PROMETHEUS_MULTIPROC_DIR"


class PortalLogger(Logger):
    """gunicorn's own lines in the form of ours. Its access log stays off: the portal writes one without addresses."""

    def setup(self, cfg: Any) -> None:
        """Put our handler in the place of gunicorn's."""
        super().setup(cfg)
        handler = Console()
        handler.setFormatter(FORMATTERS[settings.LOG_FORMAT]())
        self.error_log.handlers = [handler]


logger_class = PortalLogger


def _make_folder() -> Path:
    given = env.text(_FOLDER)
    if not given:
        given = tempfile.mkdtemp(prefix="ranportal-metrics-")
        env.put(_FOLDER, given)
    folder = Path(given)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for left_over in folder.glob("*.db"):
        left_over.unlink()
    return folder


folder = _make_folder()


def child_exit(server: Any, worker: Any) -> None:
    """Forget what only a living process can say. What it has counted stays counted."""
    # Imported only now: the library looks for its folder when it is loaded.
    import_module("prometheus_client.multiprocess").mark_process_dead(worker.pid)


def on_exit(server: Any) -> None:
    """Nothing is left behind."""
    shutil.rmtree(folder, ignore_errors=True)
