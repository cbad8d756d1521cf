export { eventOfRecord, eventsOfChange } from './application-events.ts';
export { eventOfSetRecord, eventsOfSetChange } from './application-set-events.ts';
export { type EventFacts, EventRecorder } from './recorder.ts';
