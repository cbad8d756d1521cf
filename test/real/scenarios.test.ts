import { scenarioSuite } from '../scenarios/suite.ts';
import { missingControlPlane } from './controlplane/build.ts';

scenarioSuite('embedded', false);
scenarioSuite('real', missingControlPlane());
