// Door of the cluster controller: live state of target clusters.

export { externalUrls } from './external-urls.ts';
export { judgedTree } from './judged-tree.ts';
export { LiveCluster } from './live-cluster.ts';
export { type ClusterEntry, HOME_NAME, HOME_SERVER, LiveClusters } from './live-clusters.ts';
export type { LiveChange, LiveObject } from './live-store.ts';
export { imagesOf, resourceTree } from './tree.ts';
