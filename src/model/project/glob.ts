// Glob patterns of project rules: `*`, `**`, `?`, `[…]`, `{a,b}`. With a separator, `*` and `?` stop at it.

/** True when the whole `value` matches. */
export function globMatches(pattern: string, value: string, separator = ''): boolean {
  if (pattern === '*' && separator === '') return true;
  return toRegExp(pattern, separator).test(value);
}

function toRegExp(pattern: string, separator: string): RegExp {
  const one = separator === '' ? '.' : `[^${separator}]`;
  let source = '';
  let depth = 0;
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern[i] as string;
    if (char === '*') {
      const many = pattern[i + 1] === '*';
      // Runs of stars mean the same as one; leaving them would make matching exponential.
      while (pattern[i + 1] === '*') i += 1;
      source += many ? '.*' : `${one}*`;
    } else if (char === '?') source += one;
    else if (char === '[') {
      const end = pattern.indexOf(']', i + 1);
      if (end < 0) source += '\\[';
      else {
        const body = pattern
          .slice(i + 1, end)
          .replace(/^!/, '^')
          .replace(/\\/g, '\\\\');
        source += `[${body}]`;
        i = end;
      }
    } else if (char === '{') {
      depth += 1;
      source += '(?:';
    } else if (char === '}' && depth > 0) {
      depth -= 1;
      source += ')';
    } else if (char === ',' && depth > 0) source += '|';
    else if (char === '\\' && i + 1 < pattern.length) {
      i += 1;
      source += escaped(pattern[i] as string);
    } else source += escaped(char);
  }
  try {
    return new RegExp(`^${source}${')'.repeat(depth)}$`, 's');
  } catch {
    // A pattern that is no glob matches only itself.
    return new RegExp(`^${escaped(pattern)}$`, 's');
  }
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}
