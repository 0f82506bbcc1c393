"""Check the chart without a cluster: rendered by Helm's own engine, judged by Kubernetes' schemas.

Run by `make chart`, in an environment of its own (`requirements/chart.txt`).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml
from helm_python import errors
from helm_python.chart import Chart, lint
from kubernetes_validate import ValidationError, validate

CHART: Final = Path(__file__).with_name("tiktok-events")
VERSIONS: Final = ("1.25", "1.30", "1.37")
"""The oldest that the chart wants, one between, and the newest that is known."""

REDIS: Final = {"redis": {"existingSecret": "redis"}}
SECRETS: Final = {
    **REDIS,
    "accessToken": {"existingSecret": "tiktok"},
    "destinations": {"existingSecret": "destinations"},
}
SERVE: Final = {
    "enabled": True,
    "tokens": {"existingSecret": "serve-tokens"},
    "viewToken": {"existingSecret": "serve-view"},
    "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
    "from": [{"namespaceSelector": {}}],
}
WATCHED: Final = {**SECRETS, "serve": SERVE, "keda": {"enabled": True, "maxReplicas": 40}}
EVERYTHING: Final = {
    **SECRETS,
    "image": {"digest": f"sha256:{'a' * 64}"},
    "imagePullSecrets": [{"name": "registry"}],
    "settings": {"BATCH_EVENTS": 500, "STRICT": True, "DEFAULT_REGION": "DE"},
    "extraEnv": [{"name": "SHOP_TOKEN", "value": "x"}],
    "extraEnvFrom": [{"secretRef": {"name": "tokens"}}],
    "autoscaling": {"enabled": True},
    "podDisruptionBudget": {"maxUnavailable": "25%"},
    "networkPolicy": {"redisTo": [{"podSelector": {"matchLabels": {"app": "redis"}}}],
                      "extraEgress": [{"ports": [{"port": 3128, "protocol": "TCP"}]}]},
    "serviceAccount": {"annotations": {"a": "b"}},
    "podAnnotations": {"a": "b"},
    "podLabels": {"team": "ads"},
    "nodeSelector": {"kubernetes.io/os": "linux"},
    "tolerations": [{"key": "ads", "operator": "Exists"}],
    "affinity": {"podAntiAffinity": {}},
    "topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "zone",
                                   "whenUnsatisfiable": "ScheduleAnyway"}],
    "priorityClassName": "high",
}  # fmt: skip
LEAST: Final = {
    "redis": {"url": "redis://redis:6379/0"},
    "podDisruptionBudget": {"enabled": False},
    "networkPolicy": {"enabled": False},
    "serviceAccount": {"create": False},
}
GOOD: Final = {
    "only Redis": REDIS,
    "secrets": SECRETS,
    "everything": EVERYTHING,
    "watched": WATCHED,
    "least": LEAST,
}
OF_OTHERS: Final = ("monitoring.coreos.com/", "keda.sh/")
"""Kinds that operators bring: Kubernetes publishes no schema of them."""

BAD: Final[Mapping[str, Mapping[str, Any]]] = {
    "no server": {},
    "a password in the release": {"redis": {"url": "redis://:secret@redis:6379/0"}},
    "a misspelt value": {**REDIS, "replicas": 3},
    "a misspelt value within": {**REDIS, "autoscaling": {"enable": True}},
    "workers as words": {**REDIS, "replicaCount": "two"},
    "too little time to leave": {**REDIS, "terminationGracePeriodSeconds": 10},
    "a setting with its prefix": {**REDIS, "settings": {"TIKTOK_EVENTS_STRICT": "1"}},
    "a token among the settings": {**REDIS, "settings": {"ACCESS_TOKEN": "secret"}},
    "a digest that is none": {**REDIS, "image": {"digest": "latest"}},
    "serving without tokens": {**REDIS, "serve": {"enabled": True}},
    "a monitor without a token": {**REDIS, "serve": {**SERVE, "viewToken": {}}},
    "two that scale": {**WATCHED, "autoscaling": {"enabled": True}},
    "KEDA without what it asks": {**REDIS, "keda": {"enabled": True}},
}


def problems() -> Iterator[str]:
    """What is wrong with the chart."""
    for error in lint(CHART, values=SECRETS, strict=True)["errors"]:
        yield f"helm lint: {error}"
    with Chart.load(CHART) as chart:
        for name, values in GOOD.items():
            yield from _of_rendered(name, _rendered(chart, values))
        for name, values in BAD.items():
            if not _is_refused(chart, values):
                yield f"{name}: is not refused"


def _rendered(chart: Chart, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every object that the chart makes of values, the test of the release too."""
    files = chart.render(values=dict(values), name="ads")
    texts = (text for name, text in files.items() if name.endswith(".yaml"))
    documents = (one for text in texts for one in yaml.safe_load_all(text))
    return [one for one in documents if one]


def _of_rendered(name: str, objects: list[dict[str, Any]]) -> Iterator[str]:
    kinds = sorted(one["kind"] for one in objects)
    print(f"{name}: {', '.join(kinds)}")
    if not {"Deployment", "Pod"} <= set(kinds):
        yield f"{name}: the workers or their test are missing"
    if name == "watched":
        yield from _of_watching(objects)
    for one in objects:
        if one["apiVersion"].startswith(OF_OTHERS):
            continue
        for version in VERSIONS:
            try:
                validate(one, version, strict=True)
            except ValidationError as error:
                yield f"{name}, Kubernetes {version}, {one['kind']}: {error.message}"


def _of_watching(objects: list[dict[str, Any]]) -> Iterator[str]:
    """Prometheus and KEDA ask the Service that there is, at its port, with the token."""
    named = {(one["kind"], one["metadata"]["name"]): one for one in objects}
    service = named["Service", "ads-tiktok-events-serve"]
    monitor = named["ServiceMonitor", "ads-tiktok-events"]["spec"]
    trigger = named["ScaledObject", "ads-tiktok-events"]["spec"]["triggers"][0]
    host = f"{service['metadata']['name']}.default:{service['spec']['ports'][0]['port']}"
    if trigger["metadata"]["url"] != f"http://{host}/scale":
        yield f"KEDA asks {trigger['metadata']['url']}"
    if not monitor["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items():
        yield "Prometheus does not find the Service"
    if monitor["endpoints"][0]["port"] != service["spec"]["ports"][0]["name"]:
        yield "Prometheus asks at no port of the Service"
    if ("TriggerAuthentication", trigger["authenticationRef"]["name"]) not in named:
        yield "KEDA has no token"
    if "replicas" in named["Deployment", "ads-tiktok-events"]["spec"]:
        yield "the chart undoes what KEDA does"


def _is_refused(chart: Chart, values: Mapping[str, Any]) -> bool:
    try:
        chart.render(values=dict(values), name="ads")
    except errors.HelmError:
        return True
    return False


if __name__ == "__main__":
    found = list(problems())
    print(*(found or ["the chart is in order"]), sep="\n")
    sys.exit(bool(found))
