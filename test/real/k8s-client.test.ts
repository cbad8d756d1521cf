// The Kubernetes layer against a real control plane.

import { test } from 'node:test';
import { startControlPlane } from '../support/control-plane.ts';
import { kubeSuite } from '../support/kube-suite.ts';
import { missingControlPlane } from './controlplane/build.ts';

const missing = missingControlPlane();
if (missing === false) kubeSuite('src/k8s against a real kube-apiserver', () => startControlPlane());
else test('src/k8s against a real kube-apiserver', { skip: missing });
