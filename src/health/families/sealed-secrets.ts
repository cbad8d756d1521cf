// Sealed Secrets: whether the controller could open it.
import { type Family, kinds } from '../family.ts';
import { byTable, when } from '../rules.ts';

const sealedSecret = byTable({
  waiting: 'Waiting for the secret to be unsealed',
  rules: [
    when('Synced=False', 'Degraded', 'Seal it again with the present key, for this name and namespace.'),
    when('Synced=True', 'Healthy'),
  ],
});

export const sealedSecrets: Family = {
  name: 'Sealed Secrets',
  checks: [kinds('bitnami.com', 'SealedSecret', 'condition Synced, generation', sealedSecret)],
};
