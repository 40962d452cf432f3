from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser

#: Whoever asks: a person with an account or a visitor without one.
Who = AbstractBaseUser | AnonymousUser
