// Ownership comparison against a real API server.
import { startControlPlane } from '../support/control-plane.ts';
import { diffSuite } from '../support/diff-suite.ts';

diffSuite(() => startControlPlane());
