"""What can be said in the environment."""

from pathlib import Path

import pytest

from ranportal import env


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgres://ann:p%40ss@db.example.org:5433/portal", ("portal", "ann", "p@ss", "db.example.org", "5433")),
        ("postgresql://ann@%2FRun%2Fpg/portal", ("portal", "ann", "", "/Run/pg", "")),
        ("postgres:///portal?host=/run/postgresql", ("portal", "", "", "/run/postgresql", "")),
        ("postgres://[::1]:5432/portal", ("portal", "", "", "::1", "5432")),
    ],
)
def test_a_postgresql_database_is_named_by_host_or_socket(url, expected):
    database = env.database(url)
    assert tuple(database[key] for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT")) == expected


def test_other_parameters_reach_the_driver():
    assert env.database("postgres://db/portal?sslmode=require")["OPTIONS"]["sslmode"] == "require"


def test_who_stays_silent_in_a_transaction_is_cut_off_unless_the_operator_says_otherwise():
    assert env.database("postgres://db/portal")["OPTIONS"]["options"] == "-c idle_in_transaction_session_timeout=15s"
    assert env.database("postgres://db/portal?options=-c%20a%3D1")["OPTIONS"]["options"] == "-c a=1"


def test_a_sqlite_transaction_locks_when_it_starts():
    database = env.database("sqlite:////srv/portal/db.sqlite3")
    assert database["NAME"] == "/srv/portal/db.sqlite3"
    assert database["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert "journal_mode=WAL" in database["OPTIONS"]["init_command"]


@pytest.mark.parametrize(
    ("url", "host", "port", "is_tls", "is_starttls"),
    [
        ("smtp://mail.example.org", "mail.example.org", 25, False, False),
        ("smtp://127.0.0.1:2525", "127.0.0.1", 2525, False, False),
        ("smtp://mail.example.org:587?starttls=1", "mail.example.org", 587, False, True),
        ("smtps://mail.example.org", "mail.example.org", 465, True, False),
    ],
)
def test_a_mail_server_is_named_with_its_way_of_encryption(url, host, port, is_tls, is_starttls):
    mail = env.email(url)
    names = ("EMAIL_HOST", "EMAIL_PORT", "EMAIL_USE_SSL", "EMAIL_USE_TLS")
    assert tuple(mail[name] for name in names) == (host, port, is_tls, is_starttls)


def test_mails_can_go_to_a_folder():
    assert env.email("file:///srv/my%20mails")["EMAIL_FILE_PATH"] == "/srv/my mails"


@pytest.mark.parametrize("url", ["file://relative", "file:mails", "pop3://host", "", "smtp://host:many"])
def test_a_mail_address_that_cannot_be_meant_is_refused(url):
    with pytest.raises(env.BadEnvironment, match="EMAIL_URL"):
        env.email(url)


@pytest.mark.parametrize("url", ["mysql://host/db", "", "sqlite:///"])
def test_a_database_that_cannot_be_meant_is_refused(url):
    with pytest.raises(env.BadEnvironment, match="DATABASE_URL"):
        env.database(url)


@pytest.mark.parametrize("url", ["redis://host/1", "rediss://host/1", "unix:///run/valkey.sock"])
def test_the_cache_can_be_a_server(url):
    assert env.cache(url)["LOCATION"] == url


def test_a_cache_that_cannot_be_meant_is_refused():
    with pytest.raises(env.BadEnvironment, match="CACHE_URL"):
        env.cache("memcached://host")


def test_a_mailbox_is_a_maildir_or_a_folder_of_a_server():
    assert env.mailbox("") is None
    assert env.mailbox("maildir:///var/mail/bounces/") == {"folder": "/var/mail/bounces/"}
    assert env.mailbox("imaps://bounces%40example.org:p%40ss@mail.example.org/Came%20back") == {
        "host": "mail.example.org",
        "port": 993,
        "user": "bounces@example.org",
        "password": "p@ss",
        "mailbox": "Came back",
        "is_tls": True,
    }
    assert env.mailbox("imap://a:b@127.0.0.1:1143")["port"] == 1143


@pytest.mark.parametrize(
    "url", ["maildir://host/path", "maildir:box", "imaps://host/INBOX", "imaps://a:b@host/%22x", "pop3://a:b@host"]
)
def test_a_mailbox_that_cannot_be_meant_is_refused_without_its_password(url):
    with pytest.raises(env.BadEnvironment) as caught:
        env.mailbox(url)
    assert str(caught.value) == "BOUNCES_URL must be maildir:///path or imaps://user:password@host/INBOX."


def test_files_lie_on_the_disk_unless_a_store_is_named():
    stores = env.storages("", private_folder="/srv/private")
    assert {store["BACKEND"] for store in stores.values()} == {"django.core.files.storage.FileSystemStorage"}
    assert stores["private"]["OPTIONS"]["location"] == "/srv/private"


@pytest.mark.parametrize(
    ("url", "style", "region", "folders"),
    [
        ("s3://bucket", "auto", "us-east-1", ["media", "private"]),
        ("s3://bucket/a/b/?region=eu-west-1", "auto", "eu-west-1", ["a/b/media", "a/b/private"]),
        ("s3://bucket?endpoint_url=https://store.example.org", "path", "us-east-1", ["media", "private"]),
    ],
)
def test_a_store_is_a_bucket_with_two_folders(url, style, region, folders):
    options = [
        store["OPTIONS"] for store in env.storages(url, private_folder="", access_key="a", secret_key="s").values()
    ]
    assert [option["location"] for option in options] == folders
    assert {(o["bucket_name"], o["addressing_style"], o["region_name"]) for o in options} == {("bucket", style, region)}


@pytest.mark.parametrize("url", ["https://bucket", "s3://", "s3:///prefix", "s3://bucket?acl=public-read"])
def test_a_store_that_cannot_be_meant_is_refused(url):
    with pytest.raises(env.BadEnvironment, match="MEDIA_STORAGE must be"):
        env.storages(url, private_folder="", access_key="a", secret_key="s")


@pytest.mark.parametrize("keys", [{}, {"access_key": "a"}, {"secret_key": "s"}])
def test_a_store_without_keys_is_refused(keys):
    with pytest.raises(env.BadEnvironment, match="S3_ACCESS_KEY and S3_SECRET_KEY"):
        env.storages("s3://bucket", private_folder="", **keys)


@pytest.mark.parametrize(("word", "value"), [("1", True), ("yes", True), ("True", True), ("0", False), ("", False)])
def test_a_flag_is_yes_or_no(word, value):
    assert env.flag("DEBUG", default=True, environ={"DEBUG": word}) is value


def test_another_word_is_no_flag():
    with pytest.raises(env.BadEnvironment, match="DEBUG"):
        env.flag("DEBUG", default=True, environ={"DEBUG": "maybe"})


@pytest.mark.parametrize("word", ["-1", "two", "²"])
def test_only_whole_numbers_count(word):
    with pytest.raises(env.BadEnvironment, match="TRUSTED_PROXIES"):
        env.number("TRUSTED_PROXIES", 0, environ={"TRUSTED_PROXIES": word})


def test_a_socket_lies_in_the_checkout():
    assert env.socket_path(Path("/srv/portal"), "valkey.sock") == Path("/srv/portal/var/valkey.sock")


def test_in_a_deep_checkout_the_socket_has_a_short_path_that_is_always_the_same():
    deep = Path("/srv") / ("deep" * 40)
    first, second = env.socket_path(deep, "valkey.sock"), env.socket_path(deep, "valkey.sock")
    assert first == second
    assert len(str(first).encode()) <= env.LONGEST_SOCKET_PATH
    assert first != env.socket_path(deep / "other", "valkey.sock")


def test_a_secret_may_come_from_a_file(tmp_path):
    (tmp_path / "key").write_text("from a file\n")

    assert env.text("KEY", environ={"KEY": "", "KEY_FILE": str(tmp_path / "key")}) == "from a file"
    assert env.words("KEY", environ={"KEY_FILE": str(tmp_path / "key")}) == ["from a file"]


def test_an_empty_file_says_as_little_as_an_empty_variable(tmp_path):
    (tmp_path / "keys").write_text("\n")

    assert env.words("KEYS", environ={"KEYS_FILE": str(tmp_path / "keys")}) == []


def test_without_a_file_the_variable_itself_counts(tmp_path):
    assert env.text("KEY", environ={"KEY": "itself", "KEY_FILE": ""}) == "itself"


@pytest.mark.parametrize(
    ("written", "environ", "reason"),
    [
        (b"x", {"KEY": "itself"}, "KEY and KEY_FILE are both set"),
        (None, {}, "cannot be read: No such file or directory"),
        (b"\xff", {}, "cannot be read: it is not UTF-8 text"),
    ],
    ids=["both", "missing", "not text"],
)
def test_a_file_that_cannot_be_meant_is_refused_in_one_line_without_its_content(tmp_path, written, environ, reason):
    if written is not None:
        (tmp_path / "key").write_bytes(written)

    with pytest.raises(env.BadEnvironment) as refusal:
        env.text("KEY", "a default", environ=environ | {"KEY_FILE": str(tmp_path / "key")})

    assert reason in str(refusal.value)
    assert "\n" not in str(refusal.value)
