// What SSH servers and TLS hosts are trusted by, as the config maps hold it. Pure: texts in, entries out.
import { createHash, X509Certificate } from 'node:crypto';

/** One line of a known_hosts file. */
export interface KnownHost {
  readonly host: string;
  readonly keyType: string;
  /** Base64. */
  readonly key: string;
}

/** Comments, hashed names and markers (`@cert-authority`) stay in the file and are not listed. */
export function knownHostsOf(text: string): KnownHost[] {
  return text.split('\n').flatMap((line) => {
    const [hosts = '', keyType = '', key = ''] = line.trim().split(/\s+/);
    if (hosts === '' || key === '' || /^[#@|]/.test(hosts)) return [];
    return hosts.split(',').map((host) => ({ host, keyType, key }));
  });
}

/** `text` with entries added or, by host and key type, replaced; other lines stay as they are. */
export function withKnownHosts(text: string, added: readonly KnownHost[]): string {
  const kept = withoutKnownHosts(text, (entry) =>
    added.some(({ host, keyType }) => host === entry.host && keyType === entry.keyType),
  );
  return [...kept.split('\n').filter((line) => line !== ''), ...added.map(lineOf), ''].join('\n');
}

export function withoutKnownHosts(text: string, isRemoved: (entry: KnownHost) => boolean): string {
  return text
    .split('\n')
    .flatMap((line) => {
      const entries = knownHostsOf(line);
      const kept = entries.filter((entry) => !isRemoved(entry));
      return kept.length === entries.length ? [line] : kept.map(lineOf);
    })
    .join('\n');
}

function lineOf({ host, keyType, key }: KnownHost): string {
  return `${host} ${keyType} ${key}`;
}

/** As ssh-keygen prints it. */
export function fingerprintOf({ key }: KnownHost): string {
  const digest = createHash('sha256').update(Buffer.from(key, 'base64')).digest('base64');
  return `SHA256:${digest.replace(/=+$/, '')}`;
}

export interface TlsFacts {
  readonly subject: string;
  readonly keyType: string;
}

/** What the first certificate of a PEM text says of itself; undefined when it is none. */
export function certificateFacts(pem: string): TlsFacts | undefined {
  try {
    const { subject, publicKey } = new X509Certificate(pem);
    return { subject: subject.split('\n').join(','), keyType: publicKey.asymmetricKeyType ?? 'unknown' };
  } catch {
    // Not a certificate: the caller says so, with the host it was given for.
    return undefined;
  }
}
