import { scenarioSuite } from '../scenarios/suite.ts';
import { missingControlPlane } from './controlplane/build.ts';

scenarioSuite('real', missingControlPlane());
