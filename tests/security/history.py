"""Every line that was ever committed, looked at by detect-secrets for keys, passwords and addresses with passwords."""

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
#: What is found and is none, word by word, with the reason.
EXPLAINED = {
    "the demo's: printed in the README, refused in production": ("demo-only-", "demo-portal-2023", "demo-portal-2026"),
    "of examples, where nobody is": ("change-me", "none", "PASSWORD", "password", "secret", "smtps://…", "%s"),
    "of tests, for a key": (
        "a new key ", "a-real-key-", "another key ", "another-secret-", "for-the-tests-only", "for-the-tests-only-",
        "rotated", "the-new-one",
    ),
    "of tests, for people and their servers": (
        "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "Not-to-be-kept", "a-long-enough-phrase", "a-long-password",
        "a-long-test-password", "bounces@portal.example.org", "never-kept-anywhere", "not the password", "p%40ss",
        "p@ss", "portal", "quite-another-phrase", "wrong", "wrong-one",
    ),
    "of tests, for what must not be seen": ("https://meet.example.org/secret-room", "zweitausend"),
    "names of classes, and a field of Django's form for a new account": (
        "accounts.forms.ChangeForm", "accounts.forms.ChooseForm", "accounts.forms.FirstPasswordForm",
        "accounts.forms.ForgottenForm", "accounts.reset_links.ResetTokens", "true",
    ),
    "words on a page": (
        "A new password was chosen for your account.", "A password was chosen for your account.",
        "This is not your password.", "Your password was changed.", "words on a page",
    ),
}  # fmt: skip
_NONE = frozenset(word for words in EXPLAINED.values() for word in words)


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
            kinds = {secret.type for secret in scan.scan_line(line) if secret.secret_value not in _NONE}
            if kinds:
                found.append(f"{', '.join(sorted(kinds))}: {line.strip()[:150]}")
    return found
