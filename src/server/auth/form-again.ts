// Answers of providers that come by POST from another site, without our cookie. The page that answers them sends the same
// form once more, this time from here, so that the cookie comes along: nothing is kept, and any replica can take it.
import { RawAnswer } from '../route.ts';

export const SCRIPT_PATH = '/auth/continue.js';
/** Says that the form was sent by the page below. */
export const AGAIN = 'again';

// A form's redirects count as its targets, and a sign-in of the command line ends at this machine's own port.
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "base-uri 'none'",
  "form-action 'self' http://127.0.0.1:*",
  "frame-ancestors 'none'",
].join('; ');

export function formAgain(action: string, fields: Readonly<Record<string, string | undefined>>): RawAnswer {
  const inputs = Object.entries({ ...fields, [AGAIN]: '1' })
    .filter((field): field is [string, string] => field[1] !== undefined)
    .map(([name, value]) => `<input type="hidden" name="${escaped(name)}" value="${escaped(value)}">`);
  const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Signing in</title>
<form method="post" action="${escaped(action)}">
${inputs.join('\n')}
<button>Continue</button>
</form>
<script src="${SCRIPT_PATH}"></script>
</html>
`;
  const headers = {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': POLICY,
    'cache-control': 'no-store',
  };
  return new RawAnswer(200, headers, page);
}

/** The policy lets no script stand in the page itself. */
export function continueScript(): RawAnswer {
  return new RawAnswer(
    200,
    { 'content-type': 'text/javascript; charset=utf-8' },
    'document.forms[0].submit();\n',
  );
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
