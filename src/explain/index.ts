// Door of explain: why an application is in its state, from facts that others gathered. Pure.
export { explainApplication } from './explain.ts';
export type {
  ExplainedDecision,
  ExplainedEvent,
  ExplainedObject,
  ExplainedRecord,
  ExplanationFacts,
} from './facts.ts';
