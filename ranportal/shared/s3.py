"""Files in an S3-compatible store, for installations of several machines. Only our own views hand them out."""

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import PurePosixPath
from typing import Any, NoReturn

import boto3
import botocore.session
from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from django.core.files import File
from storages.backends.s3 import S3Storage
from storages.utils import clean_name

from ranportal.shared.stores import StoreDown

#: Seconds for a connection and for each answer, and how often a request is tried.
CONNECT_SECONDS = 3
READ_SECONDS = 10
TRIES = 2

_READ_AT_ONCE = 64 * 1024
_MAKING = threading.Lock()
#: No profile of the account under which the portal runs.
_NO_FILES = dict.fromkeys(("profile", "config_file"), (None, None, None, None))


class S3Store(S3Storage):
    """A folder of a bucket. What is missing raises FileNotFoundError, a store in trouble StoreDown.

    Each uploaded file gets a name that nobody used, so that two machines never write to one object.
    """

    def get_default_settings(self) -> dict[str, Any]:
        return super().get_default_settings() | {
            # Named by our settings alone: what else stands in the environment is another program's.
            "access_key": None,
            "secret_key": None,
            "security_token": None,
            "session_profile": None,
            "querystring_auth": False,
            "file_overwrite": False,
            "transfer_config": TransferConfig(use_threads=False),
        }

    def __init__(self, *, addressing_style: str = "auto", **options: Any) -> None:
        config = Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"mode": "standard", "total_max_attempts": TRIES},
            s3={"addressing_style": addressing_style},
            signature_version="s3v4",
            # The newer check sums in trailers are not understood by every store that speaks S3.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        super().__init__(client_config=config, **options)

    def _create_session(self) -> boto3.Session:
        return _session(self.access_key, self.secret_key)

    @property
    def connection(self) -> Any:
        # Each thread has its own; making one is not safe for two at once.
        with _MAKING:
            return super().connection

    @property
    def bucket(self) -> Any:
        # boto's resources belong to one thread; the base class keeps the first thread's for all.
        return self.connection.Bucket(self.bucket_name)

    def url(self, name: str | None, *args: Any, **kwargs: Any) -> NoReturn:
        """Refused: there is no address under which a browser may fetch a file past our views."""
        raise ValueError("This file is not accessible via a URL.")

    def generate_filename(self, filename: str) -> str:
        path = PurePosixPath(super().generate_filename(filename))
        return str(path.with_name(self.get_alternative_name(path.stem, path.suffix)))

    def exists(self, name: str) -> bool:
        with _said(name):
            return bool(super().exists(name))

    def size(self, name: str) -> int:
        with _said(name):
            return int(super().size(name))

    def delete(self, name: str) -> None:
        with _said(name):
            super().delete(name)

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        with _said(path):
            directories, files = super().listdir(path)
            return directories, files

    def get_modified_time(self, name: str) -> Any:
        with _said(name):
            return super().get_modified_time(name)

    def _save(self, name: str, content: File) -> str:
        with _said(name):
            return str(super()._save(name, content))

    def _open(self, name: str, mode: str = "rb") -> File:
        if mode != "rb":
            raise ValueError("Stored files are read as bytes, and written whole.")
        with _said(name):
            found = self.bucket.Object(self._normalize_name(clean_name(name)))
            found.load()
        return File(io.BufferedReader(_Reader(found), _READ_AT_ONCE), name=name)


@cache
def _session(access_key: str, secret_key: str) -> boto3.Session:
    """One for the process: it reads the whole description of S3."""
    ours = botocore.session.Session(session_vars=_NO_FILES)
    return boto3.Session(botocore_session=ours, aws_access_key_id=access_key, aws_secret_access_key=secret_key)


class _Reader(io.RawIOBase):
    """One object, read from where it is asked: nothing is fetched before, and no more than is read."""

    def __init__(self, found: Any) -> None:
        self._object = found
        self._size: int = found.content_length
        self._position = 0
        self._body: Any = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if start + offset != self._position:
            self._position = start + offset
            self._let_go()
        return self._position

    def readinto(self, buffer: Any) -> int:
        if self._position >= self._size:
            return 0
        with _said(self._object.key):
            if self._body is None:
                answer = self._object.get(Range=f"bytes={self._position}-", IfMatch=self._object.e_tag)
                self._body = answer["Body"]
            read = self._body.read(len(buffer))
        buffer[: len(read)] = read
        self._position += len(read)
        return len(read)

    def close(self) -> None:
        self._let_go()
        super().close()

    def _let_go(self) -> None:
        if self._body is not None:
            self._body.close()
            self._body = None


@contextmanager
def _said(name: str) -> Iterator[None]:
    """Turn what boto raises into the two things that matter here."""
    try:
        yield
    except ClientError as error:
        said = error.response.get("Error", {}).get("Code", "")
        if said in ("404", "NoSuchKey"):
            raise FileNotFoundError(f"{name} is not in the store.") from error
        raise StoreDown(f"The store answered {said}.") from error
    except (BotoCoreError, HTTPClientError, Boto3Error) as error:
        raise StoreDown(f"The store does not answer ({type(error).__name__}).") from error
