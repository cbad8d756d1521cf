// Where people reach what an application runs: hosts of its Ingresses, and addresses that somebody wrote on its objects.
// Whatever is no web address is left out, as pages make links of these. Pure.
import { gvkOf, type KubeObject } from '../../k8s/index.ts';
import { isWebAddress } from '../../lib/index.ts';
import { isGiven, list, record } from './values.ts';

/** More than a page shows. */
const MAX_URLS = 50;
const LINK = 'link.argocd.argoproj.io/';
const IGNORE = 'argocd.argoproj.io/ignore-default-links';
const HOST = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i;

/** Sorted, each once: `https://host/path`, or `title|https://host/path` as an annotation has it. */
export function externalUrls(objects: readonly KubeObject[]): string[] {
  const urls = objects.flatMap((object) => [...annotated(object), ...hosted(object)]);
  return [...new Set(urls)].sort().slice(0, MAX_URLS);
}

function annotated({ metadata }: KubeObject): string[] {
  return Object.entries(metadata.annotations ?? {})
    .filter(([key, value]) => key.startsWith(LINK) && isWebAddress(value.slice(value.indexOf('|') + 1)))
    .map(([, value]) => value);
}

function hosted(object: KubeObject): string[] {
  const { group, kind } = gvkOf(object);
  if (kind !== 'Ingress' || !['networking.k8s.io', 'extensions'].includes(group)) return [];
  if (object.metadata.annotations?.[IGNORE] === 'true') return [];
  const spec = record(object['spec']);
  const secured = list(spec['tls']).map((item) => list(record(item)['hosts']));
  const balancers = list(record(record(object['status'])['loadBalancer'])['ingress']).map(record);
  return list(spec['rules'])
    .flatMap((item) => {
      const { host, http } = record(item);
      // A rule without a host answers at whatever address the cluster gave it.
      const hosts = isGiven(host)
        ? [host]
        : balancers.map(({ hostname, ip }) => (isGiven(hostname) ? hostname : ip));
      const isSecured = (name: string): boolean =>
        secured.some((names) => names.length === 0 || names.includes(name));
      return hosts
        .filter((name) => typeof name === 'string')
        .filter((name) => HOST.test(name))
        .flatMap((name) =>
          pathsOf(http).map((path) => `${isSecured(name) ? 'https' : 'http'}://${name}${path}`),
        );
    })
    .filter(isWebAddress);
}

function pathsOf(http: unknown): string[] {
  const paths = list(record(http)['paths']).map((item) => record(item)['path']);
  const given = paths.map((path) => (isGiven(path) ? path.replace(/\*$/, '') : '/'));
  return given.length === 0 ? ['/'] : given.map((path) => (path.startsWith('/') ? path : `/${path}`));
}
