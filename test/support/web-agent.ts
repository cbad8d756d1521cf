// A browser reduced to what signing in needs: cookies by origin, redirects followed one by one, forms sent as they are.
export interface Visit {
  readonly url: string;
  readonly status: number;
  readonly text: string;
  /** `Set-Cookie` headers of every answer on the way. */
  readonly cookiesSet: readonly string[];
}

export interface WebAgent {
  open(url: string): Promise<Visit>;
  /** Sends the first form of a page, with `fields` in place of its own values. */
  submit(page: Visit, fields?: Readonly<Record<string, string>>): Promise<Visit>;
  cookies(origin: string): Readonly<Record<string, string>>;
}

const MAX_STEPS = 20;

export function webAgent(): WebAgent {
  const jars = new Map<string, Map<string, string>>();
  const jarOf = (origin: string): Map<string, string> => {
    const jar = jars.get(origin) ?? new Map<string, string>();
    jars.set(origin, jar);
    return jar;
  };
  const visit = async (first: string, firstBody?: URLSearchParams): Promise<Visit> => {
    let [url, body] = [first, firstBody];
    const cookiesSet: string[] = [];
    for (let step = 0; step < MAX_STEPS; step += 1) {
      const jar = jarOf(new URL(url).origin);
      const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
      const response = await fetch(url, {
        method: body === undefined ? 'GET' : 'POST',
        redirect: 'manual',
        headers: cookie === '' ? {} : { cookie },
        ...(body === undefined ? {} : { body }),
      });
      for (const line of response.headers.getSetCookie()) {
        cookiesSet.push(line);
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
        if (value === '' || /max-age=0/i.test(line)) jar.delete(name);
        else jar.set(name, value);
      }
      const location = response.headers.get('location');
      const text = await response.text();
      if (location === null) return { url, status: response.status, text, cookiesSet };
      url = new URL(location, url).href;
      body = undefined;
    }
    throw new Error(`more than ${MAX_STEPS} redirects from ${first}`);
  };
  return {
    open: (url) => visit(url),
    async submit(page, fields = {}) {
      const action = attribute(/<form[^>]*>/i.exec(page.text)?.[0] ?? '', 'action');
      const form = new URLSearchParams();
      for (const [input] of page.text.matchAll(/<input[^>]*>/gi)) {
        const name = attribute(input, 'name');
        if (name !== '') form.set(name, attribute(input, 'value'));
      }
      for (const [name, value] of Object.entries(fields)) form.set(name, value);
      return await visit(new URL(action, page.url).href, form);
    },
    cookies: (origin) => Object.fromEntries(jarOf(origin)),
  };
}

function attribute(tag: string, name: string): string {
  const value = new RegExp(`\\s${name}="([^"]*)"`, 'i').exec(tag)?.[1] ?? '';
  return value.replaceAll('&amp;', '&').replaceAll('&#x3D;', '=').replaceAll('&quot;', '"');
}
