"""What the demo shows to everybody who starts it, and what is refused to real installations."""

# Of all its accounts. No secret.
PASSWORD = "demo-portal-2026"  # noqa: S105
