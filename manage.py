#!/usr/bin/env python
"""Runs a management command on this installation's data."""

import os
import sys

from django.core.management import execute_from_command_line

from ranportal.env import BadEnvironment

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ranportal.settings")
    try:
        execute_from_command_line(sys.argv)
    except BadEnvironment as refusal:
        sys.exit(str(refusal))
