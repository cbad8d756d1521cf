// cert-manager: certificates and what issues them, ACME orders, trust bundles.
import { type Family, kinds } from '../family.ts';
import { byPhase, byTable, readyOrFailed, when } from '../rules.ts';

const certificate = byTable({
  waiting: 'Waiting for cert-manager to look at the certificate',
  rules: [
    when('Issuing=True', 'Progressing'),
    when(
      'Ready=False',
      'Degraded',
      'Look at the newest CertificateRequest of this certificate, and at its issuer.',
    ),
    when('Ready=True', 'Healthy'),
  ],
});

const certificateRequest = byTable({
  waiting: 'Waiting for cert-manager to look at the request',
  rules: [
    when(
      'Denied=True',
      'Degraded',
      'An approver refused it: look at its policies, then renew the certificate.',
    ),
    when('InvalidRequest=True', 'Degraded'),
    when('Ready=True', 'Healthy'),
    when('Ready:Pending', 'Progressing'),
    when('Ready', 'Degraded', 'Look at the issuer named in spec.issuerRef.'),
  ],
});

const issuer = readyOrFailed(
  'Waiting for cert-manager to set up the issuer',
  'Look at the account, the credentials and the address in its spec.',
);

const acme = (what: string, remedy: string) =>
  byPhase({
    path: 'status.state',
    phases: {
      Healthy: 'valid',
      Degraded: 'invalid|expired|errored',
      Progressing: 'pending|ready|processing',
    },
    message: ['status.reason'],
    waiting: `Waiting for the ACME server to take the ${what}`,
    remedy,
  });

export const certManager: Family = {
  name: 'cert-manager',
  checks: [
    kinds('cert-manager.io', 'Certificate', 'conditions Issuing, Ready', certificate),
    kinds(
      'cert-manager.io',
      'CertificateRequest',
      'conditions Denied, InvalidRequest, Ready',
      certificateRequest,
    ),
    kinds('cert-manager.io', 'Issuer ClusterIssuer', 'condition Ready', issuer),
    kinds(
      'acme.cert-manager.io',
      'Order',
      'status.state',
      acme('order', 'Look at the Challenges of this order.'),
    ),
    kinds(
      'acme.cert-manager.io',
      'Challenge',
      'status.state',
      acme('challenge', 'Look whether the domain answers from outside: DNS, ingress, firewall.'),
    ),
    kinds(
      'trust.cert-manager.io',
      'Bundle',
      'condition Synced',
      byTable({
        waiting: 'Waiting for the bundle to be written',
        rules: [
          when('Synced=False', 'Degraded', 'Look at the sources of the bundle.'),
          when('Synced=True', 'Healthy'),
        ],
      }),
    ),
    kinds(
      'policy.cert-manager.io',
      'CertificateRequestPolicy',
      'condition Ready',
      readyOrFailed('Waiting for the policy to be checked'),
    ),
  ],
};
