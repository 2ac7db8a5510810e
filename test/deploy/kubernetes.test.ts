// The Kubernetes manifests, base and overlays as kustomize renders them: by the API's own schemas, strictly,
// and at one with the image, the server and the configuration.

import { existsSync, readdirSync } from 'node:fs';
import { readDockerfile } from '../../deploy/replay/dockerfile.ts';
import { VARIABLES } from '../../src/config.ts';
import { type Manifest, render } from './kustomize.ts';
import { PACKAGE, ROOT, textOf, yamlOf } from './project.ts';
import { faultsOf } from './strict.ts';

const FOLDER = 'deploy/kubernetes';
const OVERLAYS = readdirSync(`${ROOT}/${FOLDER}`);
const KNOWN = Object.values(VARIABLES).map(({ name }) => name);
const RESTRICTED = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
];

const imageSays = (name: string): string =>
  readDockerfile(textOf('Dockerfile'))
    .flatMap(({ instructions }) => instructions)
    .flatMap((one) => (one.name === name && 'value' in one ? [one.value] : []))
    .at(-1) ?? '';

test('every file of a folder is one of its resources', () => {
  for (const overlay of OVERLAYS) {
    const { resources } = yamlOf(`${FOLDER}/${overlay}/kustomization.yaml`);
    const files = readdirSync(`${ROOT}/${FOLDER}/${overlay}`).filter((file) => file !== 'kustomization.yaml');
    expect(resources.filter((path: string) => path.endsWith('.yaml')).toSorted()).toEqual(files.toSorted());
    for (const path of resources) expect(existsSync(`${ROOT}/${FOLDER}/${overlay}/${path}`)).toBe(true);
  }
});

describe.each(OVERLAYS)('%s', (overlay) => {
  const manifests = render(`${FOLDER}/${overlay}`);
  const the = (kind: string): Manifest => manifests.find((one) => one['kind'] === kind) ?? {};
  const pod = the('Deployment')['spec'].template.spec;
  const [container] = pod.containers;

  test.each(manifests.map((manifest) => [manifest['kind'], manifest] as const))(
    '%s: the schema’s',
    (_, manifest) => {
      expect(faultsOf(manifest)).toEqual([]);
    },
  );

  test('all is in one namespace, which refuses what is not confined', () => {
    const { name, labels } = the('Namespace')['metadata'];
    expect(labels['pod-security.kubernetes.io/enforce']).toBe('restricted');
    const others = manifests.filter(({ kind }) => kind !== 'Namespace');
    expect(new Set(others.map(({ metadata }) => metadata.namespace))).toEqual(new Set([name]));
  });

  test('the pod is confined as the restricted profile asks, on a read-only tree', () => {
    const [uid, gid] = imageSays('USER').split(':').map(Number);
    expect(pod).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: uid,
        runAsGroup: gid,
        fsGroup: gid,
        seccompProfile: { type: 'RuntimeDefault' },
      },
    });
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    for (const field of ['hostNetwork', 'hostPID', 'hostIPC']) expect(pod).not.toHaveProperty(field);
    for (const { name: _, ...source } of pod.volumes) expect(RESTRICTED).toContain(Object.keys(source)[0]);
  });

  test('volumes are mounted where the image writes', () => {
    const mounts = container.volumeMounts.map((mount: { readonly mountPath: string }) => mount.mountPath);
    expect(mounts).toEqual([imageSays('VOLUME'), '/tmp']);
    expect(container.volumeMounts.map((mount: { readonly name: string }) => mount.name)).toEqual(
      pod.volumes.map((volume: { readonly name: string }) => volume.name),
    );
    const claims = pod.volumes.flatMap(
      (volume: Manifest) => volume['persistentVolumeClaim']?.claimName ?? [],
    );
    expect(claims).toEqual(
      manifests.filter(({ kind }) => kind === 'PersistentVolumeClaim').map((one) => one['metadata'].name),
    );
  });

  test('the image is this version’s', () => {
    expect(container.image).toBe(`mednas:${PACKAGE.version}${overlay === 'gpu' ? '-gpu' : ''}`);
  });

  test('probes ask what the server answers, on the image’s port, and wait longer than it may take', () => {
    const routes = [...textOf('src/server/health.ts').matchAll(/\.get\('([^']+)'/gu)].map(([, path]) => path);
    const [port] = container.ports;
    expect(String(port.containerPort)).toBe(imageSays('EXPOSE'));
    for (const name of ['startupProbe', 'livenessProbe', 'readinessProbe']) {
      const { path, port: asked } = container[name].httpGet;
      expect(routes).toContain(path);
      expect(asked).toBe(port.name);
    }
    expect(container.livenessProbe.httpGet.path).toBe('/livez');
    expect(container.readinessProbe.httpGet.path).toBe('/readyz');
  });

  test('it is out of the service before it is told to end, and ends before it is killed', () => {
    const { MEDNAS_GRACE: grace } = the('ConfigMap')['data'];
    const [command, seconds] = container.lifecycle.preStop.exec.command;
    expect([command, Number(seconds)]).toEqual(['sleep', expect.any(Number)]);
    expect(Number(seconds)).toBeGreaterThan(0);
    expect(VARIABLES.grace.read(grace)).toBe(Number(grace));
    expect(Number(seconds) + Number(grace)).toBeLessThan(pod.terminationGracePeriodSeconds);
  });

  test('it has bounds, and no more threads than cores', () => {
    const { requests, limits } = container.resources;
    expect(Object.keys(requests)).toEqual(['cpu', 'memory', 'ephemeral-storage']);
    expect(limits).toMatchObject({ cpu: expect.any(String), memory: expect.any(String) });
    expect(the('ConfigMap')['data'].MEDNAS_WORKERS).toBe(limits.cpu);
  });

  test('its environment is the configuration’s, and what is secret comes from a secret', () => {
    const { data, metadata } = the('ConfigMap');
    expect(container.envFrom).toEqual([{ configMapRef: { name: metadata.name } }]);
    const env: readonly Manifest[] = container.env ?? [];
    expect(KNOWN).toEqual(expect.arrayContaining([...Object.keys(data), ...env.map((one) => one['name'])]));
    const set = Object.values(VARIABLES).filter(({ name }) => name in data);
    expect(set.filter((variable) => variable.read(data[variable.name]) === undefined)).toEqual([]);
    expect(set.filter((variable) => 'secret' in variable)).toEqual([]);
    for (const one of env) expect(one['valueFrom']).toHaveProperty('secretKeyRef');
  });

  test('all that selects the pod selects it, and the service’s port is the pod’s', () => {
    const labels = the('Deployment')['spec'].template.metadata.labels;
    expect(the('Deployment')['spec'].selector.matchLabels).toEqual(labels);
    expect(the('Service')['spec'].selector).toEqual(labels);
    expect(the('PodDisruptionBudget')['spec'].selector.matchLabels).toEqual(labels);
    expect(the('NetworkPolicy')['spec'].podSelector.matchLabels).toEqual(labels);
    expect(the('Service')['spec'].ports[0].targetPort).toBe(container.ports[0].name);
    expect(the('NetworkPolicy')['spec'].ingress[0].ports).toEqual([{ port: container.ports[0].name }]);
  });

  test('one process to a volume; more than one with MongoDB alone', () => {
    const { replicas, strategy } = the('Deployment')['spec'];
    const isShared = (container.env ?? []).some((one: Manifest) => one['name'] === 'MONGODB_URI');
    expect([replicas > 1, strategy.type]).toEqual(isShared ? [true, 'RollingUpdate'] : [false, 'Recreate']);
  });
});

test('workers are confined as services are, of one image, with what the configuration knows', () => {
  const manifests = render(`${FOLDER}/queue`);
  const [service, worker] = ['mednas', 'mednas-worker'].map(
    (name) =>
      manifests.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === name)?.['spec'],
  );
  const [pod, its] = [service.template.spec, worker.template.spec];
  for (const field of ['runAsNonRoot', 'runAsUser', 'runAsGroup', 'fsGroup', 'seccompProfile'])
    expect(its.securityContext[field]).toEqual(pod.securityContext[field]);
  const [[container], [own]] = [pod.containers, its.containers];
  for (const field of ['image', 'securityContext', 'volumeMounts', 'envFrom'])
    expect(own[field]).toEqual(container[field]);
  expect(own.args).toEqual(['worker']);
  expect(own.resources.limits.cpu).toBe(container.resources.limits.cpu);
  const env = (one: Manifest): readonly string[] => one['env'].map(({ name }: Manifest) => name);
  expect(KNOWN).toEqual(expect.arrayContaining([...env(own), ...env(container)]));
  expect(env(container)).toContain('MEDNAS_QUEUE');
  expect(env(own)).toContain('MEDNAS_QUEUE');
  const labels = worker.template.metadata.labels;
  expect(labels).toMatchObject(worker.selector.matchLabels);
  expect(labels['mednas/client']).toBe('true');
  const policy = manifests.find(
    ({ kind, metadata }) => kind === 'NetworkPolicy' && metadata.name === 'mednas-worker',
  );
  expect(policy?.['spec'].podSelector.matchLabels).toEqual(worker.selector.matchLabels);
  expect(policy?.['spec'].ingress).toBeUndefined();
});

test('a field that no schema knows is a fault, however deep', () => {
  const manifests = render(`${FOLDER}/base`);
  const deployment = manifests.find(({ kind }) => kind === 'Deployment') ?? {};
  const [container] = deployment['spec'].template.spec.containers;
  container.livenessProbe.periodSecond = 3;
  expect(faultsOf(deployment)).toEqual([
    '/spec/template/spec/containers/0/livenessProbe/periodSecond: unknown field',
  ]);
  container.livenessProbe = { periodSeconds: '3' };
  expect(faultsOf(deployment).join('')).toMatch(/periodSeconds/u);
  delete deployment['spec'].selector;
  expect(faultsOf(deployment).join('')).toMatch(/selector/u);
});
