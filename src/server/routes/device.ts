// Signing in a command line on a machine without a browser: it shows a short code, a person who is signed in somewhere
// else confirms that code, and the command line gets a session of that person. Works with every way to sign in.
import {
  DeviceApproval,
  type DeviceCode,
  DeviceSessionRequest,
  type DeviceSessionResponse,
} from '../../contract/index.ts';
import { sha256 } from '../../lib/index.ts';
import type { Caller } from '../auth/session-tokens.ts';
import type { ServerDeps } from '../deps.ts';
import { ApiError } from '../errors.ts';
import { type Route, route } from '../route.ts';

const CODE_SECONDS = 600;
const POLL_SECONDS = 2;
/** No vowels and nothing that is read as something else: codes spell no words and are copied without mistakes. */
const LETTERS = 'BCDFGHJKLMNPQRSTVWXZ23456789';
const CODE_LETTERS = 8;

export const deviceRoutes: readonly Route[] = [
  route({
    method: 'POST',
    path: '/api/v1/fairlead/device',
    access: 'public',
    async handle({ deps }): Promise<DeviceCode> {
      const code = newCode(deps);
      const path = `/device?${new URLSearchParams({ code })}`;
      return {
        deviceCode: await deps.sealed.seal('device', { code }, CODE_SECONDS),
        userCode: code,
        verificationPath: path,
        expiresInSeconds: CODE_SECONDS,
        intervalSeconds: POLL_SECONDS,
      };
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/fairlead/device/approve',
    // No right is needed to let in who one is already; only a session of a person counts, see below.
    access: { resource: 'accounts', action: 'get', scope: 'list' },
    body: DeviceApproval,
    async handle({ deps, caller, body, address }) {
      const { holder, expiresAt } = caller.session ?? {};
      const isPerson =
        holder?.kind === 'sso' || (holder?.kind === 'account' && holder.capability === 'login');
      if (!isPerson || expiresAt === undefined)
        throw new ApiError('PermissionDenied', 'Only a person who signed in may let a command line in');
      const code = body.userCode.toUpperCase().replace(/[^A-Z0-9]/g, '');
      if (code.length !== CODE_LETTERS)
        throw new ApiError('InvalidArgument', 'The code has eight letters and digits');
      const until = deps.clock.now() + CODE_SECONDS * 1000;
      const note = await deps.sealed.seal(
        'device-approved',
        { ...approved(caller), expiresAt },
        CODE_SECONDS,
      );
      await deps.accounts.leaveNote(keyOf(code), note, until);
      await deps.journal.fact({
        actor: { kind: 'user', name: caller.name },
        action: 'session.approve-device',
        object: { kind: 'Account', name: caller.name },
        sourceAddress: address,
        outcome: 'succeeded',
      });
      return {};
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/fairlead/device/session',
    access: 'public',
    body: DeviceSessionRequest,
    async handle({ deps, body, address }): Promise<DeviceSessionResponse> {
      const { code } = (await deps.sealed.open('device', body.deviceCode)) as { code: string };
      const note = await deps.accounts.takeNote(keyOf(code.replace('-', '')));
      if (note === undefined) return { status: 'pending' };
      const who = (await deps.sealed.open('device-approved', note)) as unknown as Approved & {
        expiresAt: number;
      };
      // The new session ends when the one that let it in does: sessions do not prolong each other for ever.
      const seconds = Math.floor((who.expiresAt - deps.clock.now()) / 1000);
      const { token } = await ('account' in who
        ? deps.tokens.issue(who.account, seconds)
        : deps.tokens.issueExternal(who.user, seconds));
      const name = 'account' in who ? who.account : (who.user.email ?? who.user.name);
      await deps.journal.fact({
        actor: { kind: 'user', name },
        action: 'session.login',
        object: { kind: 'Account', name },
        sourceAddress: address,
        outcome: 'succeeded',
        detail: { device: true },
      });
      return { status: 'approved', token };
    },
  }),
];

type Approved =
  | { readonly account: string }
  | { readonly user: Parameters<ServerDeps['tokens']['issueExternal']>[0] };

function approved({ name, groups, identity, session }: Caller): Approved {
  if (session?.holder.kind !== 'sso') return { account: name };
  // The verified address stands behind the groups, as policies see it.
  const email = identity.groups[groups.length];
  return {
    user: {
      connector: session.holder.connector,
      subject: identity.subject,
      name,
      groups,
      ...(email === undefined ? {} : { email }),
    },
  };
}

function newCode({ random }: ServerDeps): string {
  let code = '';
  while (code.length < CODE_LETTERS) {
    for (const byte of random.bytes(CODE_LETTERS)) {
      // Bytes beyond the last whole round would make some letters likelier.
      const isFair = byte < 256 - (256 % LETTERS.length);
      if (isFair && code.length < CODE_LETTERS) code += LETTERS[byte % LETTERS.length];
    }
  }
  return `${code.slice(0, 4)}-${code.slice(4)}`;
}

function keyOf(code: string): string {
  return sha256(`device ${code}`).slice(0, 32);
}
