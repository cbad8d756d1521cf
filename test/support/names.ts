// A resolver for names that exist nowhere else, as one more thing outside: what it answers may change from question to
// question, which is what DNS rebinding is. And the ways in which a refused address can be written.
import { type AddressGuard, addressGuard } from '../../src/lib/index.ts';

export interface TestNames {
  readonly guard: AddressGuard;
  /** Questions so far, in order. */
  readonly asked: string[];
  /** Answers of a name, one for each question, the last one for all that follow; none: there is no such name. */
  set(name: string, ...answers: (string | readonly string[])[]): void;
}

export function testNames(refuse: readonly string[] = []): TestNames {
  const answers = new Map<string, string[][]>();
  const asked: string[] = [];
  const resolve = async (name: string) => {
    asked.push(name);
    const left = answers.get(name.toLowerCase()) ?? [];
    const found = left.length > 1 ? left.shift() : left[0];
    if (found === undefined) throw new Error('ENOTFOUND');
    return found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  };
  return {
    guard: addressGuard({ resolve, refuse }),
    asked,
    set: (name, ...list) =>
      void answers.set(
        name,
        list.map((item) => [item].flat()),
      ),
  };
}

/** Hosts that are a metadata service, in every notation that resolvers or URL parsers know. */
export const REFUSED_HOSTS: Readonly<Record<string, string>> = {
  'as it is': '169.254.169.254',
  'as one number': '2852039166',
  'in hexadecimal': '0xa9fea9fe',
  'in octal': '0251.0376.0251.0376',
  'with parts left out': '169.254.43518',
  'as IPv6': '[::ffff:169.254.169.254]',
  'as IPv6 in hexadecimal': '[::ffff:a9fe:a9fe]',
  'behind NAT64': '[64:ff9b::a9fe:a9fe]',
  'of IPv6 alone': '[fd00:ec2::254]',
  'of the link': '[fe80::1]',
  'of this host': '0.0.0.0',
  'behind a name': 'metadata.example.test',
  'behind a name, as IPv6': 'metadata6.example.test',
  'among others behind a name': 'both.example.test',
};

/** Answers for the names among REFUSED_HOSTS. */
export function setRefusedNames(names: TestNames): void {
  names.set('metadata.example.test', '169.254.169.254');
  names.set('metadata6.example.test', '::ffff:169.254.169.254');
  names.set('both.example.test', ['127.0.0.1', '169.254.169.254']);
}
