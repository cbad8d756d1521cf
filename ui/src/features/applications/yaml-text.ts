// Writes plain JSON data as YAML to read. It need not cover what YAML can say, only what a Kubernetes object holds.

/** `value` as YAML without an end-of-line at the end. */
export function yamlText(value: unknown): string {
  return lines(value).join('\n');
}

function lines(value: unknown): string[] {
  if (Array.isArray(value))
    return value.length === 0 ? ['[]'] : value.flatMap((item) => hang('- ', lines(item)));
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    return members.length === 0 ? ['{}'] : members.flatMap(([key, member]) => memberLines(key, member));
  }
  if (typeof value === 'string' && value.includes('\n') && !/^\s|[ \t\r]\n/.test(value)) return block(value);
  return [typeof value === 'string' ? scalar(value) : String(JSON.stringify(value))];
}

function memberLines(key: string, value: unknown): string[] {
  const text = lines(value);
  const name = `${scalar(key)}:`;
  if (!isCollection(value)) return hang(`${name} `, text);
  return [name, ...(Array.isArray(value) ? text : text.map((line) => (line === '' ? line : `  ${line}`)))];
}

function isCollection(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0;
}

function hang(mark: string, text: readonly string[]): string[] {
  return text.map((line, i) => (i === 0 ? `${mark}${line}` : line === '' ? line : `  ${line}`));
}

function block(text: string): string[] {
  const keep = text.endsWith('\n\n') ? '+' : text.endsWith('\n') ? '' : '-';
  return [`|${keep}`, ...text.replace(/\n$/, '').split('\n')];
}

/** Quoted when plain text would be read as something else. */
function scalar(text: string): string {
  const isPlain = /^[A-Za-z0-9_./][\w ./@%+=,:;()<>~-]*$/.test(text) && !/: |:$| #|\s$/.test(text);
  const isWord = /^(true|false|yes|no|on|off|null|~|[-+.]?\d[\d_.eExXa-fA-F:-]*)$/i.test(text);
  return isPlain && !isWord ? text : JSON.stringify(text);
}
