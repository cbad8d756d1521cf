// The Secret of a cluster as a kubeconfig for kubectl. Pure.
import { z } from 'zod';
import { CliError } from '../errors.ts';

const text = z.string().optional();
const Config = z.looseObject({
  username: text,
  password: text,
  bearerToken: text,
  proxyUrl: text,
  tlsClientConfig: z
    .looseObject({
      insecure: z.boolean().optional(),
      serverName: text,
      caData: text,
      certData: text,
      keyData: text,
    })
    .optional(),
});

/**
 * @param values members of the Secret, decoded
 * @returns a v1 Config with one context, named as the cluster
 */
export function kubeconfigOfSecret(values: Readonly<Record<string, string>>): object {
  const { server = '', name = server, config = '{}' } = values;
  const { username, password, bearerToken, proxyUrl, tlsClientConfig = {} } = parsed(name, config);
  const { insecure, serverName, caData, certData, keyData } = tlsClientConfig;
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name,
        cluster: given({
          server,
          'certificate-authority-data': caData,
          'insecure-skip-tls-verify': insecure === true ? true : undefined,
          'tls-server-name': serverName,
          'proxy-url': proxyUrl,
        }),
      },
    ],
    users: [
      {
        name,
        user: given({
          token: bearerToken,
          username,
          password,
          'client-certificate-data': certData,
          'client-key-data': keyData,
        }),
      },
    ],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  };
}

function given(members: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(
    Object.entries(members).filter(([, value]) => value !== undefined && value !== ''),
  );
}

function parsed(name: string, json: string): z.infer<typeof Config> {
  try {
    const result = Config.safeParse(JSON.parse(json));
    if (result.success) return result.data;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  // It holds credentials: nothing of it is repeated.
  throw new CliError(
    'FAILED',
    `The config of the Secret of cluster ${name} cannot be read; correct the Secret`,
  );
}
