"""Where the recorded reviews and real workloads lie, and how they are read."""

import json
import os
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED = pathlib.Path(os.environ.get("CONFIDENTIAL_PODS_SHARED", ROOT.parent / "shared"))
WORKLOADS = SHARED / "k8s/workload-corpus.jsonl"
REVIEWS = SHARED / "k8s/admission-reviews.jsonl"


def lines_of(path):
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def workloads():
    """Records with source, file and object."""
    return lines_of(WORKLOADS)


def reviews():
    """AdmissionReviews as a real API server sent them."""
    return [each["review"] for each in lines_of(REVIEWS)]


def created_pods():
    """The Pods of the recorded reviews that create one."""
    requests = [each["request"] for each in reviews()]
    return [each["object"] for each in requests if each["operation"] == "CREATE"
            and each["kind"]["kind"] == "Pod" and not each.get("subResource")]
