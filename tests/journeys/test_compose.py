"""What the compose file promises: who reaches what, what each service needs, and that it is there."""

from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from ledger_node.config import Config

ROOT = Path(__file__).parent.parent.parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name for name, service in SERVICES.items() if service["image"].startswith("ledger-node:")}
LASTING = OURS - {"split-init", "besu-keys"}
PORT_OF = {"gateway": 8080, "rpc": 8545}


def environment(name: str) -> dict[str, str]:
    return dict(SERVICES[name].get("environment", {}))


def test_without_a_profile_one_node_is_the_whole_of_it() -> None:
    assert [name for name, service in SERVICES.items() if "profiles" not in service] == ["node"]
    assert SERVICES["node"]["volumes"] == ["data:/data"]


def test_the_doors_are_open_to_this_machine_only_and_no_two_want_the_same() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert len(published) == 5
    assert all(port.startswith("127.0.0.1:${") for port in published)
    assert all(int(port.rpartition(":")[2]) in PORT_OF.values() for port in published)
    assert len({port.rpartition(":")[0] for port in published}) == len(published)


def test_every_published_address_is_named_by_its_setting_and_default() -> None:
    defaults = {port.split(":-")[1].split("}")[0] for s in SERVICES.values() for port in s.get("ports", [])}
    assert defaults == {"8080", "8545", "8081", "8546", "8082"}


def test_a_container_of_ours_gets_no_more_than_its_volume() -> None:
    for name in LASTING:
        service = SERVICES[name]
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"]
        assert "no-new-privileges:true" in service["security_opt"]
        assert service["restart"] == "unless-stopped"
        (volume,) = service["volumes"]
        assert volume.endswith(":/data")


def test_what_runs_as_root_ends_and_reaches_no_network() -> None:
    for name in OURS - LASTING:
        assert SERVICES[name]["user"] == "0:0"
        assert SERVICES[name]["network_mode"] == "none"
        assert "restart" not in SERVICES[name]
        waiting = [s for s in SERVICES.values() if name in (s.get("depends_on") or [])]
        assert waiting
        assert all(s["depends_on"][name]["condition"] == "service_completed_successfully" for s in waiting)


def test_whoever_waits_for_another_shares_its_profile() -> None:
    for service in SERVICES.values():
        for other in service.get("depends_on", []):
            assert SERVICES[other]["profiles"] == service["profiles"]


def test_every_volume_and_file_is_there_and_every_volume_is_used() -> None:
    used = set()
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("./"):
                assert (ROOT / source).exists()
            else:
                used.add(source)
    assert used == set(COMPOSE["volumes"])


def test_every_image_of_ours_can_be_built_by_whichever_service_comes_first() -> None:
    assert {SERVICES[name]["build"] for name in OURS} == {"."}
    assert len({SERVICES[name]["image"] for name in OURS}) == 1


@pytest.mark.parametrize("gateway", ["gateway-split", "gateway-besu"])
def test_a_gateway_asks_a_service_that_is_there_and_answers_to_that_name(gateway: str) -> None:
    url = httpx.URL(environment(gateway)["LEDGER_CHAIN"])
    assert url.host in SERVICES[gateway]["depends_on"]
    assert url.port == PORT_OF["rpc"]
    allowed = environment(url.host).get("LEDGER_RPC_ALLOWED_HOSTS")
    assert (url.host in OURS) == (allowed is not None and url.host in allowed.split(","))


def test_every_setting_in_it_is_one_of_the_nodes() -> None:
    for name in OURS:
        for variable in environment(name):
            setting = variable.removeprefix("LEDGER_").lower()
            assert variable.startswith("INIT_") or setting in Config.model_fields, variable
