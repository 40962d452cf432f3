"""What training tells the world without knowing who listens."""

from __future__ import annotations

from django.dispatch import Signal

#: A model has a new version, and its bundle is in place. Sent with ``version``.
version_ready = Signal()
