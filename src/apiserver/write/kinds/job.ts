// Jobs: the selector and labels by which a job knows its pods, made from its uid unless the author chose them.
import { isRecord } from '../../../lib/index.ts';
import type { Prepare } from '../prepare.ts';

const UID_LABEL = 'batch.kubernetes.io/controller-uid';
const NAME_LABEL = 'batch.kubernetes.io/job-name';

export const prepareJob: Prepare = (_context, object, old) => {
  const spec = isRecord(object['spec']) ? object['spec'] : {};
  if (old !== undefined || spec['manualSelector'] === true) return;
  const { uid = '', name = '', labels } = object.metadata;
  const own = { [UID_LABEL]: uid, [NAME_LABEL]: name, 'controller-uid': uid, 'job-name': name };
  const template = isRecord(spec['template']) ? spec['template'] : {};
  const metadata = isRecord(template['metadata']) ? template['metadata'] : {};
  const given = isRecord(metadata['labels']) ? metadata['labels'] : {};
  const selector = isRecord(spec['selector']) ? spec['selector'] : {};
  const matchLabels = isRecord(selector['matchLabels']) ? selector['matchLabels'] : {};
  object.metadata = { ...object.metadata, labels: { ...own, ...labels } };
  object['spec'] = {
    ...spec,
    selector: { ...selector, matchLabels: { ...matchLabels, [UID_LABEL]: uid } },
    template: { ...template, metadata: { ...metadata, labels: { ...own, ...given } } },
  };
};
