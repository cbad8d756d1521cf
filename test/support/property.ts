// fast-check for property tests, with one seed: a checkout that passed once passes again, and a failure is the change's.
// FAIRLEAD_SEED=<integer> looks elsewhere (a failing run prints its seed), FAIRLEAD_SEED=random somewhere new each time.
import fc from 'fast-check';

const asked = process.env['FAIRLEAD_SEED'];
if (asked !== 'random') fc.configureGlobal({ seed: asked === undefined ? 20_261_121 : Number(asked) });

export { fc };
