"""A server that other machines reach asks for credentials, and hides them; else the command line ends with 2."""

import subprocess
import sys
from pathlib import Path

import pytest

from ops.access.binding import Bind, BindRefused, bind_asked, is_loopback
from ops.access.settings import Auth, read_auth
from ops.http.server import Tls

TENOR = Path(sys.executable).with_name("tenor")


@pytest.fixture
def pem(tmp_path: Path) -> Path:
    file = tmp_path / "a.pem"
    file.write_text("")
    return file


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.0.0.2", "[::1]"])
def test_this_machine_needs_nothing(host: str) -> None:
    bind = bind_asked(host, None, None, None, behind_proxy=False, allowed_hosts=())
    assert (bind.auth, bind.is_secure) == (None, False)
    assert {"127.0.0.1", "localhost"} <= bind.names()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.7", "tenor.example", "169.254.1.1"])
def test_beyond_it_asks_for_credentials_and_tls(host: str, pem: Path) -> None:
    for auth, tls, behind_proxy, code in (
        (None, None, False, "BIND_WITHOUT_AUTH"),
        (None, pem, False, "BIND_WITHOUT_AUTH"),
        (None, None, True, "BIND_WITHOUT_AUTH"),
        (Auth.KEYS, None, False, "BIND_WITHOUT_TLS"),
        (Auth.OIDC, None, False, "BIND_WITHOUT_TLS"),
    ):
        with pytest.raises(BindRefused) as refused:
            bind_asked(host, auth, tls, tls, behind_proxy=behind_proxy, allowed_hosts=())
        assert refused.value.code == code
    assert bind_asked(host, Auth.KEYS, pem, pem, behind_proxy=False, allowed_hosts=()).tls == Tls(pem, pem)
    assert bind_asked(host, Auth.OIDC, None, None, behind_proxy=True, allowed_hosts=()).is_secure


def test_a_certificate_and_its_key_come_together(pem: Path) -> None:
    for cert, key in ((pem, None), (None, pem), (pem, pem.with_name("none.pem"))):
        with pytest.raises(BindRefused):
            bind_asked("127.0.0.1", None, cert, key, behind_proxy=False, allowed_hosts=())


def test_names_are_the_binds_own_unless_said() -> None:
    assert Bind(allowed_hosts=("Risk.Example.com", "10.0.0.7:8443")).names() == {"risk.example.com", "10.0.0.7"}
    assert "10.0.0.7" in Bind("10.0.0.7").names()
    assert "evil.example" not in Bind("0.0.0.0").names()
    assert not is_loopback("127.0.0.1.evil.example")
    assert read_auth("") is None


@pytest.mark.parametrize(
    ("words", "fix"),
    [
        (["up", "--host", "0.0.0.0"], "--auth keys"),
        (["serve", "results", "--host", "10.0.0.7"], "--auth keys"),
        (["up", "--host", "10.0.0.7", "--auth", "keys"], "--behind-proxy"),
        (["up", "--auth", "passwords"], "keys or oidc"),
        (["serve", "results", "--auth", "oidc"], "provider"),
        (["up", "--tls-cert", "no-such.pem"], "--tls-key"),
    ],
)
def test_the_command_line_ends_with_2_and_the_fix(words: list[str], fix: str, tmp_path: Path) -> None:
    environment = {"TENOR_HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    ended = subprocess.run([TENOR, *words], capture_output=True, text=True, env=environment, check=False)
    assert ended.returncode == 2, ended.stderr
    assert fix in ended.stderr
    assert ended.stdout == ""
    assert not (tmp_path / "postgres").exists()
