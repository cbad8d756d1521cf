// The version the server says it is: the Kubernetes release whose behaviour it follows.

const MAJOR = '1';
const MINOR = '35';
const PATCH = '4';

/** Body of /version. */
export function serverVersion(): Record<string, string> {
  return {
    major: MAJOR,
    minor: MINOR,
    emulationMajor: MAJOR,
    emulationMinor: MINOR,
    minCompatibilityMajor: MAJOR,
    minCompatibilityMinor: String(Number(MINOR) - 1),
    gitVersion: `v${MAJOR}.${MINOR}.${PATCH}`,
    gitCommit: '',
    gitTreeState: 'clean',
    buildDate: '1970-01-01T00:00:00Z',
    goVersion: '',
    compiler: 'fairlead',
    platform: 'linux/amd64',
  };
}
