// Keeps secret values out of the journal by the names of members and by the kind of object. Values that only the
// secrets stage knows are taken out by the hook the composition root passes in.
import { isRecord, type Json } from '../lib/index.ts';
import type { JournalEntry } from './record.ts';

/** Takes known secret values out of an entry; runs after the built-in rules. Throwing refuses the record. */
export type Redact = (entry: JournalEntry) => JournalEntry;

export const REDACTED = '[redacted]';

// Whole names, lower case, without separators: `secretName` or `tokenRef` are references and stay.
const SECRET_MEMBERS = new Set(
  `password passwd passphrase token accesstoken refreshtoken idtoken bearertoken authtoken sessiontoken apikey apitoken
   secret clientsecret secretkey secretaccesskey privatekey sshprivatekey githubappprivatekey tlsclientcertkey keydata
   authorization cookie setcookie credentials gcpserviceaccountkey connectionstring webhooksecret otp`.split(
    /\s+/,
  ),
);

/** The entry with secret members of its detail replaced by `[redacted]`. */
export function redactEntry(entry: JournalEntry): JournalEntry {
  return entry.detail === undefined ? entry : { ...entry, detail: redactJson(entry.detail) };
}

function redactJson(value: Json): Json {
  if (Array.isArray(value)) return value.map((item: Json) => redactJson(item));
  if (!isRecord(value)) return value;
  const isSecret = value['kind'] === 'Secret';
  const copy: Record<string, Json> = {};
  for (const [key, member] of Object.entries(value as Record<string, Json>)) {
    if (isSecret && (key === 'data' || key === 'stringData')) copy[key] = redactAll(member);
    else if (SECRET_MEMBERS.has(plainName(key))) copy[key] = redactAll(member);
    else copy[key] = redactJson(member);
  }
  return copy;
}

/** Keeps the names of members, so that one can see which key changed, and drops every value. */
function redactAll(value: Json): Json {
  if (Array.isArray(value)) return value.map((item: Json) => redactAll(item));
  if (!isRecord(value)) return value === null || value === '' ? value : REDACTED;
  const members = Object.entries(value as Record<string, Json>);
  return Object.fromEntries(members.map(([key, member]) => [key, redactAll(member)]));
}

function plainName(key: string): string {
  return key.toLowerCase().replace(/[^a-z0-9]/g, '');
}
