// A token of the administrator that a control plane made at its first start.
import type { ControlPlane } from '../../src/app/compose.ts';
import { wellKnown } from '../../src/k8s/index.ts';

export async function adminPassword(plane: ControlPlane): Promise<string> {
  const secret = await plane.home.get(wellKnown.secrets, {
    namespace: 'argocd',
    name: 'argocd-initial-admin-secret',
  });
  const { password = '' } = secret['data'] as Record<string, string>;
  return Buffer.from(password, 'base64').toString();
}

export async function adminToken(plane: ControlPlane): Promise<string> {
  const response = await fetch(`${plane.url}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'admin', password: await adminPassword(plane) }),
  });
  return ((await response.json()) as { token: string }).token;
}
