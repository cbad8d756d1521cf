// What the tests use of packages that bring no types.
declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http';
  // biome-ignore lint/style/noDefaultExport: it is what the package has
  export default class Provider {
    constructor(issuer: string, configuration: object);
    callback(): (request: IncomingMessage, response: ServerResponse) => void;
  }
}
declare module 'samlp' {
  type Handler = (request: object, response: object, next: (error?: unknown) => void) => void;
  const samlp: { auth(options: object): Handler };
  // biome-ignore lint/style/noDefaultExport: it is what the package has
  export default samlp;
}
