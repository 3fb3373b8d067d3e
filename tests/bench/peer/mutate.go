package main

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"

	"gomodules.xyz/jsonpatch/v2"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

const required = "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution"

var (
	pool = corev1.NodeSelectorRequirement{
		Key: "agentpool", Operator: corev1.NodeSelectorOpIn, Values: []string{"confidentialpool"},
	}
	poolOnly = corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{
		{MatchExpressions: []corev1.NodeSelectorRequirement{pool}},
	}}
	step, volumes = attestationStep()
)

// open tells whether a node selector term lets Pods onto other pools: an empty one matches no node.
func open(term corev1.NodeSelectorTerm) bool {
	return len(term.MatchExpressions)+len(term.MatchFields) > 0 &&
		!slices.ContainsFunc(term.MatchExpressions, func(r corev1.NodeSelectorRequirement) bool {
			return r.Key == pool.Key && r.Operator == pool.Operator && slices.Equal(r.Values, pool.Values)
		})
}

// byDiff changes the typed Pod and lets the framework compare it with what came in.
func byDiff(raw []byte, pod *corev1.Pod) admission.Response {
	if pod.Spec.Affinity == nil {
		pod.Spec.Affinity = &corev1.Affinity{}
	}
	if pod.Spec.Affinity.NodeAffinity == nil {
		pod.Spec.Affinity.NodeAffinity = &corev1.NodeAffinity{}
	}
	node := pod.Spec.Affinity.NodeAffinity
	if node.RequiredDuringSchedulingIgnoredDuringExecution == nil {
		node.RequiredDuringSchedulingIgnoredDuringExecution = poolOnly.DeepCopy()
	}
	terms := node.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms
	for i := range terms {
		if open(terms[i]) {
			terms[i].MatchExpressions = append(terms[i].MatchExpressions, pool)
		}
	}
	pod.Spec.InitContainers = slices.Insert(pod.Spec.InitContainers, 0, step)
	pod.Spec.Volumes = append(pod.Spec.Volumes, volumes...)
	changed, err := json.Marshal(pod)
	if err != nil {
		return admission.Errored(http.StatusInternalServerError, err)
	}
	return admission.PatchResponseFromRaw(raw, changed)
}

// byOperations reads the typed Pod and says what to change.
func byOperations(_ []byte, pod *corev1.Pod) admission.Response {
	operations := place(pod.Spec.Affinity)
	if len(pod.Spec.InitContainers) == 0 {
		operations = append(operations, add("/spec/initContainers", []corev1.Container{step}))
	} else {
		operations = append(operations, add("/spec/initContainers/0", step))
	}
	if len(pod.Spec.Volumes) == 0 {
		return admission.Patched("", append(operations, add("/spec/volumes", volumes))...)
	}
	for _, volume := range volumes {
		operations = append(operations, add("/spec/volumes/-", volume))
	}
	return admission.Patched("", operations...)
}

func place(affinity *corev1.Affinity) (operations []jsonpatch.JsonPatchOperation) {
	node := &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: &poolOnly}
	switch {
	case affinity == nil:
		return append(operations, add("/spec/affinity", corev1.Affinity{NodeAffinity: node}))
	case affinity.NodeAffinity == nil:
		return append(operations, add("/spec/affinity/nodeAffinity", node))
	case affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution == nil:
		return append(operations, add(required, poolOnly))
	}
	for i, term := range affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms {
		path := required + "/nodeSelectorTerms/" + strconv.Itoa(i) + "/matchExpressions"
		if !open(term) {
			continue
		} else if len(term.MatchExpressions) == 0 {
			operations = append(operations, add(path, []corev1.NodeSelectorRequirement{pool}))
		} else {
			operations = append(operations, add(path+"/-", pool))
		}
	}
	return operations
}

func add(path string, value any) jsonpatch.JsonPatchOperation {
	return jsonpatch.NewOperation("add", path, value)
}
