from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "composer_site.settings")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

application = get_asgi_application()
