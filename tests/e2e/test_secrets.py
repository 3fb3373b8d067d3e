"""A guarded Secret: what its readers hear, and what they may. Ways to it are in test_escapes."""

from harness.control_plane import CONFIDENTIAL_NODE
from harness.processes import wait_until

import pods
from secret_paths import PATHS, container, environment
from support import ClusterCase

POOL = ("agentpool in [confidentialpool] and "
        "kubernetes.azure.com/security-type in [ConfidentialVM]")
POOL_AFFINITY = pods.required([pods.AGENTPOOL, pods.SECURITY_TYPE])


class GuardedSecret(ClusterCase):
    """Policy "payments" guards db-* in namespaces named pay-*; they have not opted in."""

    def test_the_message_says_what_is_read_where_and_what_to_write(self):
        namespace = self.namespace("pay-sentence")
        message = self.refused(pods.pod(
            namespace, containers=[container(env=environment("db-password"))]))
        self.assertEqual(message, (
            'pay-sentence/web: Secret "db-password" (spec.containers[0].env[0]) may only be read '
            'on pool "confidentialpool" (policy "payments"), but this Pod may run elsewhere: '
            f'nothing in it requires {POOL}. Add agentpool: confidentialpool and '
            'kubernetes.azure.com/security-type: ConfidentialVM to its nodeSelector, or '
            'label the namespace confidential.pods/enabled=true.'))
        self.assert_absent("pod", namespace, "web")

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

    def test_a_pod_constrained_to_the_pool_is_accepted_and_runs_there(self):
        namespace = self.namespace("pay-accepted")
        self.kubectl.create([pods.secret(namespace, "db-password"), pods.pod(
            namespace, containers=[container(env=environment("db-password"))],
            affinity=POOL_AFFINITY)])
        stored = self.kubectl.wait_running(namespace, "web")
        self.assertEqual(stored["spec"]["nodeName"], CONFIDENTIAL_NODE)

    def test_on_the_pool_every_path_is_free_and_nothing_is_added(self):
        namespace = self.namespace("pay-paths")
        self.kubectl.create([
            pods.pod(namespace, name.replace("_", "-"), **spec("db-password"),
                     affinity=POOL_AFFINITY) for name, _, spec in PATHS])
        stored = self.kubectl.items("pods", namespace)
        self.assertEqual(len(stored), len(PATHS))
        for pod in stored:
            self.assertEqual(pod["spec"]["affinity"], POOL_AFFINITY)

    def test_another_secret_of_the_same_namespace_is_free(self):
        namespace = self.namespace("pay-other")
        self.kubectl.create(pods.pod(
            namespace, containers=[container(env=environment("greeting"))]))

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
