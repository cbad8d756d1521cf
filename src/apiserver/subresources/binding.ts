// POST pods/binding: puts a pod on a node, as schedulers do.
import { isRecord } from '../../lib/index.ts';
import { SYSTEM } from '../auth/authenticate.ts';
import type { Target } from '../core.ts';
import { badRequest, conflict } from '../failures.ts';
import { parseObjectBody, readBody } from '../http/body.ts';
import type { ResourceCall } from '../http/resource-call.ts';
import { jsonAnswer, send } from '../http/respond.ts';
import type { ServerContext } from '../server-context.ts';
import { updateObject } from '../write/update.ts';

export async function handleBinding(
  context: ServerContext,
  target: Target,
  call: ResourceCall,
): Promise<void> {
  const { namespace, name, request, response } = call;
  const body = parseObjectBody(await readBody(request), request.headers['content-type']);
  const to = isRecord(body['target']) ? String(body['target']['name'] ?? '') : '';
  if (to === '') throw badRequest('target.name: Required value');
  updateObject(context, {
    target,
    namespace,
    name,
    subresource: 'binding',
    // A binding leaves no trace in managedFields.
    ownership: 'given',
    options: { dryRun: false, fieldManager: 'kube-scheduler', fieldValidation: 'Ignore', user: SYSTEM },
    propose: (current) => {
      const spec = isRecord(current['spec']) ? current['spec'] : {};
      const node = spec['nodeName'];
      if (typeof node === 'string' && node !== '') {
        throw conflict(target.type, name, `pod ${name} is already assigned to node "${node}"`);
      }
      return { ...current, spec: { ...spec, nodeName: to } };
    },
  });
  send(
    request,
    response,
    jsonAnswer({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 }, 201),
  );
}
