import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isRefusedAddress } from './addresses.ts';

const CASES: Readonly<Record<string, boolean>> = {
  '169.254.169.254': true,
  '[::ffff:169.254.169.254]': true,
  '[::ffff:a9fe:a9fe]': true,
  '::ffff:a9fe:a9fe': true,
  '2852039166': true,
  '0xa9fea9fe': true,
  '0251.0376.0251.0376': true,
  '169.254.43518': true,
  '[fe80::1]': true,
  'fe80::1': true,
  'fd00:ec2::254': true,
  '[64:ff9b::169.254.169.254]': true,
  '0.0.0.0': true,
  '0': true,
  '100.100.100.200': true,
  '127.0.0.1': false,
  '10.0.0.1': false,
  '169.253.0.1': false,
  '[::1]': false,
  'git.example.com': false,
  '169.254.169.254.example.com': false,
  '': false,
};

for (const [host, want] of Object.entries(CASES)) {
  test(`S-I1: the address ${JSON.stringify(host)} is ${want ? 'refused' : 'let through'}`, () =>
    assert.equal(isRefusedAddress(host), want));
}
