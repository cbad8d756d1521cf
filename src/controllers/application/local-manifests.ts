// Manifests that come with an operation instead of from the source (`app sync --local`): prepared like rendered ones.
import { prepareTarget } from '../../diff/index.ts';
import { type KubeObject, keyOf, keyText } from '../../k8s/index.ts';
import { digestOf, isRecord, parseYamlDocuments } from '../../lib/index.ts';
import { type Application, instanceName, type Manifest } from '../../model/index.ts';
import type { LiveCluster } from '../cluster/index.ts';
import type { ApplicationDeps } from './deps.ts';
import type { Desired } from './facts.ts';

/**
 * @param rendered what the source gives; its revision and source stay the ones that are recorded
 * @param texts YAML or JSON, one or several documents each
 * @throws YamlError, or an error that names the manifest
 */
export function localDesired(
  deps: Pick<ApplicationDeps, 'controlNamespace'>,
  app: Application,
  cluster: LiveCluster,
  rendered: Desired,
  texts: readonly string[],
): Desired {
  const manifests = texts.flatMap(manifestsOf);
  const { targets } = prepareTarget(manifests, {
    instance: instanceName(app, deps.controlNamespace),
    destinationNamespace: app.spec.destination.namespace ?? '',
    scopeOf: (kind) => cluster.scopeOf(kind),
  });
  return {
    ...rendered,
    set: { ...rendered.set, manifests, digest: digestOf(manifests.map(({ object }) => object)) },
    targets,
    findings: [],
    keys: new Set(targets.map(({ object }) => keyText(keyOf(object)))),
  };
}

function manifestsOf(text: string, index: number): Manifest[] {
  const name = `operation.sync.manifests[${index}]`;
  return parseYamlDocuments(text, { name }).flatMap(({ value }) => {
    if (value === null || value === undefined) return [];
    if (!isObject(value))
      throw new Error(`${name} is no Kubernetes object: it needs apiVersion, kind and metadata`);
    return [{ object: value, origin: { file: name, sourceIndex: 0 } }];
  });
}

function isObject(value: unknown): value is KubeObject {
  return (
    isRecord(value) &&
    typeof value['apiVersion'] === 'string' &&
    typeof value['kind'] === 'string' &&
    isRecord(value['metadata'])
  );
}
