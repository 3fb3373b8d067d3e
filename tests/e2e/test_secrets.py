"""A guarded Secret and the Pods that refer to it from outside the pool, by every kind of path."""

import json

from harness.control_plane import CONFIDENTIAL_NODE
from harness.processes import wait_until

import pods
from support import ClusterCase

POOL = ("agentpool in [confidentialpool] and "
        "kubernetes.azure.com/security-type in [ConfidentialVM]")
POOL_AFFINITY = pods.required([pods.AGENTPOOL, pods.SECURITY_TYPE])


def container(name: str = "main", **fields) -> dict:
    return {"name": name, "image": pods.IMAGE} | fields


def environment(secret: str) -> list[dict]:
    return [{"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": secret,
                                                               "key": "password"}}}]


class GuardedSecret(ClusterCase):
    """Policy "payments" guards db-* in namespaces named pay-*; they have not opted in."""

    def assert_refused_at(self, namespace: str, pointer: str, **spec) -> None:
        """The Pod is refused, the message names the reference, the same Pod on the pool is not."""
        self.namespace(namespace)
        message = self.refused(pods.pod(namespace, **spec))
        self.assertEqual(message, (
            f'{namespace}/web: Secret "db-password" ({pointer}) may only be read on pool '
            '"confidentialpool" (policy "payments"), but this Pod may run elsewhere: nothing in it '
            f'requires {POOL}. Add a required node affinity with {POOL}, or label the namespace '
            'confidential.pods/enabled=true.'))
        self.assert_absent("pod", namespace, "web")
        self.kubectl.create(pods.pod(namespace, "on-pool", **spec, affinity=POOL_AFFINITY))
        stored = self.kubectl.get("pod", "on-pool", namespace)
        self.assertEqual(pods.terms_of(stored), pods.terms_of({"spec": {
            "affinity": POOL_AFFINITY}}), "the Pod already proves it: nothing is added")

    def test_a_reference_by_env_is_refused(self):
        self.assert_refused_at("pay-env", "spec.containers[0].env[0]",
                               containers=[container(env=environment("db-password"))])

    def test_a_reference_by_env_from_is_refused(self):
        self.assert_refused_at(
            "pay-env-from", "spec.containers[0].envFrom[0]",
            containers=[container(envFrom=[{"secretRef": {"name": "db-password"}}])])

    def test_a_reference_by_a_projected_volume_is_refused(self):
        self.assert_refused_at("pay-projected", "spec.volumes[0].projected.sources[1]", volumes=[{
            "name": "all", "projected": {"sources": [
                {"configMap": {"name": "settings", "optional": True}},
                {"secret": {"name": "db-password", "optional": True}}]}}])

    def test_a_reference_by_image_pull_secrets_is_refused(self):
        self.assert_refused_at("pay-pull", "spec.imagePullSecrets[0]",
                               imagePullSecrets=[{"name": "db-password"}])

    def test_a_reference_by_a_csi_volume_is_refused(self):
        self.assert_refused_at("pay-csi", "spec.volumes[0]", volumes=[{
            "name": "vault", "csi": {"driver": "secrets-store.csi.k8s.io",
                                     "nodePublishSecretRef": {"name": "db-password"}}}])

    def test_a_reference_by_an_init_container_is_refused(self):
        self.assert_refused_at(
            "pay-init", "spec.initContainers[0].env[0]",
            initContainers=[container("migrate", env=environment("db-password"))])

    def test_a_reference_by_a_secret_volume_is_refused(self):
        self.assert_refused_at("pay-volume", "spec.volumes[0]",
                               volumes=[{"name": "db", "secret": {"secretName": "db-password"}}])

    def test_a_reference_by_a_provider_class_is_refused(self):
        namespace = self.namespace("pay-class")
        message = self.refused(pods.pod(namespace, volumes=[{"name": "vault", "csi": {
            "driver": "secrets-store.csi.k8s.io",
            "volumeAttributes": {"secretProviderClass": "vault-db"}}}]))
        self.assertTrue(message.startswith(
            'pay-class/web: SecretProviderClass "vault-db" (spec.volumes[0]) may only be read on '
            'pool "confidentialpool" (policy "payments"), but '), message)

    def test_the_message_says_which_term_escapes_and_what_to_write(self):
        namespace = self.namespace("pay-message")
        message = self.refused(pods.pod(
            namespace, containers=[container(env=environment("db-password"))],
            affinity=pods.required([pods.AGENTPOOL, pods.SECURITY_TYPE],
                                   [pods.SECURITY_TYPE])))
        self.assertEqual(message, (
            'pay-message/web: Secret "db-password" (spec.containers[0].env[0]) may only be read on '
            'pool "confidentialpool" (policy "payments"), but this Pod may run elsewhere: '
            'nodeSelectorTerms[1] does not require agentpool in [confidentialpool]. Add that '
            'expression to every term, or label the namespace confidential.pods/enabled=true.'))

    def test_the_same_pod_constrained_to_the_pool_is_accepted_and_runs_there(self):
        namespace = self.namespace("pay-accepted")
        self.kubectl.create([pods.secret(namespace, "db-password"), pods.pod(
            namespace, containers=[container(env=environment("db-password"))],
            affinity=POOL_AFFINITY)])
        stored = self.kubectl.wait_running(namespace, "web")
        self.assertEqual(stored["spec"]["nodeName"], CONFIDENTIAL_NODE)

    def test_another_secret_of_the_same_namespace_is_free(self):
        namespace = self.namespace("pay-other")
        self.kubectl.create(pods.pod(
            namespace, containers=[container(env=environment("greeting"))]))

    def test_a_node_name_is_no_proof(self):
        namespace = self.namespace("pay-node-name")
        self.refused(pods.pod(namespace, nodeName=CONFIDENTIAL_NODE,
                              containers=[container(env=environment("db-password"))]))

    def test_an_ephemeral_container_cannot_fetch_the_secret_later(self):
        namespace = self.namespace("pay-debug")
        self.kubectl.create(pods.pod(namespace))
        self.kubectl.wait_running(namespace, "web")
        patch = {"spec": {"ephemeralContainers": [
            container("debugger", envFrom=[{"secretRef": {"name": "db-password"}}])]}}
        answer = self.kubectl.run("patch", "pod", "web", "-n", namespace, "--subresource",
                                  "ephemeralcontainers", "-p", json.dumps(patch))
        self.assertEqual(answer.code, 1, answer)
        self.assertIn("denied the request: pay-debug/web: ", answer.err)
        self.assertIn("spec.ephemeralContainers[0].envFrom[0]", answer.err)
        stored = self.kubectl.get("pod", "web", namespace)
        self.assertNotIn("ephemeralContainers", stored["spec"])

    def test_on_use_place_makes_the_pod_confidential_instead(self):
        namespace = self.namespace("placed-payments")
        self.kubectl.create([pods.secret(namespace, "db-password"), pods.pod(
            namespace, containers=[container(env=environment("db-password"))])])
        self.assert_confidential(self.kubectl.wait_running(namespace, "web"))


class Templates(ClusterCase):

    def test_a_deployment_whose_pods_would_be_refused_warns_and_its_replica_set_tells_why(self):
        namespace = self.namespace("pay-template")
        answer = self.kubectl.apply(pods.deployment(
            namespace, containers=[container(env=environment("db-password"))]))
        self.assertEqual(answer.out, "deployment.apps/web created\n")
        self.assertEqual(answer.err, 'Warning: policy "payments" will refuse its Pods: Secret '
                         '"db-password" may be used off pool "confidentialpool"\n')
        sentence = self.failed_create(namespace)
        self.assertRegex(sentence, '^Error creating: admission webhook '
                         '"guard-elsewhere.confidential.pods" denied the request: '
                         'pay-template/web-[0-9a-z-]+: Secret "db-password" ')
        self.assertEqual(self.kubectl.items("pods", namespace), [])

    def failed_create(self, namespace: str) -> str:
        """The message of the ReplicaSet's FailedCreate event."""
        event = wait_until("a FailedCreate event", lambda: self.kubectl.events(
            namespace, "FailedCreate"), 20, every=0.2)[0]
        self.assertEqual(event["involvedObject"]["kind"], "ReplicaSet")
        return event["message"]
