// What belongs to an installation: its configuration, projects, application sets and applications, and how each is
// cut down to what can be written again. Pure.
import type { KubeObject, ResourceType } from '../../k8s/index.ts';

const core = (kind: string, resource: string): ResourceType => ({
  group: '',
  version: 'v1',
  kind,
  resource,
  namespaced: true,
});
const argo = (kind: string, resource: string): ResourceType => ({
  group: 'argoproj.io',
  version: 'v1alpha1',
  kind,
  resource,
  namespaced: true,
});

export interface BackupKind {
  readonly type: ResourceType;
  /** Whether an object of the kind belongs to the installation. */
  isOurs(object: KubeObject): boolean;
  /** Objects that others own all along: an import never deletes one. */
  readonly isKept: boolean;
}

const CONFIG_MAPS = [
  'argocd-cm',
  'argocd-cmd-params-cm',
  'argocd-rbac-cm',
  'argocd-ssh-known-hosts-cm',
  'argocd-tls-certs-cm',
  'argocd-gpg-keys-cm',
  'argocd-notifications-cm',
];
const SECRETS = ['argocd-secret', 'argocd-notifications-secret'];
const SECRET_TYPE = 'argocd.argoproj.io/secret-type';

/** In the order in which an import writes them: what applications need comes first. */
export const backupKinds: readonly BackupKind[] = [
  {
    type: core('ConfigMap', 'configmaps'),
    isOurs: ({ metadata: { name = '' } }) => CONFIG_MAPS.includes(name),
    isKept: true,
  },
  {
    type: core('Secret', 'secrets'),
    isOurs: ({ metadata: { name = '', labels } }) =>
      SECRETS.includes(name) || labels?.[SECRET_TYPE] !== undefined,
    isKept: true,
  },
  { type: argo('AppProject', 'appprojects'), isOurs: () => true, isKept: false },
  { type: argo('ApplicationSet', 'applicationsets'), isOurs: () => true, isKept: false },
  { type: argo('Application', 'applications'), isOurs: () => true, isKept: false },
];

export function kindOf(object: KubeObject): BackupKind | undefined {
  return backupKinds.find(
    ({ type }) =>
      type.kind === object.kind &&
      object.apiVersion === (type.group === '' ? type.version : `${type.group}/${type.version}`),
  );
}

/** The object without what the cluster it came from counted up in it. */
export function portable(object: KubeObject): KubeObject {
  const { name, namespace, labels, annotations, finalizers } = object.metadata;
  const { status, operation, ...rest } = object;
  const metadata = {
    ...(name === undefined ? {} : { name }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(labels === undefined ? {} : { labels }),
    ...(annotations === undefined ? {} : { annotations }),
    ...(finalizers === undefined ? {} : { finalizers }),
  };
  // The history is what a rollback goes back to, so it travels along.
  const history = object.kind === 'Application' && status !== undefined ? { status } : {};
  return { ...rest, apiVersion: object.apiVersion, kind: object.kind, metadata, ...history };
}
