// OpenPGP keys that signatures of commits are verified with.
import {
  SigningKeyBody,
  type SigningKeyList,
  SigningKeyQuery,
  type SigningKeysCreated,
  SigningKeyWriteQuery,
} from '../../contract/index.ts';
import { ApiError } from '../errors.ts';
import { recorded } from '../recorded.ts';
import { type Route, route } from '../route.ts';

const KEYS = '/api/v1/gpgkeys';

export const signingKeyRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: KEYS,
    access: { resource: 'gpgkeys', action: 'get', scope: 'list' },
    query: SigningKeyQuery,
    async handle(call): Promise<SigningKeyList> {
      const { keyID: wanted } = call.query;
      const items = (await call.deps.signingKeys.list()).filter(
        ({ keyID }) =>
          (wanted === undefined || wanted === '' || wanted === keyID) &&
          call.may({ resource: 'gpgkeys', action: 'get' }, keyID),
      );
      return { metadata: {}, items };
    },
  }),
  route({
    method: 'GET',
    path: `${KEYS}/:keyID`,
    access: { resource: 'gpgkeys', action: 'get', scope: 'object', objectOf: ({ keyID = '' }) => keyID },
    async handle({ deps, params }) {
      const { keyID = '' } = params;
      const key = await deps.signingKeys.get(keyID);
      if (key !== undefined) return key;
      throw new ApiError('NotFound', `There is no OpenPGP key ${keyID.slice(0, 64)}`);
    },
  }),
  route({
    method: 'POST',
    path: KEYS,
    access: { resource: 'gpgkeys', action: 'create', scope: 'list' },
    query: SigningKeyWriteQuery,
    body: SigningKeyBody,
    async handle(call): Promise<SigningKeysCreated> {
      const upsert = call.query.upsert === true;
      for (const action of upsert ? (['create', 'update'] as const) : (['create'] as const)) {
        if (call.may({ resource: 'gpgkeys', action }, '')) continue;
        throw new ApiError('PermissionDenied', `permission denied: gpgkeys, ${action}`);
      }
      const effect = { action: 'gpgkey.create', object: { group: '', kind: 'GnuPGPublicKey', name: '' } };
      const { created, skipped } = await recorded(call, effect, () =>
        call.deps.signingKeys.add(call.body.keyData, upsert ? 'replace' : 'refuse'),
      );
      return { created: { metadata: {}, items: created }, skipped };
    },
  }),
  route({
    method: 'DELETE',
    path: KEYS,
    access: { resource: 'gpgkeys', action: 'delete', scope: 'list' },
    query: SigningKeyQuery,
    async handle(call) {
      const { keyID = '' } = call.query;
      if (!call.may({ resource: 'gpgkeys', action: 'delete' }, keyID))
        throw new ApiError('PermissionDenied', `permission denied: gpgkeys, delete, ${keyID.slice(0, 64)}`);
      if (keyID === '') throw new ApiError('InvalidArgument', 'keyID: missing');
      const effect = {
        action: 'gpgkey.delete',
        object: { group: '', kind: 'GnuPGPublicKey', name: keyID.slice(0, 64) },
      };
      await recorded(call, effect, () => call.deps.signingKeys.remove(keyID));
      return {};
    },
  }),
];
