// Stands where git expects gitsign (`gpg.x509.program`): signs what comes in by a Sigstore of its own, and leaves the
// trusted root of that in the file that TRUSTED_ROOT names.
import { readFileSync, writeFileSync } from 'node:fs';
import { Sigstore } from './sigstore.ts';

const sigstore = new Sigstore(Date.now());
const signature = await sigstore.signer().sign(readFileSync(0));
writeFileSync(process.env['TRUSTED_ROOT'] ?? '', sigstore.trustedRoot());
process.stderr.write('\n[GNUPG:] SIG_CREATED \n');
process.stdout.write(`${signature}\n`);
