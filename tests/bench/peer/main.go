// Peer is the yardstick: the webhook that a Go team would write for the same placement and the
// same attestation step, on controller-runtime, with its server, decoder and response helpers as
// they come. It answers the benchmark's reviews with the effect that Confidential Pods has on
// them under policies/, and knows no policy language, no metrics of its own and no log line.
//
// --patch=diff changes the typed Pod and lets PatchResponseFromRaw find the operations, as the
// framework's own examples do; --patch=operations writes the operations by hand, which saves the
// second encoding and the comparison and is the best that careful use of the framework gives.
package main

import (
	"context"
	"crypto/tls"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/webhook"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

func serve(listen, certificate, key, patch string) error {
	answer, known := map[string]func([]byte, *corev1.Pod) admission.Response{
		"diff": byDiff, "operations": byOperations,
	}[patch]
	if !known {
		return fmt.Errorf("--patch is diff or operations, not %q", patch)
	}
	host, portName, err := net.SplitHostPort(listen)
	if err != nil {
		return err
	}
	port, err := strconv.Atoi(portName)
	if err != nil {
		return err
	}
	scheme := runtime.NewScheme()
	if err := corev1.AddToScheme(scheme); err != nil {
		return err
	}
	decoder := admission.NewDecoder(scheme)
	handler := func(_ context.Context, request admission.Request) admission.Response {
		if request.Namespace != "payments" {
			return admission.Allowed("")
		}
		pod := &corev1.Pod{}
		if err := decoder.Decode(request, pod); err != nil {
			return admission.Errored(http.StatusBadRequest, err)
		}
		return answer(request.Object.Raw, pod)
	}
	server := webhook.NewServer(webhook.Options{
		Host: host, Port: port, CertDir: filepath.Dir(certificate),
		CertName: filepath.Base(certificate), KeyName: filepath.Base(key),
		TLSOpts: []func(*tls.Config){func(c *tls.Config) { c.SessionTicketsDisabled = true }},
	})
	server.Register("/mutate", &webhook.Admission{Handler: admission.HandlerFunc(handler)})
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	return server.Start(ctx)
}

func main() {
	listen := flag.String("listen", "127.0.0.1:9443", "address to serve on")
	certificate := flag.String("tls-cert", "tls.crt", "certificate file (PEM)")
	key := flag.String("tls-key", "tls.key", "key file (PEM), in the certificate's folder")
	patch := flag.String("patch", "diff", "how the patch is made: diff or operations")
	flag.Parse()
	ctrllog.SetLogger(logr.Discard())
	if err := serve(*listen, *certificate, *key, *patch); err != nil {
		log.Fatal(err)
	}
}
