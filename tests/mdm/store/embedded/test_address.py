"""Where the server listens."""

import socket
import stat
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine

from mdm.store import embedded
from mdm.store.embedded import address
from mdm.store.embedded.account import ourselves
from mdm.store.embedded.place import Place, settle
from tests.mdm.store.embedded.user import query


def _place(root: str) -> Place:
    return Place(Path(root), Path(root), ourselves())


@pytest.mark.parametrize(("root", "socket_will_do"), [("/srv/hub", True), ("/" + "d" * 85, True), ("/" + "d" * 86, False), ("/a,b", False)])
def test_a_socket_is_used_where_its_path_fits(root: str, socket_will_do: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(address, "_LONGEST", 107)
    assert address.by_socket(_place(root)) is socket_will_do


def test_a_deep_home_is_served_on_the_loopback_behind_a_password(fresh: Path) -> None:
    deep = fresh / ("deep" * 20) / "home"
    deep.parent.mkdir(parents=True)
    with embedded.running(deep, durable=False) as url:
        assert "@127.0.0.1:" in url
        assert query(url, "SELECT 1") == "1"
        password = address.current(settle(deep))
        assert password is not None
        with pytest.raises(psycopg.OperationalError, match="password"):
            query(url.replace(str(password.password), "wrong"), "SELECT 1")
        assert stat.S_IMODE(settle(deep).password.stat().st_mode) == 0o600
    embedded.remove(deep)


def test_a_path_with_odd_letters_survives_the_url(home: Path) -> None:
    assert not home.name.isalnum()
    with embedded.running(home) as url:
        engine = create_engine(url)
        with engine.connect() as connection:
            assert connection.exec_driver_sql("SELECT 1").scalar_one() == 1
        engine.dispose()


def test_a_loopback_port_that_is_taken_is_replaced(tmp_path: Path) -> None:
    place = _place(str(tmp_path / ("d" * 90)))
    place.root.mkdir()
    place.write(place.password, "secret")
    first = address.assign(place)
    assert address.assign(place) == first
    with socket.socket() as other:
        other.bind(("127.0.0.1", first.port))
        other.listen()
        assert address.assign(place).port != first.port
