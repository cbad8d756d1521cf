// The administrator's kubeconfig as YAML text.
import { stringify } from 'yaml';

export interface KubeconfigFacts {
  readonly url: string;
  readonly token: string;
  /** PEM; absent for plain HTTP. */
  readonly certificateAuthority?: string;
}

export function kubeconfigText({ url, token, certificateAuthority }: KubeconfigFacts): string {
  const name = 'fairlead';
  const authority =
    certificateAuthority === undefined
      ? {}
      : { 'certificate-authority-data': Buffer.from(certificateAuthority).toString('base64') };
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server: url, ...authority } }],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  });
}
