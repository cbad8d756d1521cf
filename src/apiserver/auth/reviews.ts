// Kinds that are a question and its answer: access reviews, token reviews, who am I. Nothing is stored.
import { isRecord } from '../../lib/index.ts';
import type { Target, User } from '../core.ts';
import { badRequest, invalid } from '../failures.ts';
import { type Answer, jsonAnswer } from '../http/respond.ts';
import type { ServerContext } from '../server-context.ts';
import { typedBody } from '../write/check-body.ts';
import type { PolicyRule } from './rbac.ts';
import { DEFAULT_AUDIENCES } from './tokens.ts';

type Body = Record<string, unknown>;

const KINDS: ReadonlySet<string> = new Set([
  'tokenreviews.authentication.k8s.io',
  'selfsubjectreviews.authentication.k8s.io',
  'selfsubjectaccessreviews.authorization.k8s.io',
  'selfsubjectrulesreviews.authorization.k8s.io',
  'subjectaccessreviews.authorization.k8s.io',
  'localsubjectaccessreviews.authorization.k8s.io',
]);

export function isReview(type: Target['type']): boolean {
  return KINDS.has(type.typeKey);
}

/** @throws ApiError 400/422 for a question that cannot be answered */
export function reviewAnswer(
  context: ServerContext,
  target: Target,
  call: { readonly user: User; readonly namespace: string },
  body: Body,
): Answer {
  const object = typedBody(target, body);
  const spec = isRecord(object['spec']) ? object['spec'] : {};
  const status = statusOf(context, target.type.kind, spec, call);
  return jsonAnswer({ ...object, metadata: { ...object.metadata, creationTimestamp: null }, status }, 201);
}

function statusOf(
  context: ServerContext,
  kind: string,
  spec: Body,
  { user, namespace }: { readonly user: User; readonly namespace: string },
): Body {
  switch (kind) {
    case 'SelfSubjectReview':
      return { userInfo: userInfo(user) };
    case 'TokenReview':
      return tokenStatus(context, spec);
    case 'SelfSubjectRulesReview':
      return rulesStatus(context.rbac.rules(user, String(spec['namespace'] ?? 'default')));
    case 'SelfSubjectAccessReview':
      return accessStatus(context, kind, user, spec);
    default:
      return accessStatus(context, kind, subjectOf(kind, spec, namespace), spec);
  }
}

function userInfo({ name, uid, groups, extra }: User): Body {
  return {
    username: name,
    ...(uid === undefined ? {} : { uid }),
    groups,
    ...(extra === undefined ? {} : { extra }),
  };
}

function tokenStatus({ authenticator }: ServerContext, spec: Body): Body {
  const token = spec['token'];
  if (typeof token !== 'string' || token === '') {
    throw badRequest(
      'TokenReview.authentication.k8s.io "" is invalid: token is required for TokenReview in authentication',
    );
  }
  const asked = Array.isArray(spec['audiences']) ? spec['audiences'].map(String) : [];
  const result = authenticator.reviewToken(token, asked.length === 0 ? DEFAULT_AUDIENCES : asked);
  if (result === undefined) return { authenticated: false, user: {}, error: 'invalid bearer token' };
  return { authenticated: true, user: userInfo(result.user), audiences: result.audiences };
}

function subjectOf(kind: string, spec: Body, namespace: string): User {
  const { user = '', groups } = spec as { user?: string; groups?: unknown };
  if (user === '' && !Array.isArray(groups)) {
    throw invalid({ group: 'authorization.k8s.io', kind }, '', [
      {
        field: 'spec.user',
        reason: 'FieldValueInvalid',
        message: 'Invalid value: "": at least one of user or group must be specified',
      },
    ]);
  }
  const attributes = isRecord(spec['resourceAttributes']) ? spec['resourceAttributes'] : {};
  if (kind === 'LocalSubjectAccessReview' && attributes['namespace'] !== namespace) {
    throw invalid({ group: 'authorization.k8s.io', kind }, '', [
      {
        field: 'spec.resourceAttributes.namespace',
        reason: 'FieldValueInvalid',
        message: `Invalid value: ${JSON.stringify(attributes['namespace'] ?? '')}: must match metadata.namespace`,
      },
    ]);
  }
  return { name: user, groups: Array.isArray(groups) ? groups.map(String) : [] };
}

function accessStatus({ rbac }: ServerContext, kind: string, user: User, spec: Body): Body {
  const { resourceAttributes, nonResourceAttributes } = spec;
  if (isRecord(resourceAttributes)) {
    const text = (member: string): string => String(resourceAttributes[member] ?? '');
    const allowed = rbac.allows(user, {
      verb: text('verb'),
      group: text('group'),
      resource: text('resource'),
      subresource: text('subresource'),
      namespace: text('namespace'),
      name: text('name'),
    });
    return verdict(allowed, user);
  }
  if (isRecord(nonResourceAttributes)) {
    const verb = String(nonResourceAttributes['verb'] ?? '');
    return verdict(rbac.allowsPath(user, { verb, path: String(nonResourceAttributes['path'] ?? '') }), user);
  }
  throw invalid({ group: 'authorization.k8s.io', kind }, '', [
    {
      field: 'spec.resourceAttributes',
      reason: 'FieldValueInvalid',
      message:
        'Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified',
    },
  ]);
}

function verdict(allowed: boolean, user: User): Body {
  if (!allowed) return { allowed: false };
  const reason = user.groups.includes('system:masters') ? '' : `RBAC: allowed for ${user.name}`;
  return { allowed: true, ...(reason === '' ? {} : { reason }) };
}

function rulesStatus(rules: readonly PolicyRule[]): Body {
  const resourceRules = rules
    .filter(({ resources }) => resources.length > 0)
    .map(({ verbs, apiGroups, resources, resourceNames }) => ({
      ...{ verbs, apiGroups, resources },
      ...(resourceNames.length === 0 ? {} : { resourceNames }),
    }));
  const nonResourceRules = rules
    .filter(({ nonResourceURLs }) => nonResourceURLs.length > 0)
    .map(({ verbs, nonResourceURLs }) => ({ verbs, nonResourceURLs }));
  return { resourceRules, nonResourceRules, incomplete: false };
}
