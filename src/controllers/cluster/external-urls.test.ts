import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { SCRIPTS } from '../../../test/support/hostile-texts.ts';
import type { KubeObject } from '../../k8s/index.ts';
import { externalUrls } from './external-urls.ts';

const ingress = (spec: string, more = ''): KubeObject =>
  parse(
    `{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: web}, spec: ${spec}${more}}`,
  ) as KubeObject;
const noted = (annotations: Record<string, string>): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'web', annotations },
});

const CASES: Record<string, { objects: KubeObject[]; want: string[] }> = {
  'a host and its paths': {
    objects: [ingress('{rules: [{host: shop.test, http: {paths: [{path: /}, {path: /api/*}]}}]}')],
    want: ['http://shop.test/', 'http://shop.test/api/'],
  },
  'a host with a certificate': {
    objects: [ingress('{tls: [{hosts: [shop.test]}], rules: [{host: shop.test}, {host: plain.test}]}')],
    want: ['http://plain.test/', 'https://shop.test/'],
  },
  'a certificate for all hosts': {
    objects: [ingress('{tls: [{secretName: x}], rules: [{host: shop.test, http: {paths: [{}]}}]}')],
    want: ['https://shop.test/'],
  },
  'the address of the cluster where no host is named': {
    objects: [
      ingress(
        '{rules: [{http: {paths: [{path: /}]}}]}',
        ', status: {loadBalancer: {ingress: [{ip: 192.0.2.1}, {hostname: lb.test}]}}',
      ),
    ],
    want: ['http://192.0.2.1/', 'http://lb.test/'],
  },
  'addresses that somebody wrote on an object, with and without a title': {
    objects: [
      noted({
        'link.argocd.argoproj.io/a': 'Board|https://b.test/x',
        'link.argocd.argoproj.io/b': 'https://c.test',
        other: 'https://d.test',
      }),
    ],
    want: ['Board|https://b.test/x', 'https://c.test'],
  },
  'nothing of an Ingress that says so': {
    objects: [
      {
        ...ingress('{rules: [{host: shop.test}]}'),
        metadata: { name: 'web', annotations: { 'argocd.argoproj.io/ignore-default-links': 'true' } },
      },
    ],
    want: [],
  },
  'nothing of a wildcard, of markup and of what is no host': {
    objects: [
      ingress(
        `{rules: [{host: '*.shop.test'}, {host: '<b>'}, {host: 'a@evil.test'}, {host: 'a/b'}, {host: 7}, 7]}`,
      ),
      ingress('{rules: 7, tls: {}}'),
      ingress('7'),
    ],
    want: [],
  },
  'nothing that is no web address': {
    objects: SCRIPTS.flatMap((url) => [
      noted({ 'link.argocd.argoproj.io/a': url }),
      noted({ 'link.argocd.argoproj.io/a': `Click|${url}` }),
    ]),
    want: [],
  },
};
for (const [name, { objects, want }] of Object.entries(CASES))
  test(`S-G1: externalUrls() gives ${name}`, () => assert.deepEqual(externalUrls(objects), want));

test('externalUrls() gives each once, in order, and not without end', () => {
  const many = Array.from({ length: 200 }, (_, i) => ingress(`{rules: [{host: h${i}.test}]}`));
  assert.equal(externalUrls([...many, ...many]).length, 50);
});
