"""Settings: where they come from, which wins, and what is refused."""

from pathlib import Path

import pytest

from ledger_node.config import Config, load_config
from ledger_node.doors import rpc_settings
from ledger_node.errors import ConfigurationError
from ledger_node.rpc.settings import RpcLimits, RpcSettings


def test_a_flag_wins_over_the_environment_which_wins_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.toml").write_text('gateway_port = 1\nrpc_port = 1\nlog_level = "debug"\n')
    monkeypatch.setenv("LEDGER_GATEWAY_PORT", "2")
    monkeypatch.setenv("LEDGER_RPC_PORT", "2")

    config = load_config({"data": tmp_path, "gateway_port": 3, "log_level": None})

    assert (config.gateway_port, config.rpc_port, config.log_level) == (3, 2, "debug")


def test_what_nobody_set_has_its_default(tmp_path: Path) -> None:
    config = load_config({"data": tmp_path})
    assert config.gateway_port == Config.model_fields["gateway_port"].default == 8080
    assert config.currencies == ("USD", "EUR", "JPY")
    assert config.ledger_url == f"sqlite:///{tmp_path / 'ledger.sqlite'}"


def test_the_environment_can_name_the_data_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config.toml").write_text("rpc_port = 9\n")
    monkeypatch.setenv("LEDGER_DATA", str(tmp_path))
    assert load_config({}).rpc_port == 9


@pytest.mark.parametrize(
    ("file", "environment", "flags", "named"),
    [
        ("gatway_port = 1\n", {}, {}, "gatway_port"),
        ("", {"LEDGER_GATWAY_PORT": "1"}, {}, "LEDGER_GATWAY_PORT"),
        ("", {}, {"gatway_port": 1}, "gatway_port"),
        ("gateway_port = 70000\n", {}, {}, "gateway_port"),
        ("", {"LEDGER_WAIT_MAX_S": "-1"}, {}, "wait_max_s"),
        ('currencies = ["USD", "XXQ"]\n', {}, {}, "XXQ"),
        ('currencies = ["USD", "USD"]\n', {}, {}, "once"),
        ("currencies = []\n", {}, {}, "at least one"),
        ('log_level = "loud"\n', {}, {}, "log_level"),
        ("gateway_port = \n", {}, {}, "TOML"),
    ],
)
def test_a_setting_that_is_unknown_or_impossible_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, environment: dict[str, str], flags: dict[str, object],
    named: str,
) -> None:  # fmt: skip
    (tmp_path / "config.toml").write_text(file)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match=named):
        load_config({"data": tmp_path, **flags})


@pytest.mark.parametrize(
    "url", ["http://localhost:8545", "https://u:p@node.example/path", "ws://[::1]:8546", "wss://a.example"]
)
def test_the_chain_may_be_asked_over_http_and_over_a_websocket(tmp_path: Path, url: str) -> None:
    assert load_config({"data": tmp_path, "chain": url}).chain == url


@pytest.mark.parametrize(
    "url", ["localhost:8545", "127.0.0.1:8545", "ftp://node.example", "http://", "ws://u:hunter2@:1", "http://a:port"]
)
def test_an_address_that_is_none_is_refused_and_not_repeated(tmp_path: Path, url: str) -> None:
    for setting in ("chain", "follow"):
        with pytest.raises(ConfigurationError, match=f"'{setting}'.*write a URL") as refused:
            load_config({"data": tmp_path, setting: url})
        assert "hunter2" not in refused.value.detail
    with pytest.raises(ConfigurationError, match=r"schemes: http, https$"):
        load_config({"data": tmp_path, "follow": "ws://localhost:8545"})


def test_currencies_can_be_written_as_one_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEDGER_CURRENCIES", "BHD, JPY")
    assert load_config({"data": tmp_path}).currencies == ("BHD", "JPY")


def test_the_json_rpc_limits_and_names_are_settings_with_the_door_s_own_defaults(tmp_path: Path) -> None:
    assert rpc_settings(load_config({"data": tmp_path})) == RpcSettings()
    given = {"rpc_batch_items": 7, "rpc_cors_origins": "https://Remix.ethereum.org, https://b.example"}
    settings = rpc_settings(load_config({"data": tmp_path, **given}))
    assert settings.limits == RpcLimits(batch_items=7)
    assert settings.cors_origins == ("https://remix.ethereum.org", "https://b.example")


def test_a_json_rpc_limit_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="rpc_connections"):
        load_config({"data": tmp_path, "rpc_connections": 0})
