// GitLab: commit statuses and merge-request comments.
import { isRecord } from '../../lib/index.ts';
import { NotifyError } from '../errors.ts';
import { expectSuccess } from '../http.ts';
import { repositoryName } from '../repository-name.ts';
import type { ServiceFactory } from '../service.ts';
import { flagOf, given, recordOf, textOf } from '../values.ts';

export const gitlab: ServiceFactory = ({ name, fields }, { http }) => {
  const token = textOf(fields, 'token');
  if (token === '') throw new NotifyError('NOTIFY_CONFIG', `Cannot use service ${name}: token is missing`);
  const base = `${(textOf(fields, 'baseURL', 'enterpriseBaseURL') || 'https://gitlab.com').replace(/\/+$/, '')}/api/v4`;
  const call = async (
    method: string,
    path: string,
    signal: AbortSignal,
    json?: unknown,
  ): Promise<unknown> => {
    const answer = await http({
      method,
      url: base + path,
      headers: {
        'private-token': token,
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
      insecureSkipVerify: flagOf(fields, 'insecureSkipVerify'),
      signal,
    });
    expectSuccess('GitLab', base, answer);
    try {
      return JSON.parse(answer.body) as unknown;
    } catch {
      return undefined;
    }
  };
  return {
    type: 'gitlab',
    defaultRecipients: [],
    async send(message, _recipient, { signal }) {
      const section = recordOf(message.sections, 'gitlab');
      const project = `/projects/${encodeURIComponent(repositoryName(textOf(section, 'repoURLPath')))}`;
      const revision = textOf(section, 'revisionPath');
      if (!/^[0-9a-f]{7,64}$/i.test(revision)) {
        throw new NotifyError('NOTIFY_PROGRAM', 'Cannot notify through GitLab: the revision is no commit id');
      }
      if (isRecord(section['status'])) {
        const status = section['status'];
        await call('POST', `${project}/statuses/${revision}`, signal, {
          state: textOf(status, 'state'),
          name: textOf(status, 'label') || 'fairlead',
          description: (textOf(status, 'description') || message.text).slice(0, 255),
          ...given({ target_url: textOf(status, 'targetURL') }),
        });
      }
      const note = textOf(recordOf(section, 'mergeRequestComment'), 'content');
      if (note === '') return;
      const requests = await call('GET', `${project}/repository/commits/${revision}/merge_requests`, signal);
      for (const request of Array.isArray(requests) ? (requests as unknown[]).slice(0, 10) : []) {
        if (!isRecord(request) || typeof request['iid'] !== 'number') continue;
        await call('POST', `${project}/merge_requests/${request['iid']}/notes`, signal, { body: note });
      }
    },
  };
};
