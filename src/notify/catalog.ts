// Triggers and templates that exist without being configured. An entry of the same name in argocd-notifications-cm
// replaces the one here. Names and conditions are those of Argo CD's catalog; `on-drift-detected` is Fairlead's.

export interface CatalogTrigger {
  readonly when: string;
  readonly oncePer?: string;
  readonly send: readonly string[];
  readonly description: string;
}

const REVISION = 'app.status.operationState?.syncResult?.revision';

export const CATALOG_TRIGGERS: Readonly<Record<string, CatalogTrigger>> = {
  'on-created': {
    description: 'An application was created',
    when: 'true',
    oncePer: 'app.metadata.name',
    send: ['app-created'],
  },
  'on-deleted': {
    description: 'An application is being deleted',
    when: 'app.metadata.deletionTimestamp != nil',
    oncePer: 'app.metadata.name',
    send: ['app-deleted'],
  },
  'on-deployed': {
    description: 'A revision was synced and is healthy; once for each revision',
    when: "app.status.operationState != nil and app.status.operationState.phase in ['Succeeded'] and app.status.health.status == 'Healthy'",
    oncePer: REVISION,
    send: ['app-deployed'],
  },
  'on-health-degraded': {
    description: 'An application is degraded',
    when: "app.status.health.status == 'Degraded'",
    send: ['app-health-degraded'],
  },
  'on-sync-failed': {
    description: 'A sync failed',
    when: "app.status.operationState != nil and app.status.operationState.phase in ['Error', 'Failed']",
    send: ['app-sync-failed'],
  },
  'on-sync-running': {
    description: 'A sync runs',
    when: "app.status.operationState != nil and app.status.operationState.phase in ['Running']",
    send: ['app-sync-running'],
  },
  'on-sync-status-unknown': {
    description: 'An application cannot be compared with its source',
    when: "app.status.sync.status == 'Unknown'",
    send: ['app-sync-status-unknown'],
  },
  'on-sync-succeeded': {
    description: 'A sync succeeded',
    when: "app.status.operationState != nil and app.status.operationState.phase in ['Succeeded']",
    oncePer: REVISION,
    send: ['app-sync-succeeded'],
  },
  'on-drift-detected': {
    description: 'The cluster differs from the revision that was synced last',
    when: `app.status.sync.status == 'OutOfSync' and app.status.operationState?.phase == 'Succeeded' and app.status.sync.revision == ${REVISION}`,
    send: ['app-drift-detected'],
  },
};

/** What is alerted on without any subscription, see `alerts` in config.ts. */
export const ALERT_TRIGGERS = ['on-drift-detected', 'on-health-degraded', 'on-sync-failed'] as const;

const LINK = '{{with .context.argocdUrl}}{{.}}/applications/{{$.app.metadata.name}}{{end}}';
const REPOSITORY = '{{with .app.spec.source}}{{.repoURL}}{{end}}';
const COMMIT = '{{with .app.status.sync}}{{.revision}}{{end}}';
const DONE = '{{with .app.status.operationState}}{{with .syncResult}}{{.revision}}{{end}}{{end}}';

export const CATALOG_TEMPLATES: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'app-created': template({
    title: 'Application {{.app.metadata.name}} was created',
    text: 'It takes its manifests from {{with .app.spec.source}}{{.repoURL}}{{end}}.',
    color: '#0d6efd',
  }),
  'app-deleted': template({
    title: 'Application {{.app.metadata.name}} is being deleted',
    text: 'It is deleted from namespace {{.app.metadata.namespace}}.',
    color: '#6c757d',
  }),
  'app-deployed': template({
    title: 'Application {{.app.metadata.name}} runs a new version',
    text: `Revision ${DONE} is synced and healthy.`,
    color: '#198754',
    state: 'success',
    label: 'continuous-delivery/{{.app.metadata.name}}',
    revision: DONE,
    deployment: true,
  }),
  'app-health-degraded': template({
    title: 'Application {{.app.metadata.name}} is degraded',
    text: 'Its health is {{.app.status.health.status}}{{with .app.status.health.message}}: {{.}}{{end}}.',
    color: '#dc3545',
  }),
  'app-sync-failed': template({
    title: 'Sync of application {{.app.metadata.name}} failed',
    text: 'It ended {{.app.status.operationState.phase}}{{with .app.status.operationState.finishedAt}} at {{.}}{{end}}: {{.app.status.operationState.message}}',
    color: '#dc3545',
    state: 'error',
    label: 'continuous-delivery/{{.app.metadata.name}}',
    revision: `{{if .app.status.operationState.syncResult}}${DONE}{{else}}${COMMIT}{{end}}`,
  }),
  'app-sync-running': template({
    title: 'Sync of application {{.app.metadata.name}} runs',
    text: 'It began at {{.app.status.operationState.startedAt}}.',
    color: '#0d6efd',
    state: 'pending',
    label: 'continuous-delivery/{{.app.metadata.name}}',
  }),
  'app-sync-status-unknown': template({
    title: 'Application {{.app.metadata.name}} cannot be compared with its source',
    text: '{{range .app.status.conditions}}{{.type}}: {{.message}}\n{{end}}',
    color: '#fd7e14',
  }),
  'app-sync-succeeded': template({
    title: 'Application {{.app.metadata.name}} is synced',
    text: `Revision ${DONE} was applied{{with .app.status.operationState.finishedAt}} at {{.}}{{end}}.`,
    color: '#198754',
    state: 'success',
    label: 'continuous-delivery/{{.app.metadata.name}}',
    revision: DONE,
  }),
  'app-drift-detected': template({
    title: 'Application {{.app.metadata.name}} differs from its source',
    text: 'The cluster was changed since revision {{.app.status.sync.revision}} was synced:{{range .app.status.resources}}{{if eq .status "OutOfSync"}} {{.kind}} {{.name}};{{end}}{{end}}',
    color: '#fd7e14',
  }),
};

interface TemplateParts {
  readonly title: string;
  readonly text: string;
  readonly color: string;
  /** Commit status, where one makes sense. */
  readonly state?: 'success' | 'error' | 'pending';
  readonly label?: string;
  readonly revision?: string;
  readonly deployment?: boolean;
}

function template(parts: TemplateParts): Readonly<Record<string, unknown>> {
  const { title, text, color, state, label = '', revision = COMMIT, deployment = false } = parts;
  const attachment = (linkMember: string): string =>
    `[{"title": {{printf "%s" ${titleCall(title)} | toJson}}, "${linkMember}": "${LINK}", "color": "${color}", "fields": [{"title": "Sync status", "value": {{toJson (dig "status" "sync" "status" "Unknown" .app)}}, "short": true}, {"title": "Repository", "value": {{toJson (dig "spec" "source" "repoURL" "" .app)}}, "short": true}]}]`;
  return {
    message: `${title}. ${text}\n${LINK}`,
    email: { subject: title, body: `${text}\n\n${LINK}` },
    slack: { attachments: attachment('title_link') },
    mattermost: { attachments: attachment('title_link') },
    teams: { title, text, themeColor: color },
    'teams-workflows': { title, text },
    pagerduty: { title, body: text, urgency: state === 'success' ? 'low' : 'high' },
    pagerdutyv2: { summary: title, severity: state === 'success' ? 'info' : 'error' },
    opsgenie: { description: text },
    ...(state === undefined
      ? {}
      : {
          github: {
            repoURLPath: REPOSITORY,
            revisionPath: revision,
            status: { state, label, targetURL: LINK },
            ...(deployment
              ? {
                  deployment: {
                    state,
                    environment: '{{.app.metadata.name}}',
                    environmentURL: LINK,
                    autoMerge: false,
                  },
                }
              : {}),
          },
          gitlab: {
            repoURLPath: REPOSITORY,
            revisionPath: revision,
            status: { state: state === 'error' ? 'failed' : state, label, targetURL: LINK },
          },
        }),
  };
}

/** The title as arguments of printf, so that its value can be quoted as JSON. */
function titleCall(title: string): string {
  const [before = '', after = ''] = title.split('{{.app.metadata.name}}');
  return `(print ${JSON.stringify(before)} .app.metadata.name ${JSON.stringify(after)})`;
}
