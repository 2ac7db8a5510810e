// Trainings over the API: started, followed, listed, and their weights fetched.

import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { startTestServer, type TestServer } from '../support/service.ts';
import { takeResults, TRANSPORTS } from './transports.ts';

let server: TestServer;
afterEach(() => server.close());

const INPUT = { baseline: 'RESNET18', initChannels: 4, epochs: 3, batchSize: 64, optimizer: 'SGD', seed: 5 };
const TRAIN = `mutation ($input: TrainArchitectureInput!, $key: String) {
  trainArchitecture(input: $input, idempotencyKey: $key) {
    run { id status } errors { code field message }
  }
}`;
const EVENTS = `subscription ($id: ID!, $after: Int) {
  trainingEvents(id: $id, after: $after) {
    __typename sequence
    ... on TrainingStatusChanged { status failure { code } }
    ... on EpochFinished { epoch { epoch trainingLoss validationAuc } }
  }
}`;

async function train(input: object = INPUT): Promise<string> {
  const { data } = await server.ask(TRAIN, { input });
  expect(data.trainArchitecture.errors).toEqual([]);
  return data.trainArchitecture.run?.id ?? '';
}

const finish = (id: string) => server.service.trainings.settled(idOf(id));
const idOf = (id: string): never =>
  Buffer.from(id, 'base64url').toString().slice('TrainingRun:'.length) as never;

test.each(TRANSPORTS)('its events over $name, each once and in order', async ({ connect }) => {
  server = await startTestServer();
  const id = await train();
  const results = await takeResults(connect(server.url).run(EVENTS, { id }));
  expect(results.map(({ data }) => data?.trainingEvents)).toMatchObject([
    { __typename: 'TrainingStatusChanged', sequence: 1, status: 'RUNNING' },
    ...[0, 1, 2].map((epoch) => ({
      __typename: 'EpochFinished',
      sequence: epoch + 2,
      epoch: { epoch, trainingLoss: expect.any(Number), validationAuc: expect.any(Number) },
    })),
    { __typename: 'TrainingStatusChanged', sequence: 5, status: 'COMPLETED', failure: null },
  ]);
});

test('what has come of it: curves, metrics, progress, weights', async () => {
  server = await startTestServer();
  const id = await train();
  await finish(id);
  const { data, errors } = await server.ask(
    `query ($id: ID!) { trainingRun(id: $id) {
      status datasetName dataset { name } failure { code } queuePosition
      model { space { name } genotype baseline initChannels }
      recipe { epochs batchSize optimizer learningRate milestones decay momentum weightDecay seed }
      protocol { data trainingImages validationImages testImages input classes multiLabel numerics }
      progress { epochs plannedEpochs seconds secondsLeft }
      epochs { epoch trainingLoss validationLoss validationAuc validationAcc learningRate seconds finishedAt }
      weights { epoch validationAuc sha256 bytes path }
      validation { auc { value low high } }
      test {
        samples auc { value reason low high } acc { value } balancedAccuracy quadraticKappa confusion
        classes { name samples sensitivity specificity sensitivityAt { leastSpecificity sensitivity { value low high } threshold }
          roc { falsePositiveRate truePositiveRate threshold } }
      } } node(id: $id) { id __typename } }`,
    { id },
  );
  expect(errors).toEqual([]);
  const run = data.trainingRun;
  expect(run).toMatchObject({
    status: 'COMPLETED',
    datasetName: 'breastmnist',
    dataset: { name: 'breastmnist' },
    model: { space: null, genotype: null, baseline: 'RESNET18', initChannels: 4 },
    recipe: { epochs: 3, learningRate: 0.001, optimizer: 'SGD', milestones: [0.5, 0.75] },
    protocol: { trainingImages: 546, validationImages: 78, testImages: 156, input: [28, 28, 1], classes: 2 },
    progress: { epochs: 3, plannedEpochs: 3, secondsLeft: 0 },
    test: { samples: 156, quadraticKappa: null },
  });
  expect(data.node).toEqual({ id, __typename: 'TrainingRun' });
  expect(run.epochs).toHaveLength(3);
  const { auc, confusion, classes } = run.test;
  expect(auc.low).toBeLessThanOrEqual(auc.value);
  expect(auc.high).toBeGreaterThanOrEqual(auc.value);
  expect(confusion.flat().reduce((a, b) => a + b, 0)).toBe(156);
  expect(classes[0]?.roc.length).toBeGreaterThan(2);
  expect(run.validation.auc.value).toBe(run.weights.validationAuc);
});

test('lists, and the trainings of an architecture, named by its id with its channels and dataset', async () => {
  server = await startTestServer();
  const genotype = [0, 0, 1, 1, 2, 2, 3, 0, 4, 0, 0, 1, 2, 3];
  const scored = await server.ask(
    'mutation ($input: ScoreArchitectureInput!) { scoreArchitecture(input: $input) { architecture { id } } }',
    { input: { genotype, initChannels: 8, batchSize: 4 } },
  );
  const architecture = scored.data.scoreArchitecture.architecture?.id;
  const { baseline: _, initChannels: __, ...recipe } = INPUT;
  const id = await train({ ...recipe, architecture });
  const other = await train();
  await Promise.all([finish(id), finish(other)]);
  const { data, errors } = await server.ask(
    `query ($architecture: ID!, $other: ID!) {
      trainingRuns(first: 5, statuses: [COMPLETED]) { totalCount edges { node { id } } }
      architecture(id: $architecture) { trainings { totalCount edges { node { id model { genotype initChannels hash architecture { id } } } } } }
      trainingRun(id: $other) { model { hash architecture { id } } }
    }`,
    { architecture, other },
  );
  expect(errors).toEqual([]);
  expect(data.trainingRuns).toMatchObject({ totalCount: 2 });
  expect(data.architecture.trainings).toEqual({
    totalCount: 1,
    edges: [
      {
        node: {
          id,
          model: {
            genotype: expect.any(Array),
            initChannels: 8,
            hash: Buffer.from(architecture ?? '', 'base64url')
              .toString()
              .split(':')
              .at(-1),
            architecture: { id: architecture },
          },
        },
      },
    ],
  });
  expect(data.trainingRun).toEqual({ model: { hash: null, architecture: null } });
});

test('paused, resumed, cancelled, deleted', async () => {
  server = await startTestServer({ permits: 4 });
  const id = await train();
  await server.permits.wanted();
  type Change = 'pauseTraining' | 'resumeTraining' | 'cancelTraining';
  const change = async (name: Change) =>
    (await server.ask(`mutation ($id: ID!) { ${name}(id: $id) { run { status } errors { code } } }`, { id }))
      .data[name];
  expect(await change('pauseTraining')).toEqual({ run: { status: 'PAUSED' }, errors: [] });
  expect(await change('resumeTraining')).toEqual({ run: { status: 'RUNNING' }, errors: [] });
  expect(await change('cancelTraining')).toEqual({ run: { status: 'CANCELLED' }, errors: [] });
  expect(await change('resumeTraining')).toEqual({ run: null, errors: [{ code: 'INVALID_STATE' }] });
  const { data } = await server.ask(
    'mutation ($id: ID!) { deleteTraining(id: $id) { deletedId errors { code } } }',
    { id },
  );
  expect(data.deleteTraining).toEqual({ deletedId: id, errors: [] });
  expect((await server.ask('query ($id: ID!) { node(id: $id) { id } }', { id })).data.node).toBeNull();
});

test.each([
  [{ ...INPUT, epochs: 0 }, 'INVALID_ARGUMENT', 'input.epochs'],
  [{ ...INPUT, learningRate: 0 }, 'INVALID_ARGUMENT', 'input.learningRate'],
  [{ ...INPUT, learningRate: -1 }, 'INVALID_ARGUMENT', 'input.learningRate'],
  [{ epochs: 1 }, 'INVALID_ARGUMENT', 'input.genotype'],
  [{ ...INPUT, genotype: [1] }, 'INVALID_ARGUMENT', 'input.baseline'],
  [{ ...INPUT, baseline: null, genotype: [1] }, 'INVALID_GENOTYPE', 'input.genotype'],
  [{ ...INPUT, dataset: 'brestmnist' }, 'UNKNOWN_DATASET', 'input.dataset'],
  [{ ...INPUT, baseline: null, architecture: 'x' }, 'INVALID_ARGUMENT', 'input.architecture'],
])('%j is refused', async (input, code, field) => {
  server = await startTestServer();
  const { data } = await server.ask(TRAIN, { input });
  expect(data.trainArchitecture).toMatchObject({ run: null, errors: [{ code, field }] });
});

describe('weights', () => {
  const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    fetch(`${server.url}${path}`, { headers, method });

  async function trained() {
    server = await startTestServer();
    const id = await train();
    await finish(id);
    const { data } = await server.ask(
      'query ($id: ID!) { trainingRun(id: $id) { weights { path sha256 bytes } } }',
      { id },
    );
    return { id, ...data.trainingRun.weights };
  }

  test('whole, in ranges, or not at all when they are known', async () => {
    const { id, path, sha256, bytes } = await trained();
    const response = await get(path);
    const body = Buffer.from(await response.arrayBuffer());
    expect(response.status).toBe(200);
    expect(body.length).toBe(bytes);
    expect(createHash('sha256').update(body).digest('hex')).toBe(sha256);
    expect(response.headers.get('etag')).toBe(`"${sha256}"`);
    expect(response.headers.get('content-type')).toBe('application/octet-stream');

    const part = await get(path, { range: 'bytes=8-107' });
    expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 8-107/${bytes}`]);
    expect(Buffer.from(await part.arrayBuffer()).equals(body.subarray(8, 108))).toBe(true);
    expect((await get(path, { range: 'bytes=8-107', 'if-range': '"other"' })).status).toBe(200);
    expect((await get(path, { range: `bytes=${bytes}-` })).status).toBe(416);

    // Without the last, `fetch` asks for a copy that is not held anywhere.
    const known = { 'if-none-match': `"${sha256}"`, 'cache-control': 'max-age=0' };
    expect((await get(path, known)).status).toBe(304);
    const head = await get(path, {}, 'HEAD');
    expect([head.status, head.headers.get('content-length')]).toEqual([200, String(bytes)]);
    expect((await get(`/weights/${id}.safetensors`)).status).toBe(200);
  });

  test.each([
    ['/weights/00000000-0000-0000-0000-000000000000.safetensors'],
    ['/weights/..%2f..%2farchive.sqlite'],
    ['/weights/%2e%2e/archive.safetensors'],
    ['/weights/x.safetensors/../../y'],
    ['/weights/a%00b.safetensors'],
    ['/weights/'],
  ])('%s is not there', async (path) => {
    server = await startTestServer();
    const response = await get(path);
    expect(response.status).toBe(404);
  });

  test('that are elsewhere are not found; those of a training that was deleted neither', async () => {
    const { id, path } = await trained();
    const file = await server.service.weightsOf(idOf(id));
    rmSync(file?.path ?? '');
    const response = await get(path);
    expect(response.status).toBe(404);
    expect(response.headers.get('etag')).not.toContain(file?.sha256);
    expect(JSON.stringify(await response.json())).toContain('not on this machine');
    await server.service.trainings.remove(idOf(id));
    expect((await get(path)).status).toBe(404);
  });

  test('nobody who may not read the API may read them', async () => {
    server = await startTestServer({ server: { access: { anonymous: 'off' } } });
    const { key } = await server.service.keys.create({ role: 'reader', name: 'r', lifetime: null });
    expect((await get('/weights/x.safetensors')).status).toBe(401);
    expect((await get('/weights/x.safetensors', { authorization: `Bearer ${key}` })).status).toBe(404);
  });
});

test('trainings are counted and logged', async () => {
  server = await startTestServer();
  await finish(await train());
  const text = await (await fetch(`${server.url}/metrics`)).text();
  expect(text).toContain('mednas_trainings{status="completed"} 1');
  expect(text).toContain('mednas_epoch_seconds_count 3');
  expect(text).toContain(`mednas_trained_images_total ${3 * 546}`);
  expect(text).toContain('mednas_events_total{type="epoch"} 3');
  expect(
    server.log.some((line) => line.includes('"training":') && line.includes('a training is completed')),
  ).toBe(true);
});
