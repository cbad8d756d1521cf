// Turns any text into what can be a name in Kubernetes, as ApplicationSets do: for parameters such as nameNormalized,
// and for the functions `normalize` and `slugify` of their templates. Pure.

const MAX_NAME = 253;
const MAX_SLUG = 50;
/** What English writes for a sign, and letters that have no plain one inside them. */
const SUBSTITUTES: Readonly<Record<string, string>> = {
  '"': '',
  "'": '',
  '’': '',
  '&': 'and',
  '@': 'at',
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  đ: 'd',
  ł: 'l',
  ı: 'i',
  þ: 'th',
};

/** A DNS-1123 sub-domain: lower case, everything else than letters, digits, "-" and "." becomes "-". */
export function normalizedName(text: string): string {
  const name = text
    .toLowerCase()
    .replace(/[^-a-z0-9.]/g, '-')
    .slice(0, MAX_NAME);
  return name.replace(/^[-.]+|[-.]+$/g, '');
}

/**
 * Words joined by "-", in ASCII; shorter than a label may be.
 * @param atWord cut between words rather than within one
 */
export function slug(text: string, maxLength = MAX_SLUG, atWord = false): string {
  const words = text
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase()
    .replace(/["'’&@ßæœøđłıþ]/g, (letter) => SUBSTITUTES[letter] ?? letter)
    .replace(/[^a-z0-9_-]+/g, '-')
    .replace(/-{2,}/g, '-')
    .replace(/^[-_]+|[-_]+$/g, '');
  if (words.length <= maxLength) return words;
  const cut = words.slice(0, maxLength);
  const isWhole = !atWord || words[maxLength] === '-';
  const end = isWhole ? -1 : cut.lastIndexOf('-');
  return (end > 0 ? cut.slice(0, end) : cut).replace(/[-_]+$/, '');
}
