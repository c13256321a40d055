"""A store that speaks S3, on a free port of this machine: moto's server, in a process of its own."""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from dev import processes

ACCESS_KEY = "portal-of-the-tests"
SECRET_KEY = "for-the-tests-only"
BUCKET = "portal"


class S3Server:
    """The running server with one bucket. What it holds is gone when it stops."""

    def __init__(self, folder: Path) -> None:
        """Start it and wait until it answers; raises TimeoutError with its output."""
        self.log = folder / "s3.log"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self._process = self._start()
        self.client.create_bucket(Bucket=BUCKET)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environ(self) -> dict[str, str]:
        """What a program needs to keep its files here."""
        return {
            "MEDIA_STORAGE": f"s3://{BUCKET}/live?endpoint_url={self.endpoint}",
            "S3_ACCESS_KEY": ACCESS_KEY,
            "S3_SECRET_KEY": SECRET_KEY,
        }

    @property
    def client(self) -> Any:
        """A client of our own, past the portal."""
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
            config=Config(s3={"addressing_style": "path"}),
        )

    def stored(self) -> list[str]:
        """The names of all that is stored."""
        return [found["Key"] for found in self.client.list_objects_v2(Bucket=BUCKET).get("Contents", [])]

    def empty(self) -> None:
        """Delete all that is stored."""
        for key in self.stored():
            self.client.delete_object(Bucket=BUCKET, Key=key)

    def stop(self) -> None:
        processes.stop(self._process, seconds=5, how=signal.SIGKILL)

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]
        with self.log.open("wb") as log:
            process = processes.start(command, log=log)
        end = time.monotonic() + 60
        while time.monotonic() < end and process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return process
        processes.stop(process)
        raise TimeoutError(f"the store did not start: {self.log.read_text()[-2000:]}")
