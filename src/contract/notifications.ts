// Notifications in the API: Argo CD's lists of names, and Fairlead's way to look at and to try them.
import { z } from 'zod';

export interface NotificationNames {
  readonly items: readonly { readonly name: string }[];
}

export interface NotificationTriggers {
  readonly items: readonly {
    readonly name: string;
    readonly conditions: readonly {
      readonly when: string;
      readonly oncePer: string;
      readonly send: readonly string[];
    }[];
  }[];
}

export interface NotificationTemplates {
  readonly items: readonly { readonly name: string; readonly members: readonly string[] }[];
  /** Entries of the configuration that cannot be used. */
  readonly problems: readonly { readonly key: string; readonly message: string }[];
}

export const TriggerRunRequest = z.object({ application: z.string(), appNamespace: z.string().optional() });

export interface TriggerRunResult {
  readonly items: readonly {
    readonly triggered: boolean;
    readonly oncePer: string;
    readonly send: readonly string[];
  }[];
}

export const TemplateNotifyRequest = z.object({
  application: z.string(),
  appNamespace: z.string().optional(),
  /** `service:recipient`; without it the text is only rendered. */
  destination: z.string().optional(),
});

export interface TemplateNotifyResult {
  readonly text: string;
  readonly sent: boolean;
}
