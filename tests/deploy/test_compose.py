"""deploy/compose.yaml holds to the Compose Specification, and to the code: settings, ports, order of start."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from streams.settings import Settings, load
from streams.store.safety import OLDEST_REDIS
from tests.deploy.dockerfile import stages
from tests.deploy.test_image import PAGES
from tests.support.workers import ROOT

DEPLOY = ROOT / "deploy"
SCHEMA = ROOT / "tests/deploy/schemas/compose/compose-spec.json"

Service = dict[str, Any]


@pytest.fixture(scope="module")
def services() -> dict[str, Service]:
    """The services by name."""
    found: dict[str, Service] = _compose()["services"]
    return found


def test_the_file_holds_to_the_specification() -> None:
    """By its JSON schema, which knows no other word."""
    errors = Draft7Validator(json.loads(SCHEMA.read_text(encoding="utf-8"))).iter_errors(_compose())
    assert [f"{error.json_path}: {error.message}" for error in errors] == []


@pytest.mark.parametrize("name", ["topics", "worker"])
def test_what_leadline_is_told_are_settings_that_hold(name: str, services: dict[str, Service]) -> None:
    """Every variable is a setting, and the addresses are those of the services."""
    given = services[name]["environment"]
    settings = load(given)
    assert {f"LEADLINE_{field.upper()}" for field in settings.model_fields_set} == set(given)
    kafka = services["kafka"]["environment"]
    assert f"INSIDE://{settings.kafka}" in kafka["KAFKA_ADVERTISED_LISTENERS"].split(",")
    assert settings.redis == "redis://redis:6379/0"
    assert settings.partitions == Settings().partitions


def test_the_worker_waits_for_topics_and_redis(services: dict[str, Service]) -> None:
    """The topics are made once and by the same image; a worker that is told to stop has the time that it takes."""
    from streams.app import CANCEL_TIMEOUT_S, STOP_TIMEOUT_S

    worker, topics = services["worker"], services["topics"]
    assert worker["depends_on"] == {
        "topics": {"condition": "service_completed_successfully"},
        "redis": {"condition": "service_healthy"},
    }
    assert (topics["command"], topics["image"]) == (["topics", "apply"], worker["image"])
    assert "restart" not in topics
    assert float(worker["stop_grace_period"].removesuffix("s")) > STOP_TIMEOUT_S + CANCEL_TIMEOUT_S


def test_leadline_has_no_rights_that_it_does_not_need(services: dict[str, Service]) -> None:
    """A read-only root, no capabilities; only this machine reaches any port."""
    for name in ("topics", "worker"):
        assert services[name]["read_only"] is True
        assert services[name]["cap_drop"] == ["ALL"]
        assert services[name]["security_opt"] == ["no-new-privileges:true"]
        assert not {"privileged", "user", "entrypoint", "network_mode"} & set(services[name])
    published = [port for service in services.values() for port in service.get("ports", ())]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_the_image_is_built_from_the_dockerfile_with_its_port(services: dict[str, Service]) -> None:
    """Where /metrics answers is what the image listens on."""
    worker = services["worker"]
    assert (DEPLOY / worker["build"]["context"] / worker["build"]["dockerfile"]).samefile(DEPLOY / "Dockerfile")
    assert worker["expose"] == [stages(DEPLOY / "Dockerfile")[-1].last("EXPOSE").text]


def test_redis_keeps_what_it_is_given(services: dict[str, Service]) -> None:
    """The checks of a worker's start, on what the file says: AOF each second, no eviction, a bound, a volume."""
    words = services["redis"]["command"][1:]
    options = dict(zip(words[::2], words[1::2], strict=True))
    assert options["--appendonly"] == "yes"
    assert options["--appendfsync"] == "everysec"
    assert options["--maxmemory-policy"] == "noeviction"
    assert options["--maxmemory"] != "0"
    assert services["redis"]["volumes"] == ["redis:/data"]
    version = services["redis"]["image"].partition(":")[2].partition("-")[0]
    assert tuple(map(int, version.split("."))) >= OLDEST_REDIS


def test_one_broker_keeps_one_copy_of_everything(services: dict[str, Service]) -> None:
    """Else Kafka would wait for brokers that are not there; its files are in a volume."""
    given = services["kafka"]["environment"]
    copies = {name: value for name, value in given.items() if name.endswith(("REPLICATION_FACTOR", "MIN_ISR"))}
    assert len(copies) == 5
    assert set(copies.values()) == {"1"}
    assert services["kafka"]["volumes"] == [f"kafka:{given['KAFKA_LOG_DIRS']}"]


def test_prometheus_scrapes_every_worker_and_has_the_rules(services: dict[str, Service]) -> None:
    """By the name of the service and the port of the image; rules lie beside the configuration."""
    (config,) = services["prometheus"]["configs"]
    read = yaml.safe_load(_compose()["configs"][config["source"]]["content"])
    (job,) = read["scrape_configs"]
    (found,) = job["dns_sd_configs"]
    assert found["names"] == ["worker"]
    assert [f"{found['port']}"] == services["worker"]["expose"]
    assert job.get("metrics_path", "/metrics") in PAGES
    folder = config["target"].rpartition("/")[0]
    mounted = [f"./prometheus/{name}:{folder}/{name}:ro" for name in read["rule_files"]]
    assert mounted == [each for each in services["prometheus"]["volumes"] if each.startswith(".")]


def test_grafana_finds_prometheus_and_the_dashboard(services: dict[str, Service]) -> None:
    """What is provisioned names the service, its port, and the folder where the dashboard is put."""
    provisioning = DEPLOY / "grafana/provisioning"
    (source,) = yaml.safe_load((provisioning / "datasources/prometheus.yaml").read_text())["datasources"]
    (provider,) = yaml.safe_load((provisioning / "dashboards/leadline.yaml").read_text())["providers"]
    port = services["prometheus"]["ports"][0].rpartition(":")[2]
    assert source["url"] == f"http://prometheus:{port}"
    folder = provider["options"]["path"]
    assert f"./grafana/leadline.json:{folder}/leadline.json:ro" in services["grafana"]["volumes"]
    assert (
        services["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"] == f"{folder}/leadline.json"
    )


def test_every_file_that_is_mounted_is_there(services: dict[str, Service]) -> None:
    """Docker would make a directory of a name that is missing."""
    mounted = [each.split(":")[0] for service in services.values() for each in service.get("volumes", ())]
    paths = [DEPLOY / each for each in mounted if each.startswith(".")]
    assert len(paths) == 3
    assert all(path.exists() for path in paths)


def _compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    return found
