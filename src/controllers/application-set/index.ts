// Door of the ApplicationSet controller.
export { applicationSetType } from './application-set-type.ts';
export type { Policy as SetPolicy } from './changes.ts';
export { ApplicationSetController } from './controller.ts';
export type { GeneratedCluster, GeneratorHttp, RepositoryFiles } from './deps.ts';
export { scmProviderRefusal, tenantRefusal } from './tenancy.ts';
