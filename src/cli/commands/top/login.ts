import { createClient } from '../../../client/index.ts';
import { type Open, signInByPassword, signInBySso, ssoOptions } from '../../access/sign-in.ts';
import { defineCommand } from '../../command.ts';
import { readConfiguration, withContext, writeConfiguration } from '../../configuration.ts';
import { serverUrl } from '../../connect.ts';
import { ExitCode } from '../../exit-codes.ts';

export const login = defineCommand({
  words: 'login',
  describe: 'Sign in to a server and keep the session',
  positionals: ['SERVER'],
  options: {
    username: { type: 'string', value: 'name', describe: 'Account; asked for when left out' },
    password: { type: 'string', value: 'password', describe: 'Password; asked for when left out' },
    name: { type: 'string', value: 'name', describe: 'Name of the context (default: the server)' },
    sso: { type: 'boolean', describe: 'Sign in through an identity provider' },
    ...ssoOptions,
    'skip-test-tls': { type: 'boolean', describe: 'Accepted for scripts made for argocd' },
  },
  examples: [
    'fairlead login cd.example.com',
    'fairlead login cd.example.com --sso',
    'fairlead login cd.example.com --sso --device',
    'fairlead login localhost:8080 --plaintext --username admin',
  ],
  async run(context) {
    const { options, positionals, out, environment, connection } = context;
    const [server = ''] = positionals;
    const target = {
      server,
      plaintext: connection.plaintext === true,
      insecure: connection.insecure === true,
    };
    const deps = {
      fetch: target.insecure ? await environment.insecureFetch() : environment.fetch,
      clock: environment.clock,
    };
    const url = serverUrl(server, target.plaintext);
    const open: Open = async (token) =>
      createClient(deps, { server: url, ...(token === undefined ? {} : { token }) });
    const isSso = options.sso === true || options.device === true;
    const { token, username } = isSso
      ? await signInBySso(context, open, options)
      : await signInByPassword(context, await open(), {
          username: options.username,
          password: options.password,
        });
    const file = connection.config ?? environment.cliConfigFile;
    const name = options.name ?? server;
    await writeConfiguration(file, withContext(await readConfiguration(file), { name, ...target, token }));
    out.line(isSso ? `'${username}' logged in successfully` : `'${username}:login' logged in successfully`);
    out.line(`Context '${name}' updated`);
    return ExitCode.Ok;
  },
});
