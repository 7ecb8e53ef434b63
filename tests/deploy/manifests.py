"""The manifests of deploy/kubernetes as their kustomizations name them, and the schema of each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from streams.settings import Settings, load
from tests.deploy.dockerfile import Stage, stages
from tests.support.workers import ROOT

FOLDER = ROOT / "deploy/kubernetes"
SCHEMAS = ROOT / "tests/deploy/schemas"

DEFINITIONS = {
    "Deployment": "io.k8s.api.apps.v1.Deployment",
    "NetworkPolicy": "io.k8s.api.networking.v1.NetworkPolicy",
    "PodDisruptionBudget": "io.k8s.api.policy.v1.PodDisruptionBudget",
    "ServiceAccount": "io.k8s.api.core.v1.ServiceAccount",
}

Manifest = dict[str, Any]


def kustomizations(folder: Path) -> Iterator[Path]:
    """The kustomization of this folder, and those that it names."""
    yield folder / "kustomization.yaml"
    for name in load_all(folder / "kustomization.yaml")[0]["resources"]:
        if (folder / name).is_dir():
            yield from kustomizations(folder / name)


@cache
def manifests() -> tuple[tuple[Path, Manifest], ...]:
    """Every manifest that the kustomizations name, with its file."""
    return tuple(
        (path.parent / name, manifest)
        for path in kustomizations(FOLDER)
        for name in load_all(path)[0]["resources"]
        if (path.parent / name).is_file()
        for manifest in load_all(path.parent / name)
    )


def load_all(path: Path) -> list[Manifest]:
    """Every document of a file."""
    return list(yaml.safe_load_all(path.read_text(encoding="utf-8")))


def of_kind(kind: str) -> list[Manifest]:
    """The manifests of this kind."""
    return [manifest for _, manifest in manifests() if manifest["kind"] == kind]


def only(kind: str) -> Manifest:
    """The one manifest of this kind. Raises ValueError if there are more or none."""
    (manifest,) = of_kind(kind)
    return manifest


def user(name: str) -> Manifest:
    """The KafkaUser of this name."""
    (found,) = [each for each in of_kind("KafkaUser") if each["metadata"]["name"] == name]
    return found


def rights(user: Manifest) -> Iterator[tuple[str, str, set[str]]]:
    """(kind of resource, its name, operations) of each rule."""
    for acl in user["spec"]["authorization"]["acls"]:
        yield acl["resource"]["type"], acl["resource"]["name"], set(acl["operations"])


def worker() -> Manifest:
    """The container of the Deployment."""
    (container,) = only("Deployment")["spec"]["template"]["spec"]["containers"]
    found: Manifest = container
    return found


def image() -> Stage:
    """The last stage of the Dockerfile."""
    return stages(ROOT / "deploy/Dockerfile")[-1]


def variables() -> dict[str, str]:
    """Of the generated ConfigMap and of the container itself."""
    (generated,) = load_all(FOLDER / "worker/kustomization.yaml")[0]["configMapGenerator"]
    (source,) = worker()["envFrom"]
    assert source["configMapRef"]["name"] == generated["name"]
    literals = dict(line.split("=", 1) for line in generated["literals"])
    return literals | {each["name"]: each["value"] for each in worker()["env"]}


def settings_of_workers() -> Settings:
    """What a worker there is set to, but for what comes from secrets."""
    return load({name: value for name, value in variables().items() if not name.endswith("_FILE")})


@cache
def _definitions() -> Manifest:
    found: Manifest = json.loads((SCHEMAS / "kubernetes/definitions.json").read_text(encoding="utf-8"))
    return found


@cache
def _custom() -> dict[tuple[str, str], Manifest]:
    """The schemas of the operators' own kinds, by API version and kind."""
    found = {}
    for path in (*(SCHEMAS / "strimzi").glob("*.yaml"), *(SCHEMAS / "keda").glob("*.yaml")):
        (definition,) = load_all(path)
        spec = definition["spec"]
        for version in spec["versions"]:
            key = f"{spec['group']}/{version['name']}", spec["names"]["kind"]
            found[key] = _strict(version["schema"]["openAPIV3Schema"])
    return found


def schema(manifest: Manifest) -> Manifest:
    """The JSON Schema of a manifest; no other member than it names."""
    if manifest["kind"] in DEFINITIONS:
        return {"$ref": f"#/$defs/{DEFINITIONS[manifest['kind']]}", "$defs": _definitions()["$defs"]}
    return _custom()[manifest["apiVersion"], manifest["kind"]]


def _strict(schema: Any, name: str = "") -> Any:
    """No other member than those that are named; Kubernetes would drop them without a word."""
    if isinstance(schema, list):
        return [_strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: _strict(value, key) for key, value in schema.items()}
    if name != "properties" and "properties" in found and not found.get("x-kubernetes-preserve-unknown-fields"):
        found.setdefault("additionalProperties", False)
    return found
