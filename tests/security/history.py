"""Every line that was ever committed, looked at by detect-secrets for keys, passwords and addresses with passwords."""

import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

from detect_secrets.core import scan
from detect_secrets.settings import transient_settings

#: The finders of known shapes. Those of mere disorder find words of any text, once a line is read by itself.
FINDERS = (
    "ArtifactoryDetector", "AWSKeyDetector", "AzureStorageKeyDetector", "BasicAuthDetector", "CloudantDetector",
    "GitHubTokenDetector", "GitLabTokenDetector", "JwtTokenDetector", "KeywordDetector", "MailchimpDetector",
    "NpmDetector", "OpenAIDetector", "PrivateKeyDetector", "PypiTokenDetector", "SendGridDetector", "SlackDetector",
    "StripeDetector", "TwilioKeyDetector",
)  # fmt: skip
#: What is found and is none, with the reason.
EXPLAINED = {
    r"demo-portal-2026|PASSWORD\b.*demo|DEMO_": "the demo's password: printed in the README, refused in production",
    r"a-long|for-the-tests-only|only-to-check|not-a-secret|another-|a-real-key|rotated|the-new-one": "of tests",
    r"a new key": "of tests",
    r"p@ss|portal:secret@|\"portal\", \"|password=\"wrong\"": "of tests, for their servers",
    r"JBSWY3DPEHPK3PXP|zweitausend": "of tests",
    r"example\.(org|com|test)|localhost|127\.0\.0\.1|\[::1\]|user:password@|portal:%s@": "examples, where nobody is",
    r"accounts\.(forms|reset_links)\.\w+\"": "names of classes",
    r"Your password was|A (new )?password was|This is not your password": "words on a page",
    r"another key |\"(old)?password\": \"wrong\"": "of tests",
    r"usable_password": "a field of Django's form for a new account",
}


def lines_of(folder: Path) -> list[str]:
    """Each line that was ever added, once; locks of packages and pictures apart."""
    command = ["git", "log", "--all", "-p", "--unified=0", "--no-color", "--no-ext-diff", "--diff-filter=AM"]
    found = subprocess.run(
        [*command, "--", ".", ":!requirements*.txt", ":!*.png"], cwd=folder, capture_output=True, check=True
    )
    added = (line for line in found.stdout.decode("utf-8", "replace").split("\n") if line.startswith("+"))
    return sorted({line[1:2001] for line in added if not line.startswith("+++")})


def secrets(lines: Iterable[str]) -> list[str]:
    """What looks like a secret in these lines, and is not explained."""
    found = []
    with transient_settings({"plugins_used": [{"name": name} for name in FINDERS]}):
        for line in lines:
            kinds = {secret.type for secret in scan.scan_line(line)}
            if kinds and not any(re.search(pattern, line) for pattern in EXPLAINED):
                found.append(f"{', '.join(sorted(kinds))}: {line.strip()[:150]}")
    return found
