import { scenarioSuite } from '../scenarios/suite.ts';

scenarioSuite('embedded', false);
