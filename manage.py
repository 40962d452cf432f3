#!/usr/bin/env python
from __future__ import annotations

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "composer_site.settings")
    # Composing is one matrix-vector product after another: a second BLAS thread gains
    # nothing there, and waits for its turn when the other core is busy.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
