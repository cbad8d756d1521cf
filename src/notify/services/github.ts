// GitHub: commit statuses, deployments, pull-request comments and check runs, as a GitHub App or with a token.
import { createSign } from 'node:crypto';
import { isRecord } from '../../lib/index.ts';
import { NotifyError } from '../errors.ts';
import { expectSuccess, type HttpAnswer } from '../http.ts';
import { repositoryName } from '../repository-name.ts';
import type { SendContext, ServiceConfig, ServiceDeps, ServiceFactory } from '../service.ts';
import { type Fields, flagOf, given, listOf, recordOf, textOf } from '../values.ts';

/** GitHub refuses longer ones. */
const DESCRIPTION_CHARS = 140;
const COMMENT_CHARS = 65_000;

export const github: ServiceFactory = (config, deps) => {
  const api = new GitHubApi(config, deps);
  return {
    type: 'github',
    defaultRecipients: [],
    async send(message, _recipient, context) {
      const section = recordOf(message.sections, 'github');
      const repository = repositoryName(textOf(section, 'repoURLPath'), 2);
      const revision = textOf(section, 'revisionPath');
      if (!/^[0-9a-f]{7,64}$/i.test(revision)) {
        throw new NotifyError('NOTIFY_PROGRAM', 'Cannot notify through GitHub: the revision is no commit id');
      }
      const repo = `/repos/${repository}`;
      if (isRecord(section['status'])) {
        const status = section['status'];
        await api.call('POST', `${repo}/statuses/${revision}`, context, {
          state: textOf(status, 'state'),
          description: message.text.slice(0, DESCRIPTION_CHARS),
          context: textOf(status, 'label') || 'continuous-delivery/fairlead',
          ...given({ target_url: textOf(status, 'targetURL') }),
        });
      }
      if (isRecord(section['deployment']))
        await deploy(api, repo, revision, section['deployment'], message.text, context);
      if (isRecord(section['pullRequestComment']))
        await comment(api, repo, revision, section['pullRequestComment'], context);
      if (isRecord(section['checkRun'])) await checkRun(api, repo, revision, section['checkRun'], context);
    },
  };
};

async function deploy(
  api: GitHubApi,
  repo: string,
  revision: string,
  fields: Fields,
  text: string,
  context: SendContext,
): Promise<void> {
  const ref = textOf(fields, 'reference') || revision;
  const environment = textOf(fields, 'environment') || 'production';
  const path = `${repo}/deployments`;
  const found = await api.call('GET', `${path}?${new URLSearchParams({ ref, environment })}`, context);
  const [known] = Array.isArray(found) ? (found as unknown[]) : [];
  const deployment =
    known ??
    (await api.call('POST', path, context, {
      ref,
      environment,
      auto_merge: fields['autoMerge'] !== false && textOf(fields, 'autoMerge') !== 'false',
      required_contexts: listOf(fields, 'requiredContexts'),
      transient_environment: flagOf(fields, 'transientEnvironment'),
    }));
  if (!isRecord(deployment) || typeof deployment['id'] !== 'number') {
    throw new NotifyError(
      'NOTIFY_REFUSED',
      'Cannot notify through GitHub: no deployment was made. Check the reference',
    );
  }
  await api.call('POST', `${path}/${deployment['id']}/statuses`, context, {
    state: textOf(fields, 'state'),
    description: text.slice(0, DESCRIPTION_CHARS),
    auto_inactive: fields['autoInactive'] !== false,
    ...given({ environment_url: textOf(fields, 'environmentURL'), log_url: textOf(fields, 'logURL') }),
  });
}

async function comment(
  api: GitHubApi,
  repo: string,
  revision: string,
  fields: Fields,
  context: SendContext,
): Promise<void> {
  const tag = textOf(fields, 'commentTag');
  const marker = tag === '' ? '' : `<!-- fairlead:${tag.replace(/[^\w .:-]/g, '')} -->`;
  const body = `${marker}${textOf(fields, 'content')}`.slice(0, COMMENT_CHARS);
  const pulls = await api.call('GET', `${repo}/commits/${revision}/pulls`, context);
  for (const pull of Array.isArray(pulls) ? (pulls as unknown[]).slice(0, 10) : []) {
    if (!isRecord(pull) || typeof pull['number'] !== 'number') continue;
    const path = `${repo}/issues/${pull['number']}/comments`;
    const existing = marker === '' ? undefined : await marked(api, `${path}?per_page=100`, marker, context);
    if (existing === undefined) await api.call('POST', path, context, { body });
    else await api.call('PATCH', `${repo}/issues/comments/${existing}`, context, { body });
  }
}

async function marked(
  api: GitHubApi,
  path: string,
  marker: string,
  context: SendContext,
): Promise<number | undefined> {
  const comments = await api.call('GET', path, context);
  for (const item of Array.isArray(comments) ? (comments as unknown[]) : []) {
    if (isRecord(item) && typeof item['id'] === 'number' && String(item['body']).includes(marker))
      return item['id'];
  }
  return undefined;
}

async function checkRun(
  api: GitHubApi,
  repo: string,
  revision: string,
  fields: Fields,
  context: SendContext,
): Promise<void> {
  const output = recordOf(fields, 'output');
  await api.call('POST', `${repo}/check-runs`, context, {
    head_sha: revision,
    name: textOf(fields, 'name') || 'Fairlead',
    ...given({
      details_url: textOf(fields, 'details_url', 'detailsURL'),
      status: textOf(fields, 'status'),
      conclusion: textOf(fields, 'conclusion'),
      started_at: textOf(fields, 'started_at'),
      completed_at: textOf(fields, 'completed_at'),
      output:
        textOf(output, 'title') === ''
          ? undefined
          : given({
              title: textOf(output, 'title'),
              summary: textOf(output, 'summary'),
              text: textOf(output, 'text'),
            }),
    }),
  });
}

const TOKEN_LIFE_MS = 50 * 60_000;

class GitHubApi {
  readonly #fields: Fields;
  readonly #deps: ServiceDeps;
  readonly #base: string;
  #token: { readonly value: string; readonly until: number } | undefined;

  constructor({ name, fields }: ServiceConfig, deps: ServiceDeps) {
    this.#fields = fields;
    this.#deps = deps;
    this.#base = (textOf(fields, 'enterpriseBaseURL') || 'https://api.github.com').replace(/\/+$/, '');
    if (textOf(fields, 'token') === '' && textOf(fields, 'privateKey') === '') {
      throw new NotifyError(
        'NOTIFY_CONFIG',
        `Cannot use service ${name}: give appID, installationID and privateKey, or a token`,
      );
    }
  }

  /** @returns the parsed answer */
  async call(method: string, path: string, { signal }: SendContext, json?: unknown): Promise<unknown> {
    const answer = await this.#send(method, path, await this.#bearer(signal), signal, json);
    return parsed(answer);
  }

  async #send(
    method: string,
    path: string,
    bearer: string,
    signal: AbortSignal,
    json?: unknown,
  ): Promise<HttpAnswer> {
    const url = `${this.#base}${path}`;
    const answer = await this.#deps.http({
      method,
      url,
      headers: {
        authorization: `Bearer ${bearer}`,
        accept: 'application/vnd.github+json',
        'x-github-api-version': '2022-11-28',
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
      signal,
    });
    expectSuccess('GitHub', url, answer);
    return answer;
  }

  async #bearer(signal: AbortSignal): Promise<string> {
    const fixed = textOf(this.#fields, 'token');
    if (fixed !== '') return fixed;
    const now = this.#deps.clock.now();
    if (this.#token !== undefined && this.#token.until > now) return this.#token.value;
    const path = `/app/installations/${encodeURIComponent(textOf(this.#fields, 'installationID'))}/access_tokens`;
    const answer = parsed(await this.#send('POST', path, this.#assertion(now), signal, {}));
    const value = isRecord(answer) ? textOf(answer, 'token') : '';
    if (value === '')
      throw new NotifyError('NOTIFY_REFUSED', 'Cannot notify through GitHub: it gave no token');
    this.#token = { value, until: now + TOKEN_LIFE_MS };
    return value;
  }

  /** The App's own JSON web token. */
  #assertion(now: number): string {
    const seconds = Math.floor(now / 1_000);
    const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const claims = { iat: seconds - 60, exp: seconds + 540, iss: textOf(this.#fields, 'appID') };
    const text = `${encode({ alg: 'RS256', typ: 'JWT' })}.${encode(claims)}`;
    try {
      return `${text}.${createSign('RSA-SHA256').update(text).sign(textOf(this.#fields, 'privateKey'), 'base64url')}`;
    } catch {
      throw new NotifyError('NOTIFY_CONFIG', 'Cannot notify through GitHub: privateKey is no RSA key in PEM');
    }
  }
}

function parsed({ body }: HttpAnswer): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return undefined;
  }
}
