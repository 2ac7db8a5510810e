// What `kubectl kustomize` makes of a folder, for the parts of it that this project uses: resources, patches
// by JSON Patch or `$patch: delete`, the namespace and the tags of images. Everything else is refused.

import { parse } from 'yaml';
import { yamlOf } from './project.ts';

// oxlint-disable-next-line typescript/no-explicit-any -- manifests are what the schemas say, not types
export type Manifest = Record<string, any>;

interface Operation {
  readonly op: 'add' | 'replace';
  readonly path: string;
  readonly value: unknown;
}

/** In place. @throws Error when what is replaced, or the parent of what is added, is not there. */
function apply(manifest: Manifest, { op, path, value }: Operation): void {
  const keys = path
    .slice(1)
    .split('/')
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
  const last = keys.pop() ?? '';
  const parent = keys.reduce((node, key) => node?.[key], manifest);
  if (parent === undefined || (op === 'replace' && !(last in parent)))
    throw new Error(`${op} ${path}: there is nothing at that path of ${manifest['kind']}.`);
  if (last === '-') parent['push'](value);
  else parent[last] = value;
}

function patched(manifests: readonly Manifest[], { target, patch, ...rest }: Manifest): readonly Manifest[] {
  refuse(rest);
  const matches = ({ kind, metadata }: Manifest): boolean =>
    kind === target['kind'] && metadata.name === target['name'];
  if (!manifests.some(matches)) throw new Error(`No ${target['kind']} '${target['name']}' to patch.`);
  const change = parse(patch);
  if (change.$patch === 'delete') return manifests.filter((manifest) => !matches(manifest));
  for (const manifest of manifests.filter(matches))
    for (const operation of change) apply(manifest, operation);
  return manifests;
}

const refuse = (unknown: object): void => {
  const names = Object.keys(unknown);
  if (names.length > 0) throw new Error(`${names.join(', ')}: not known here.`);
};

export function render(folder: string): readonly Manifest[] {
  const { apiVersion: _, kind: __, ...described } = yamlOf(`${folder}/kustomization.yaml`);
  const { resources, patches = [], images = [], namespace, ...rest } = described;
  refuse(rest);
  let manifests: readonly Manifest[] = resources.flatMap((path: string) =>
    path.endsWith('.yaml') ? [yamlOf(`${folder}/${path}`)] : render(`${folder}/${path}`),
  );
  for (const patch of patches) manifests = patched(manifests, patch);
  for (const manifest of manifests) {
    if (namespace !== undefined && manifest['kind'] !== 'Namespace')
      manifest['metadata'].namespace = namespace;
    for (const container of manifest['spec']?.template?.spec.containers ?? [])
      for (const { name, newTag } of images)
        if (container.image.split(':')[0] === name) container.image = `${name}:${newTag}`;
  }
  return manifests;
}
