"""One libvirtd for all that the documents show."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integration.libvirtd import PrivateLibvirtd


@pytest.fixture(scope="session")
def daemon() -> Iterator[PrivateLibvirtd]:
    with PrivateLibvirtd() as private:
        yield private
