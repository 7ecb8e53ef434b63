"""deploy/kubernetes holds to the schemas of those who read it, and to the code: topics, settings, probes."""

from __future__ import annotations

import pytest
from jsonschema import Draft7Validator

from schemas.topics import ALL, BY_NAME, INPUT_NAMES, OUTPUTS, PUBLISHED
from streams.kafka.topics import INSYNC_REPLICAS, REPLICAS, configs_of
from streams.settings import Settings
from tests.deploy.manifests import (
    FOLDER,
    image,
    kustomizations,
    load_all,
    manifests,
    of_kind,
    only,
    rights,
    schema,
    settings_of_workers,
    user,
    variables,
    worker,
)
from tests.deploy.test_image import PAGES
from tests.support.rights import kafka_rights


def test_every_file_is_part_of_the_whole() -> None:
    """From the kustomization at the top every file is reached, and none twice."""
    reached = [*kustomizations(FOLDER), *(path for path, _ in manifests())]
    assert sorted(set(reached)) == sorted(FOLDER.rglob("*.yaml"))


def test_every_manifest_holds_to_its_schema() -> None:
    """Strictly: a word that the schema does not know is an error."""
    found = []
    for path, manifest in manifests():
        for error in Draft7Validator(schema(manifest)).iter_errors(manifest):
            found.append(f"{path.name}: {manifest['metadata']['name']}: {error.json_path}: {error.message}")
    assert found == []


def test_a_misspelt_word_would_be_found() -> None:
    """The schemas are strict, those of the operators, too."""
    for kind in ("Deployment", "KafkaTopic", "KafkaUser", "ScaledObject"):
        manifest = only(kind) if kind in ("Deployment", "ScaledObject") else of_kind(kind)[0]
        wrong = {**manifest, "spec": {**manifest["spec"], "misspelt": 1}}
        assert list(Draft7Validator(schema(wrong)).iter_errors(wrong))


def test_topics_are_those_of_the_table() -> None:
    """Names, partitions, replicas and each configuration entry are what `leadline topics apply` makes."""
    partitions = settings_of_workers().partitions
    topics = {manifest["metadata"]["name"]: manifest["spec"] for manifest in of_kind("KafkaTopic")}
    assert set(topics) == set(BY_NAME)
    for topic in ALL:
        wanted = {**configs_of(topic), "min.insync.replicas": f"{INSYNC_REPLICAS}"}
        spec = topics[topic.name]
        assert (spec["partitions"], spec["replicas"]) == (partitions, REPLICAS)
        assert {name: str(value) for name, value in spec["config"].items()} == wanted


def test_rights_name_topics_groups_and_transactions_that_there_are() -> None:
    """A worker may read each input, write each output, and join its group; nobody may make or change a topic."""
    settings = settings_of_workers()
    for each in of_kind("KafkaUser"):
        found = list(rights(each))
        assert {name for kind, name, _ in found if kind == "topic"} <= set(BY_NAME)
        assert {name for kind, name, _ in found if kind == "group"} == {settings.group}
        assert {operation for _, _, operations in found for operation in operations} <= {
            "Read",
            "Write",
            "Describe",
            "DescribeConfigs",
        }
    given = {(kind, name): operations for kind, name, operations in rights(user("leadline-worker"))}
    assert given["transactionalId", f"{settings.prefix}-out-"] == {"Write"}
    assert all("Read" in given["topic", name] for name in BY_NAME)
    written = {name for (kind, name), operations in given.items() if kind == "topic" and "Write" in operations}
    assert written == {*(topic.name for topic in OUTPUTS), PUBLISHED.name, "leadline.rekeyed"}


def test_a_worker_has_the_rights_of_the_security_page() -> None:
    """The same list, which other tests give to the user of a worker."""
    settings = settings_of_workers()
    listed = {
        (right.resource.replace(" id", "Id"), right.name.removesuffix("*"), right.operation)
        for right in kafka_rights("Worker", group=settings.group, prefix=settings.prefix)
    }
    given = {(kind, name, operation) for kind, name, each in rights(user("leadline-worker")) for operation in each}
    assert given == listed


def test_workers_scale_up_to_the_partitions() -> None:
    """By what waits for the workers' own group; the budget leaves one worker at least."""
    scaled, settings = only("ScaledObject")["spec"], settings_of_workers()
    assert scaled["scaleTargetRef"]["name"] == only("Deployment")["metadata"]["name"]
    assert scaled["maxReplicaCount"] == settings.partitions
    assert "replicas" not in only("Deployment")["spec"]
    (trigger,) = scaled["triggers"]
    assert trigger["type"] == "kafka"
    assert trigger["metadata"]["consumerGroup"] == settings.group
    host, _, port = trigger["metadata"]["bootstrapServers"].partition(":")
    name, _, _ = host.partition(".")
    assert f"{name}:{port}" == settings.kafka
    assert trigger["authenticationRef"]["name"] == only("TriggerAuthentication")["metadata"]["name"]
    assert scaled["minReplicaCount"] > only("PodDisruptionBudget")["spec"]["maxUnavailable"]
    scaler = {name for kind, name, _ in rights(user("leadline-scaler")) if kind == "topic"}
    assert scaler == set(INPUT_NAMES)


def test_probes_and_metrics_are_the_pages_of_the_worker() -> None:
    """Their paths are served, on the port that the image listens on."""
    container, template = worker(), only("Deployment")["spec"]["template"]
    scraped = {name.partition("/")[2]: value for name, value in template["metadata"]["annotations"].items()}
    asked = [container[f"{probe}Probe"]["httpGet"] for probe in ("startup", "liveness", "readiness")]
    assert [each["path"] for each in asked] == ["/live", "/live", "/ready"]
    assert {"/live", "/ready", scraped["path"]} == set(PAGES)
    (port,) = container["ports"]
    assert {each["port"] for each in asked} == {port["name"]}
    assert f"{port['containerPort']}" == scraped["port"] == image().last("EXPOSE").text
    assert variables()["LEADLINE_HTTP"] == image().environment["LEADLINE_HTTP"]
    (ingress,) = only("NetworkPolicy")["spec"]["ingress"]
    assert [each["port"] for each in ingress["ports"]] == [port["containerPort"]]


def test_the_worker_has_no_rights_that_it_does_not_need() -> None:
    """Nobody, as in the image; nothing to write to, no capability, no token."""
    pod, container = only("Deployment")["spec"]["template"]["spec"], worker()
    ids = pod["securityContext"]["runAsUser"], pod["securityContext"]["runAsGroup"]
    assert ":".join(map(str, ids)) == image().last("USER").text
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "privileged": False,
        "capabilities": {"drop": ["ALL"]},
    }
    assert pod["automountServiceAccountToken"] is only("ServiceAccount")["automountServiceAccountToken"] is False
    assert pod["serviceAccountName"] == only("ServiceAccount")["metadata"]["name"]
    assert "command" not in container, "the image's entry point starts no shell"


def test_the_worker_has_the_time_that_its_end_takes() -> None:
    """Kubernetes kills after the grace period; Faust's services are given up before."""
    from streams.app import CANCEL_TIMEOUT_S, STOP_TIMEOUT_S

    grace_s = only("Deployment")["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
    assert grace_s > STOP_TIMEOUT_S + CANCEL_TIMEOUT_S


def test_variables_are_settings_and_files_are_mounted() -> None:
    """Each is one of streams/settings.py; each file lies in a volume of a secret; selectors meet the labels."""
    fields = {f"LEADLINE_{name.upper()}" for name in Settings.model_fields}
    assert {name.removesuffix("_FILE") if name not in fields else name for name in variables()} <= fields
    mounts = tuple(mount["mountPath"] for mount in worker()["volumeMounts"])
    files = [value for name, value in variables().items() if name.endswith("_FILE")]
    assert files
    assert all(value.startswith(mounts) for value in files)
    labels = only("Deployment")["spec"]["template"]["metadata"]["labels"]
    for kind in ("PodDisruptionBudget", "NetworkPolicy"):
        spec = only(kind)["spec"]
        assert spec.get("selector", spec.get("podSelector"))["matchLabels"].items() <= labels.items()


def test_certificates_are_those_that_strimzi_makes() -> None:
    """Of the cluster that the topics belong to, and of the worker's own user."""
    (labels,) = load_all(FOLDER / "strimzi/kustomization.yaml")[0]["labels"]
    cluster = labels["pairs"]["strimzi.io/cluster"]
    pod = only("Deployment")["spec"]["template"]["spec"]
    paths = {mount["name"]: mount["mountPath"] for mount in worker()["volumeMounts"]}
    secrets = {paths[volume["name"]]: volume["secret"]["secretName"] for volume in pod["volumes"]}
    files = {
        name: value.rpartition("/") for name, value in variables().items() if name.startswith("LEADLINE_KAFKA_")
    }
    assert {name: (secrets[folder], key) for name, (folder, _, key) in files.items()} == {
        "LEADLINE_KAFKA_CA_FILE": (f"{cluster}-cluster-ca-cert", "ca.crt"),
        "LEADLINE_KAFKA_CERT_FILE": (user("leadline-worker")["metadata"]["name"], "user.crt"),
        "LEADLINE_KAFKA_KEY_FILE": (user("leadline-worker")["metadata"]["name"], "user.key"),
    }


@pytest.mark.parametrize("port", ["kafka", "redis", "name server"])
def test_the_network_policy_lets_the_worker_reach_what_it_needs(port: str) -> None:
    """Kafka's TLS listener, Redis, the name server."""
    number = {"kafka": int(settings_of_workers().kafka.rpartition(":")[2]), "redis": 6379, "name server": 53}[port]
    allowed = [each["port"] for rule in only("NetworkPolicy")["spec"]["egress"] for each in rule["ports"]]
    assert number in allowed
