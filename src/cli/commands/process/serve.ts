import { isIP } from 'node:net';
import { defineCommand } from '../../command.ts';
import { CliError } from '../../errors.ts';
import { ExitCode } from '../../exit-codes.ts';

const ROLES = ['all', 'controller', 'server'] as const;
const AUTH = ['on', 'off'] as const;

export const serve = defineCommand({
  words: 'serve',
  describe: 'Run the control plane against a cluster',
  isClient: false,
  options: {
    kubeconfig: {
      type: 'string',
      value: 'file',
      describe: 'Cluster to run against (default: the one this runs in)',
    },
    namespace: {
      type: 'string',
      short: 'n',
      default: 'argocd',
      describe: 'Namespace of configuration and applications',
    },
    'application-namespaces': {
      type: 'list',
      value: 'pattern',
      describe: 'Further namespaces with applications, as globs or /regular expressions/',
    },
    listen: {
      type: 'string',
      default: '127.0.0.1:8080',
      value: 'address',
      describe: 'HOST:PORT of the page and the API',
    },
    'data-dir': {
      type: 'string',
      default: '.fairlead',
      value: 'directory',
      describe: 'Where mirrors and renders are kept',
    },
    store: {
      type: 'string',
      value: 'url',
      describe: 'Journal: postgres://… or sqlite:FILE (default: in the data directory)',
    },
    'audit-retention': {
      type: 'string',
      value: 'duration',
      describe: 'How long the journal keeps records, e.g. 365d (default: for ever)',
    },
    'otlp-address': {
      type: 'string',
      value: 'url',
      describe: 'OTLP/HTTP endpoint for traces (default: OTEL_EXPORTER_OTLP_ENDPOINT, else none)',
    },
    'public-url': {
      type: 'string',
      value: 'url',
      describe: 'Address people use, e.g. https://cd.example.com (default: url of argocd-cm)',
    },
    'trusted-proxy': {
      type: 'list',
      value: 'cidr',
      describe: 'Address or CIDR of a proxy in front, whose X-Forwarded-For names who really calls',
    },
    'refuse-address': {
      type: 'list',
      value: 'cidr',
      describe:
        'Address or CIDR that repositories, clusters and services may not be at (besides link-local ones)',
    },
    role: {
      type: 'string',
      default: 'all',
      choices: ROLES,
      describe: 'all: acts and serves; controller: only acts; server: only serves',
    },
    auth: { type: 'string', default: 'on', choices: AUTH, describe: 'off: everybody is admin' },
    'install-crds': {
      type: 'boolean',
      default: true,
      describe: 'Apply the custom resource definitions first (--no-install-crds: do not)',
    },
  },
  async run({ options, environment, out, signal }) {
    const {
      kubeconfig,
      namespace,
      listen,
      store,
      'data-dir': dataDir,
      'install-crds': installCrds,
      'audit-retention': auditRetention,
      'otlp-address': otlpAddress,
      'public-url': publicUrl,
      'trusted-proxy': proxies,
      'refuse-address': refused,
    } = options;
    const serveOptions = {
      namespace,
      applicationNamespaces: options['application-namespaces'],
      listen: checkedAddress(listen),
      dataDir,
      installCrds,
      role: ROLES.find((role) => role === options.role) ?? 'all',
      auth: AUTH.find((auth) => auth === options.auth) ?? 'on',
      ...(kubeconfig === undefined ? {} : { kubeconfig }),
      ...(store === undefined ? {} : { store }),
      ...(auditRetention === undefined ? {} : { auditRetention }),
      ...(otlpAddress === undefined ? {} : { otlpAddress }),
      ...(publicUrl === undefined ? {} : { publicUrl: checkedUrl(publicUrl) }),
      ...(proxies.length === 0 ? {} : { trustedProxies: proxies.map(checkedNetwork('trusted-proxy')) }),
      ...(refused.length === 0 ? {} : { refusedAddresses: refused.map(checkedNetwork('refuse-address')) }),
    };
    await environment.processes.serve(serveOptions, { signal, print: out.line });
    return ExitCode.Ok;
  },
});

function checkedUrl(text: string): string {
  if (/^https?:\/\//.test(text) && URL.canParse(text)) return text;
  throw new CliError('USAGE', `--public-url "${text}" is no http(s) URL, e.g. https://cd.example.com`, 1);
}

function checkedNetwork(option: string): (text: string) => string {
  return (text) => {
    const [address = '', length, more] = text.split('/');
    const bits = isIP(address) === 6 ? 128 : 32;
    const isLength = length === undefined || (/^\d{1,3}$/.test(length) && Number(length) <= bits);
    if (isIP(address) !== 0 && isLength && more === undefined) return text;
    throw new CliError('USAGE', `--${option} "${text}" is no address or CIDR, e.g. 10.0.0.0/8`, 1);
  };
}

/** `HOST:PORT`; `:8080` means every address. */
export function checkedAddress(listen: string): string {
  const port = Number(/:(\d+)$/.exec(listen)?.[1] ?? Number.NaN);
  if (port <= 65_535) return listen.startsWith(':') ? `0.0.0.0${listen}` : listen;
  throw new CliError(
    'USAGE',
    `"${listen}" is no address to listen on; write HOST:PORT, e.g. 127.0.0.1:8080`,
    1,
  );
}
