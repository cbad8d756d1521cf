export { eventOfRecord, eventsOfChange } from './application-events.ts';
export { type EventFacts, EventRecorder } from './recorder.ts';
