"""The compose file: every name that is used exists, and every name that exists is used."""

import copy
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.services.waiting import PROJECT

COMPOSE = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())
EXAMPLE = (PROJECT / ".env.example").read_text()
SETTINGS = (PROJECT / "topcentrum" / "settings.py").read_text()
# Given to the portal by its own programs, not by the person who fills in .env.
INTERNAL = {"TOPCENTRUM_TESTING", "DEMO_POST_FOLDER"}


def explained(example: str) -> set[str]:
    """The variables that the example explains, set or as a comment."""
    return set(re.findall(r"^(?:# )?([A-Z][A-Z0-9_]*)=", example, re.MULTILINE))


def faults(compose: dict[str, Any], example: str) -> list[str]:
    """Everything that dangles, in words."""
    found = []
    services = compose["services"]
    volumes: set[str] = set()
    networks: set[str] = set()
    for name, service in services.items():
        for other in service.get("depends_on", {}):
            if other not in services:
                found.append(f"{name} waits for {other}, which is not there")
            elif service["depends_on"][other]["condition"] == "service_healthy" and (
                "healthcheck" not in services[other]
            ):
                found.append(f"{name} waits for the health of {other}, which tells none")
        mounted = [mount.split(":")[0] for mount in service.get("volumes", [])]
        volumes |= {mount for mount in mounted if not mount.startswith((".", "/"))}
        networks |= set(service.get("networks", []))
    found += _differences("volume", volumes, set(compose.get("volumes", {})))
    found += _differences("network", networks, set(compose.get("networks", {})))
    found += _unreachable(services)
    used = set(re.findall(r"(?<!\$)\$\{([A-Z_]+)", yaml.safe_dump(compose)))
    found += [f"variable {name} is not explained" for name in used - explained(example)]
    return found


def _differences(kind: str, used: set[str], declared: set[str]) -> list[str]:
    undeclared = [f"{kind} {name} is not declared" for name in used - declared]
    return undeclared + [f"{kind} {name} is not used" for name in declared - used]


def _unreachable(services: dict[str, Any]) -> list[str]:
    """Hosts in addresses must be services that share a network."""
    found = []
    for name, service in services.items():
        for value in service.get("environment", {}).values():
            for host in re.findall(r"://(?:[^@/]*@)?([a-z]+)[:/]", str(value)):
                other = services.get(host, {})
                if not set(service.get("networks", [])) & set(other.get("networks", [])):
                    found.append(f"{name} does not reach {host}")
    return found


def test_nothing_dangles() -> None:
    assert faults(COMPOSE, EXAMPLE) == []


def test_the_portal_is_all_there() -> None:
    always = {name for name, one in COMPOSE["services"].items() if "profiles" not in one}
    assert always == {"web", "worker", "beat", "database", "redis", "prepare"}
    assert set(COMPOSE["services"]) - always == {"relay"}
    assert COMPOSE["services"]["database"]["image"] == "postgres:18"
    steps = re.findall(r"manage\.py (\w+)", str(COMPOSE["services"]["prepare"]["command"]))
    assert steps == ["migrate", "load_reference"]


@pytest.mark.parametrize(
    ("path", "value", "fault"),
    [
        ("services web depends_on nobody", {"condition": "service_started"}, "waits for nobody"),
        ("services database healthcheck", None, "health of database"),
        ("services beat volumes", ["lost:/srv"], "volume lost is not declared"),
        ("services beat volumes", [], "volume beat is not used"),
        ("services web networks", ["elsewhere"], "network elsewhere is not declared"),
        ("services redis networks", ["outside", "other"], "does not reach redis"),
        ("services web environment REDIS_URL", "redis://cache:6379", "does not reach cache"),
        ("services web environment X", "${UNHEARD_OF:-1}", "UNHEARD_OF is not explained"),
    ],
)
def test_what_dangles_is_found(path: str, value: Any, fault: str) -> None:
    compose = copy.deepcopy(COMPOSE)
    *way, last = path.split()
    place = compose
    for step in way:
        place = place[step]
    if value is None:
        del place[last]
    else:
        place[last] = value
    # Networks "other" are declared, so that only reaching fails.
    compose["networks"]["other"] = {}
    if fault == "does not reach redis":
        for name in ("web", "worker", "beat", "prepare"):
            compose["services"][name]["networks"] = ["inside"]
    assert any(fault in one for one in faults(compose, EXAMPLE))


def test_every_setting_of_the_portal_is_explained() -> None:
    read = set(re.findall(r"env\.\w+\(\s*\"([A-Z_]+)\"", SETTINGS)) - INTERNAL
    assert len(read) > 8
    assert read <= explained(EXAMPLE), read - explained(EXAMPLE)


def test_the_example_explains_nothing_that_is_not_read() -> None:
    gunicorn = (PROJECT / "topcentrum" / "gunicorn.py").read_text()
    compose = (PROJECT / "docker-compose.yml").read_text()
    unread = [name for name in explained(EXAMPLE) if name not in SETTINGS + gunicorn + compose]
    assert unread == []


def test_the_image_copies_what_is_there() -> None:
    dockerfile = (PROJECT / "Dockerfile").read_text()
    sources = re.findall(r"^COPY (?:--\S+ )?(\S+) ", dockerfile, re.MULTILINE)
    inside = [source for source in sources if not source.startswith("/")]
    assert inside
    assert all((PROJECT / source).exists() for source in inside)
    assert "USER 10001" in dockerfile
    assert Path(PROJECT / "topcentrum" / "gunicorn.py").exists()
