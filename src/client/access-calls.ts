// The calls about accounts, their keys and tokens, and about signing in through somebody else.
import type {
  AccessWarnings,
  AccountFacts,
  AccountList,
  CanIResponse,
  DeviceCode,
  DeviceSessionResponse,
  SessionResponse,
  TokenResponse,
} from '../contract/index.ts';
import type { Transport } from './transport.ts';

const ACCOUNTS = '/api/v1/account';
const SIGN_IN = '/api/v1/fairlead';
const path = (...parts: readonly (string | number)[]): string =>
  parts.map((part) => `/${encodeURIComponent(part)}`).join('');

export function accountCalls(http: Transport) {
  return {
    list: () => http.call<AccountList>({ path: ACCOUNTS }),
    warnings: () => http.call<AccessWarnings>({ path: '/api/v1/fairlead/warnings' }),
    get: (name: string) => http.call<AccountFacts>({ path: `${ACCOUNTS}${path(name)}` }),
    canI: (resource: string, action: string, object: string) =>
      http.call<CanIResponse>({ path: `${ACCOUNTS}/can-i${path(resource, action, ...object.split('/'))}` }),
    updatePassword: (body: { name: string; currentPassword: string; newPassword: string }) =>
      http.call<object>({ method: 'PUT', path: `${ACCOUNTS}/password`, body }),
    /** @param body `expiresIn` in seconds; 0: never */
    generateToken: (name: string, body: { id: string; expiresIn: number }) =>
      http.call<TokenResponse>({ method: 'POST', path: `${ACCOUNTS}${path(name)}/token`, body }),
    deleteToken: (name: string, id: string) =>
      http.call<object>({ method: 'DELETE', path: `${ACCOUNTS}${path(name)}/token${path(id)}` }),
  };
}

export function projectTokenCalls(http: Transport) {
  const tokens = (project: string, role: string): string =>
    `/api/v1/projects${path(project)}/roles${path(role)}/token`;
  return {
    /** @param body `expiresIn` in seconds; 0: never */
    generateToken: (project: string, role: string, body: { id: string; expiresIn: number }) =>
      http.call<TokenResponse>({ method: 'POST', path: tokens(project, role), body }),
    deleteToken: (project: string, role: string, iat: number) =>
      http.call<object>({ method: 'DELETE', path: `${tokens(project, role)}${path(iat)}` }),
  };
}

export function signInCalls(http: Transport) {
  return {
    /** The session for the code that came back to this machine. */
    exchange: (code: string, verifier: string) =>
      http.call<SessionResponse>({
        method: 'POST',
        path: `${SIGN_IN}/cli-session`,
        body: { code, verifier },
      }),
    beginDevice: () => http.call<DeviceCode>({ method: 'POST', path: `${SIGN_IN}/device`, body: {} }),
    askDevice: (deviceCode: string) =>
      http.call<DeviceSessionResponse>({
        method: 'POST',
        path: `${SIGN_IN}/device/session`,
        body: { deviceCode },
      }),
  };
}
