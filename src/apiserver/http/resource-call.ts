// A request on a resource as handlers get it.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { User } from '../core.ts';
import type { ResourceRequest } from './request-info.ts';

/** A request on a resource, with what is needed to answer it. */
export interface ResourceCall extends ResourceRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly user: User;
  readonly verb: string;
  readonly query: URLSearchParams;
}
