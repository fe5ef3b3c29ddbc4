#!/usr/bin/env python
"""Django's command line, with the reason in plain words when a setting is wrong."""

import os
import sys
from importlib import import_module

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    try:
        import_module(os.environ["DJANGO_SETTINGS_MODULE"])  # first: a bad variable needs no traceback
    except ImproperlyConfigured as error:
        sys.exit(str(error))
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
