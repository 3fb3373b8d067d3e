"""A real Kubernetes control plane and the webhook beside it, on loopback, for tests and the demo.

processes      a program that runs in the background, with its log, its readiness and its end
pki            keys, certificates and kubeconfig files
control_plane  etcd, kube-apiserver, kube-controller-manager, kube-scheduler, kwok and two nodes
kubectl        kubectl against it: what it printed, what the API server stored
manifests      the shipped manifests, with only the webhooks' address replaced
webhook        `confidential-pods serve` and its policies directory
meddler        another mutating webhook, which undoes what ours did
installation   all of it together, as an administrator would have installed it
"""
