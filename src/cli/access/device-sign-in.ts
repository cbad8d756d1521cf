// Signs in on a machine without a browser: shows a code that a person confirms elsewhere, and asks until they did.
import type { Client } from '../../client/index.ts';
import type { CliEnvironment } from '../environment.ts';
import { CliError } from '../errors.ts';
import type { Output } from '../output.ts';

/** @returns the session token. Rejects with `TIMED_OUT` when nobody confirms */
export async function signInByDevice(
  { clock, signal }: CliEnvironment,
  client: Client,
  out: Output,
): Promise<string> {
  const { deviceCode, userCode, verificationPath, expiresInSeconds, intervalSeconds } =
    await client.session.beginDevice();
  out.note(
    `Open ${client.server}${verificationPath} in any browser, sign in, and confirm the code ${userCode}`,
  );
  const until = clock.monotonic() + expiresInSeconds * 1000;
  while (clock.monotonic() < until) {
    await clock.sleep(intervalSeconds * 1000, signal);
    const answer = await client.session.askDevice(deviceCode);
    if (answer.status === 'approved') return answer.token;
  }
  throw new CliError('TIMED_OUT', 'Nobody confirmed the code in time; try again');
}
