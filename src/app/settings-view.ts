// What argocd-cm says of the page and of badges, in the words of the API's settings.
import type { Settings as SettingsAnswer } from '../contract/index.ts';
import type { Settings } from '../controllers/index.ts';
import { isWebAddress } from '../lib/index.ts';

type Shown = Pick<
  SettingsAnswer,
  | 'statusBadgeEnabled'
  | 'statusBadgeRootUrl'
  | 'help'
  | 'uiBannerContent'
  | 'uiBannerURL'
  | 'uiBannerPermanent'
  | 'uiBannerPosition'
  | 'impersonationEnabled'
>;

export function settingsView(settings: Pick<Settings, 'config' | 'impersonation'>): Shown {
  const text = (key: string): string => settings.config(key) ?? '';
  const given = (member: string, key: string): Record<string, string> =>
    text(key) === '' ? {} : { [member]: text(key) };
  const address = (member: string, key: string): Record<string, string> =>
    isWebAddress(text(key)) ? { [member]: text(key) } : {};
  const help = { ...address('chatUrl', 'help.chatUrl'), ...given('chatText', 'help.chatText') };
  return {
    statusBadgeEnabled: text('statusbadge.enabled') === 'true',
    ...address('statusBadgeRootUrl', 'statusbadge.url'),
    ...(Object.keys(help).length === 0 ? {} : { help }),
    ...given('uiBannerContent', 'ui.bannercontent'),
    ...address('uiBannerURL', 'ui.bannerurl'),
    ...(text('ui.bannerpermanent') === 'true' ? { uiBannerPermanent: true } : {}),
    ...given('uiBannerPosition', 'ui.bannerposition'),
    impersonationEnabled: settings.impersonation() !== 'off',
  };
}
