// Pods from templates, and the hash that names a template.

import type { KubeObject } from '../../k8s/index.ts';
import { digestOf, type Random, randomName } from '../../lib/index.ts';
import { controllerReference, namespaceOf, type PodTemplate } from './kinds.ts';

export const templateHashLabel = 'pod-template-hash';

const hashAlphabet = 'bcdfghjklmnpqrstvwxz2456789';

/**
 * The hash of a value in the alphabet of generated names, ten characters. Equal values give equal hashes;
 * `collisionCount` gives another one when two unequal values ever meet.
 */
export function templateHash(value: unknown, collisionCount = 0): string {
  const digest = digestOf(collisionCount === 0 ? value : [value, collisionCount]);
  const letters = digest.slice(0, 20).match(/../g) ?? [];
  return letters.map((pair) => hashAlphabet[Number.parseInt(pair, 16) % hashAlphabet.length]).join('');
}

export interface PodFromTemplate {
  readonly owner: KubeObject;
  readonly template: PodTemplate;
  /** Fixed name; without it one is made from `prefix`. */
  readonly name?: string;
  readonly prefix?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly random: Random;
}

/** A new pod of a controller: the template's metadata and spec, owned by the controller. */
export function podFromTemplate(options: PodFromTemplate): KubeObject {
  const { owner, template, random } = options;
  const prefix = options.prefix ?? '';
  const finalizers = [...(template.metadata?.finalizers ?? []), ...(options.finalizers ?? [])];
  const labels = { ...template.metadata?.labels, ...options.labels };
  const annotations = { ...template.metadata?.annotations, ...options.annotations };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...(options.name === undefined
        ? { name: `${prefix.slice(0, 58)}${randomName(random, 5)}`, generateName: prefix }
        : { name: options.name }),
      namespace: namespaceOf(owner),
      ...(Object.keys(labels).length === 0 ? {} : { labels }),
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
      ...(finalizers.length === 0 ? {} : { finalizers }),
      ownerReferences: [controllerReference(owner)],
    },
    spec: structuredClone({ ...template.spec, ...options.spec }),
  };
}
