"""The site's settings, made quick and kept away from what a person has in var/."""

from __future__ import annotations

import os
import tempfile

# Everything a test writes goes to a folder that ends with the run.
_var = tempfile.TemporaryDirectory(prefix="composer-tests-")
os.environ["VAR_DIR"] = _var.name
os.environ["SECRET_KEY"] = "only-for-tests"
for _name in ("DEBUG", "HTTPS", "DATABASE_URL", "REDIS_URL", "CORS_ALLOWED_ORIGINS"):
    os.environ.pop(_name, None)
for _name in [name for name in os.environ if name.startswith("S3_")]:
    del os.environ[_name]
# Servers that are there for the tests alone, see with_servers.sh.
for _name in ("DATABASE_URL", "REDIS_URL"):
    if _url := os.environ.get(f"TEST_{_name}"):
        os.environ[_name] = _url

from composer_site.settings import *  # noqa: E402, F403

STATIC_ROOT.mkdir()  # noqa: F405  (WhiteNoise warns of one that is not there)
if "DATABASE_URL" not in os.environ:
    # A file, as people have: in memory, SQLite does not make writers wait for one
    # another.
    DATABASES["default"]["TEST"] = {"NAME": f"{_var.name}/tests.sqlite3"}  # noqa: F405
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Tasks run where they are rung. What the queue does is tested with a queue, elsewhere.
Q_CLUSTER = {
    "name": "tests",
    "sync": True,
    "orm": "default",
    "timeout": 60,
    "retry": 90,
}
MEASURED_PIECES = 2
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
CORS_ALLOWED_ORIGINS = ["https://listed.example"]
LOGGING = {"version": 1, "disable_existing_loggers": False}
