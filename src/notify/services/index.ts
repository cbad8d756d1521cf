// The services by type, as `service.<type>` names them. Adding one is adding a file and a line.
import type { ServiceFactory } from '../service.ts';
import { alertmanager, opsgenie, pagerduty, pagerdutyV2 } from './alerting.ts';
import { googleChat, grafana, mattermost, pushover, telegram } from './chat.ts';
import { email } from './email.ts';
import { github } from './github.ts';
import { gitlab } from './gitlab.ts';
import { slack } from './slack.ts';
import { teams, teamsWorkflows } from './teams.ts';
import { webhook } from './webhook.ts';

export const SERVICES: ReadonlyMap<string, ServiceFactory> = new Map([
  ['slack', slack],
  ['email', email],
  ['webhook', webhook],
  ['teams', teams],
  ['teams-workflows', teamsWorkflows],
  ['github', github],
  ['gitlab', gitlab],
  ['grafana', grafana],
  ['alertmanager', alertmanager],
  ['pagerduty', pagerduty],
  ['pagerdutyv2', pagerdutyV2],
  ['opsgenie', opsgenie],
  ['telegram', telegram],
  ['mattermost', mattermost],
  ['googlechat', googleChat],
  ['pushover', pushover],
]);
