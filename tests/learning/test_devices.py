from __future__ import annotations

import pytest

from training.learning.devices import most_even_shares


@pytest.mark.parametrize(
    ("rows", "devices", "shares"),
    [(32, 2, 2), (32, 3, 2), (32, 6, 4), (24, 4, 4), (7, 4, 1), (1, 8, 1)],
)
def test_as_many_devices_share_the_rows_as_can_do_so_evenly(rows, devices, shares):
    assert most_even_shares(rows, devices) == shares
