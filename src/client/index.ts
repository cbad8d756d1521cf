// Door of client: the typed caller of Fairlead's REST API, for the command line and for tests.
export { type ApplicationId, type ApplicationSetId, type Client, createClient } from './client.ts';
export { ClientError } from './errors.ts';
