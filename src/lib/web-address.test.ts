import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isWebAddress } from './web-address.ts';

const GOOD = [
  'https://shop.example.com/a?b=c#d',
  'http://127.0.0.1:3000',
  'HTTPS://SHOP.TEST',
  'mailto:team@shop.test',
  'https://shop.test/?next=javascript:alert(1)',
  'https://logs.test/?q=a b\\d',
];
const BAD = [
  '',
  'shop.test',
  '//shop.test',
  '/path',
  'https:shop.test',
  'https:///shop.test',
  'https:\\\\shop.test',
  'javascript:alert(1)',
  'JaVaScRiPt:alert(1)',
  'java\nscript:alert(1)',
  'java\tscript:alert(1)',
  '\u0001javascript:alert(1)',
  ' https://shop.test',
  'https://shop.test\r\nSet-Cookie: a=b',
  'https://shop.test/\u202egpj',
  'data:text/html,<script>alert(1)</script>',
  'vbscript:msgbox(1)',
  'blob:https://shop.test/x',
  'file:///etc/passwd',
  'https://[',
];
for (const text of GOOD)
  test(`S-G1: isWebAddress() of ${JSON.stringify(text)}`, () => assert.equal(isWebAddress(text), true));
for (const text of BAD)
  test(`S-G1: isWebAddress() refuses ${JSON.stringify(text)}`, () => assert.equal(isWebAddress(text), false));
