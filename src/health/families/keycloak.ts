// Keycloak operator: servers and imports of realms.
import { type Family, kinds } from '../family.ts';
import { byTable, when } from '../rules.ts';

const LOOK = 'Look at the pods and the database of the server.';

const server = byTable({
  waiting: 'Waiting for the server to be ready',
  rules: [
    when('Ready=True', 'Healthy'),
    when('HasErrors=True', 'Degraded', LOOK),
    when('RollingUpdate=True', 'Progressing'),
    when('Ready', 'Progressing'),
  ],
});

const realm = byTable({
  waiting: 'Waiting for the realm to be imported',
  rules: [
    when('HasErrors=True', 'Degraded', 'Look at the log of its job.'),
    when('Done=True', 'Healthy'),
    when('Started=True', 'Progressing'),
  ],
});

export const keycloak: Family = {
  name: 'Keycloak',
  checks: [
    kinds('k8s.keycloak.org', 'Keycloak', 'conditions Ready, HasErrors', server),
    kinds('k8s.keycloak.org', 'KeycloakRealmImport', 'conditions HasErrors, Done', realm),
  ],
};
