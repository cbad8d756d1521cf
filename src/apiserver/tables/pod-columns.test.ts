import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { podStatus } from './pod-columns.ts';

const CASES: Record<string, string> = {
  Running: '{status: {phase: Running, containerStatuses: [{ready: true, state: {running: {}}}]}}',
  CrashLoopBackOff:
    '{status: {phase: Running, containerStatuses: [{state: {waiting: {reason: CrashLoopBackOff}}}]}}',
  Completed:
    '{status: {phase: Succeeded, containerStatuses: [{state: {terminated: {reason: Completed, exitCode: 0}}}]}}',
  'ExitCode:3': '{status: {phase: Failed, containerStatuses: [{state: {terminated: {exitCode: 3}}}]}}',
  Terminating: '{metadata: {deletionTimestamp: "2026-01-01T00:00:00Z"}, status: {phase: Running}}',
  'Init:0/2':
    '{spec: {initContainers: [{name: a}, {name: b}]}, status: {phase: Pending, initContainerStatuses: [{name: a, state: {running: {}}}]}}',
  'Init:Error':
    '{spec: {initContainers: [{name: a}]}, status: {phase: Pending, initContainerStatuses: [{name: a, state: {terminated: {reason: Error, exitCode: 1}}}]}}',
  SchedulingGated: '{status: {phase: Pending, conditions: [{type: PodScheduled, reason: SchedulingGated}]}}',
  Evicted: '{status: {phase: Failed, reason: Evicted}}',
};

for (const [want, yaml] of Object.entries(CASES)) {
  test(`podStatus() is ${want}`, () => {
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: {}, ...parse(yaml) };
    assert.equal(podStatus(pod), want);
  });
}
