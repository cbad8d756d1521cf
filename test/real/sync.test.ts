// Whole syncs against a real API server.
import { startControlPlane } from '../support/control-plane.ts';
import { syncSuite } from '../support/sync-suite.ts';

syncSuite(() => startControlPlane());
