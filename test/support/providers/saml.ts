// A SAML identity provider (npm samlp) that vouches for one person and posts signed assertions through the browser.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import samlp from 'samlp';
import { listenLocally } from './listen.ts';

export interface SamlServer extends AsyncDisposable {
  readonly url: string;
  /** PEM of the certificate its assertions are signed for. */
  readonly certificate: string;
  /** Signs with a key that nobody trusts, as one who has broken in between would. */
  useForeignKey(): void;
}

export const SAML_PERSON = {
  id: 'cleo-1',
  displayName: 'Cleo',
  name: { givenName: 'Cleo', familyName: 'Lane' },
  emails: [{ value: 'cleo@shop.test' }],
  groups: ['shop-developers', 'office'],
};
/** Names of the attributes that the provider sends. */
export const SAML_ATTRIBUTES = {
  usernameAttr: 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name',
  emailAttr: 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress',
  groupsAttr: 'http://schemas.passportjs.com/groups',
};

interface Pair {
  readonly key: string;
  readonly cert: string;
}

export async function startSaml(callback: string): Promise<SamlServer> {
  const [own, foreign] = [keyPair('own'), keyPair('foreign')];
  let used = own;
  const server = await listenLocally();
  server.handle = (request, response) => {
    const url = new URL(request.url ?? '/', server.url);
    const respond = samlp.auth({
      issuer: server.url,
      ...used,
      getPostURL: (
        _audience: string,
        _dom: object,
        _request: object,
        done: (error: null, url: string) => void,
      ) => done(null, callback),
      getUserFromRequest: () => SAML_PERSON,
    });
    const send = (html: string): void => {
      response.writeHead(200, { 'content-type': 'text/html' }).end(html);
    };
    const query = Object.fromEntries(url.searchParams);
    respond(
      Object.assign(request, { query, body: {} }),
      Object.assign(response, { send, set: () => {} }),
      (error) => {
        response.writeHead(500).end(String(error));
      },
    );
  };
  return {
    url: server.url,
    certificate: own.cert,
    useForeignKey() {
      used = foreign;
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

function keyPair(name: string): Pair {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-saml-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  try {
    const files = ['-keyout', key, '-out', cert];
    const what = ['-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', `/CN=${name}`];
    execFileSync('openssl', ['req', '-x509', ...what, ...files], { stdio: 'ignore' });
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
