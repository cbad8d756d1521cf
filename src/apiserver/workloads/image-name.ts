// Image references as a container runtime reports them.
import { sha256 } from '../../lib/index.ts';

/** `nginx:1.27` → `docker.io/library/nginx:1.27`. */
export function fullImageName(image: string): string {
  const first = image.split('/', 1)[0] ?? '';
  const hasRegistry = image.includes('/') && (/[.:]/.test(first) || first === 'localhost');
  const named = hasRegistry ? image : `docker.io/${image.includes('/') ? image : `library/${image}`}`;
  const last = named.slice(named.lastIndexOf('/') + 1);
  return last.includes(':') || last.includes('@') ? named : `${named}:latest`;
}

/** `repository@sha256:…`; the digest given in the reference, else one derived from its text. */
export function imageId(image: string): string {
  const full = fullImageName(image);
  const at = full.indexOf('@');
  const reference = at < 0 ? full : full.slice(0, at);
  const colon = reference.lastIndexOf(':');
  const repository = colon > reference.lastIndexOf('/') ? reference.slice(0, colon) : reference;
  return at < 0 ? `${repository}@sha256:${sha256(full)}` : `${repository}${full.slice(at)}`;
}
