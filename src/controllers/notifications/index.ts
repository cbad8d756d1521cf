export { NotificationsController } from './controller.ts';
export type { NotificationMetrics, NotificationsDeps } from './deps.ts';
