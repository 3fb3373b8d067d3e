package main

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// attestationStep is what the policies in ../policies make Confidential Pods inject, typed.
func attestationStep() (corev1.Container, []corev1.Volume) {
	amounts := corev1.ResourceList{
		corev1.ResourceCPU:    resource.MustParse("100m"),
		corev1.ResourceMemory: resource.MustParse("64Mi"),
	}
	yes, no, root, device := true, false, int64(0), corev1.HostPathCharDev
	attestation := `{"evidence":"azure-vtpm","device":"/dev/tpmrm0","verifier":{"local":{}}}`
	memory := func(name, size string) corev1.Volume {
		limit := resource.MustParse(size)
		return corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{
			EmptyDir: &corev1.EmptyDirVolumeSource{Medium: corev1.StorageMediumMemory, SizeLimit: &limit}}}
	}
	container := corev1.Container{
		Name:      "confidential-pods-attest",
		Image:     "confidential-pods:bench",
		Command:   []string{"/usr/local/bin/confidential-pods-attest"},
		Args:      []string{"run", "--attestation", attestation, "--output", "/run/confidential-pods"},
		Resources: corev1.ResourceRequirements{Requests: amounts, Limits: amounts},
		VolumeMounts: []corev1.VolumeMount{
			{Name: "confidential-pods-output", MountPath: "/run/confidential-pods"},
			{Name: "confidential-pods-no-token", ReadOnly: true,
				MountPath: "/var/run/secrets/kubernetes.io/serviceaccount"},
			{Name: "confidential-pods-device", MountPath: "/dev/tpmrm0"},
		},
		TerminationMessagePath:   corev1.TerminationMessagePathDefault,
		TerminationMessagePolicy: corev1.TerminationMessageFallbackToLogsOnError,
		ImagePullPolicy:          corev1.PullIfNotPresent,
		SecurityContext: &corev1.SecurityContext{
			Privileged: &yes, ReadOnlyRootFilesystem: &yes, RunAsNonRoot: &no, RunAsUser: &root,
		},
	}
	return container, []corev1.Volume{
		memory("confidential-pods-output", "4Mi"),
		memory("confidential-pods-no-token", "1Mi"),
		{Name: "confidential-pods-device", VolumeSource: corev1.VolumeSource{
			HostPath: &corev1.HostPathVolumeSource{Path: "/dev/tpmrm0", Type: &device}}},
	}
}
