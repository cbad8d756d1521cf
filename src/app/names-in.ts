/** The names of a comma-separated list, as config maps have them. */
export function namesIn(text = ''): string[] {
  return text.split(',').flatMap((name) => (name.trim() === '' ? [] : [name.trim()]));
}
