// Texts that others may write and that must stay texts: addresses that are scripts, markup, what steers terminals,
// breaks lines and JSON, and turns the direction of what is read.
import type { KubeObject } from '../../src/k8s/index.ts';

export const SCRIPTS = [
  'javascript:alert(1)',
  'JaVaScRiPt:alert(1)',
  'java\nscript:alert(1)',
  'java\tscript:alert(1)',
  '\u0001javascript:alert(1)',
  ' javascript:alert(1)',
  'javascript://github.com/%0aalert(1)',
  'data:text/html,<script>alert(1)</script>',
  'vbscript:msgbox(1)',
  'blob:https://shop.test/1',
  'file:///etc/passwd',
  '//evil.test/x',
] as const;

/** Shows itself in the page's title when it runs. */
export const MARKUP = `"><img src=x onerror="document.title='pwned'"><script>document.title='pwned'</script>`;

/** Clears screens, sets titles, begins lines and JSON anew, reads backwards. */
export const STEERING =
  'sly\u001b[2J\u001b[1;31m\u001b]0;owned\u0007\u009b31m\u009d0;x\u009c\r\nFORGED line\rFORGED\u0085FORGED\u2028FORGED "}],"x":{ \u202egpj.exe\u2066\u200f';

/** What must not reach a terminal or a log as it is. */
export const STEERS = /(?![\t\n])\p{Cc}|\p{Bidi_Control}|[\u2028\u2029]/u;

/** An application that nobody reconciles, with `text` in every place for texts and SCRIPTS in every place for addresses. */
export function paintedApplication(name: string, text: string): KubeObject {
  const [script = ''] = SCRIPTS;
  const revision = 'a566f6b2ab04458e48275c649c417fe8d3ff883f';
  const links = SCRIPTS.flatMap((url, i) => [
    [`link.argocd.argoproj.io/plain-${i}`, url],
    [`link.argocd.argoproj.io/titled-${i}`, `${text}|${url}`],
    [`bad-${i}`, url],
  ]);
  const object = { group: text, version: 'v1', kind: text, namespace: text, name: text };
  const source = { repoURL: script, path: text, targetRevision: text };
  const initiatedBy = { username: text };
  const at = '2026-01-02T03:04:05Z';
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: {
      name,
      namespace: 'argocd',
      annotations: { 'argocd.argoproj.io/skip-reconcile': 'true', ...Object.fromEntries(links) },
    },
    spec: {
      project: 'default',
      source,
      destination: { server: 'https://kubernetes.default.svc', namespace: 'shop' },
      info: [
        ...SCRIPTS.map((value) => ({ name: text, value })),
        { name: text, value: 'https://chat.shop.test/team' },
      ],
    },
    status: {
      sync: { status: 'OutOfSync', revision: text },
      health: { status: 'Degraded', message: text },
      conditions: [{ type: 'ComparisonError', message: text, lastTransitionTime: at }],
      resources: [{ ...object, status: 'OutOfSync', health: { status: 'Degraded', message: text } }],
      history: [
        { id: 1, revision: text, deployedAt: at, source, initiatedBy },
        { id: 2, revision, deployedAt: at, source, initiatedBy },
      ],
      operationState: {
        operation: { sync: { revision: text }, initiatedBy },
        phase: 'Failed',
        message: text,
        startedAt: at,
        finishedAt: at,
        syncResult: {
          revision: text,
          source,
          resources: [
            { ...object, status: 'SyncFailed', message: text, hookPhase: 'Failed', syncPhase: 'Sync' },
          ],
        },
      },
      summary: { externalURLs: [...SCRIPTS, 'https://shop.test/'], images: [text] },
    },
  };
}
