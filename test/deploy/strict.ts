// Kubernetes' own schemas (the package kubernetes-models compiles them), made strict: an unknown field is a
// fault, as `kubectl apply --validate=strict` has it. The schemas ignore what they do not know, so a field
// that they never read is one they do not know.

import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Manifest } from './kustomize.ts';

const require = createRequire(import.meta.url);

interface Fault {
  readonly instancePath: string;
  readonly keyword: string;
  readonly params: object;
}

interface Validate {
  (manifest: unknown): boolean;
  readonly errors?: readonly Fault[] | null;
}

/** The package exports classes alone, which read a manifest whole before they validate it. */
const FOLDER = join(dirname(require.resolve('kubernetes-models')), '_schemas');

/** By `apiVersion kind`. */
const SCHEMAS: Readonly<Record<string, string>> = {
  'v1 ConfigMap': 'CoreV1ConfigMap',
  'v1 Namespace': 'CoreV1Namespace',
  'v1 PersistentVolumeClaim': 'CoreV1PersistentVolumeClaim',
  'v1 Service': 'CoreV1Service',
  'apps/v1 Deployment': 'AppsV1Deployment',
  'networking.k8s.io/v1 NetworkPolicy': 'NetworkingV1NetworkPolicy',
  'policy/v1 PodDisruptionBudget': 'PolicyV1PodDisruptionBudget',
};

/** The value as it is, with a note of every field that is never read. */
function watched<T extends object>(value: T, path: string, unread: Set<string>): T {
  const inside = new Map<string, unknown>();
  for (const [key, field] of Object.entries(value)) {
    const at = `${path}/${key}`;
    unread.add(at);
    inside.set(key, typeof field === 'object' && field !== null ? watched(field, at, unread) : field);
  }
  return new Proxy(value, {
    get(target, key, receiver) {
      if (typeof key !== 'string' || !inside.has(key)) return Reflect.get(target, key, receiver);
      unread.delete(`${path}/${key}`);
      return inside.get(key);
    },
  });
}

/** What is wrong with a manifest, in words; none: []. */
export function faultsOf(manifest: Manifest): readonly string[] {
  const named = `${manifest['apiVersion']} ${manifest['kind']}`;
  const schema = SCHEMAS[named];
  if (schema === undefined) return [`${named}: no schema is at hand.`];
  const { validate } = require(join(FOLDER, `IoK8sApi${schema}.js`)) as { readonly validate: Validate };
  const unread = new Set<string>();
  if (validate(watched(manifest, '', unread))) return [...unread].map((field) => `${field}: unknown field`);
  return (validate.errors ?? []).map(
    ({ instancePath, keyword, params }) => `${instancePath}: ${keyword} ${JSON.stringify(params)}`,
  );
}
