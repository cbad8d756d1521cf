// Every bound that is not a user setting, with its reason. Units are in the names.

const MiB = 1024 * 1024;

export const limits = {
  /** Child processes: output past this is a runaway tool, not a result. */
  childOutputBytes: 64 * MiB,
  /** stderr kept for messages; people read the end of it. */
  childErrorBytes: 64 * 1024,
  /** Rendering (helm, kustomize): Argo CD's exec timeout. */
  renderTimeoutMs: 90_000,
  /** One git network command: a first clone of a large repository may take minutes. */
  gitNetworkTimeoutMs: 300_000,
  /** One local git plumbing command. */
  gitLocalTimeoutMs: 60_000,
  /** Combined size of the manifests of one application (Argo CD's reposerver.max.combined.directory.manifests.size). */
  manifestBytes: 10 * MiB,
  /** One request to a Kubernetes API server; watches have their own. */
  kubeRequestTimeoutMs: 60_000,
  /** One response of a Kubernetes API server: a page of 500 full objects stays far below. */
  kubeResponseBytes: 256 * MiB,
  /** One watch event: etcd refuses objects over 1.5 MiB, escapes and managedFields add to that. */
  kubeEventBytes: 16 * MiB,
  /** Objects per LIST page, as client-go's pager. */
  kubePageSize: 500,
  /** Body of one request to our own API or webhook. */
  requestBodyBytes: 5 * MiB,
  /** Files of an application that come with a request, gzipped. */
  uploadBytes: 20 * MiB,
  /** The same in base64, with room for the lines around it. */
  uploadBodyBytes: 28 * MiB,
} as const;
