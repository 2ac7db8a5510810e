// Trainings: started from an architecture, followed over a connection that breaks, measured, ended and deleted.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { openRealService } from '../browser/real.ts';
import { fact, status, tellsEvents } from '../browser/read.ts';
import type { Open, Stage } from '../browser/stage.ts';
import { openTestService, type TestService } from '../../support/service.ts';
import { EXPLOSIVE_RATE } from '../../support/learning.ts';

const GENOTYPE = [0, 0, 1, 1, 2, 2, 3, 0, 4, 0, 0, 1, 2, 3];
const RESNET = 'ResNet-18 on breastmnist, 4 channels, seed 0';
const RESNET18 = { baseline: 'RESNET18', initChannels: 4 };

/** Scores an architecture of four channels; its global id. */
async function score({ ask }: Pick<Stage, 'ask'>): Promise<string> {
  const { data, errors } = await ask(
    'mutation ($input: ScoreArchitectureInput!) { scoreArchitecture(input: $input) { architecture { id } } }',
    { input: { genotype: GENOTYPE, initChannels: 4, batchSize: 4 } },
  );
  if (errors.length > 0) throw new Error(JSON.stringify(errors));
  return data.scoreArchitecture.architecture?.id ?? '';
}

/** Starts a training; its global id. */
export async function startTraining({ ask }: Pick<Stage, 'ask'>, input: object): Promise<string> {
  const { data, errors } = await ask(
    'mutation ($input: TrainArchitectureInput!) { trainArchitecture(input: $input) { run { id } errors { message } } }',
    { input },
  );
  const { run } = data.trainArchitecture;
  if (errors.length > 0 || !run) throw new Error(JSON.stringify([data, errors]));
  return run.id;
}

/** The archive's name of a training. */
export const rawTrainingId = (id: string): never =>
  Buffer.from(id, 'base64url').toString().slice('TrainingRun:'.length) as never;

/** Of an epoch of 546 images in batches of 128: a permit an update. */
const UPDATES = 5;

export function training(open: Open): void {
  test('an architecture is trained by the form, and measured', async () => {
    const stage = await open(openRealService());
    const { page } = stage;
    const architecture = await score(stage);
    await stage.visit(`/architectures/${architecture}`);
    const card = page.getByRole('region', { name: 'Trainings' });
    await card.getByText('It has not been trained yet.').waitFor();
    await card.getByText('Train it').click();
    const epochs = card.getByLabel('Epochs', { exact: true });
    await epochs.fill('0');
    await card.getByRole('button', { name: 'Train', exact: true }).click();
    await card.locator('[aria-invalid="true"]:focus').waitFor();
    expect(await epochs.getAttribute('aria-invalid')).toBe('true');
    await card.getByText('epochs is an integer from 1 to 10000; got 0.').waitFor();
    await stage.picture('train-form');
    expect(await card.getByLabel('Init channels', { exact: true }).inputValue()).toBe('4');
    await epochs.fill('2');
    await page.keyboard.press('Enter');

    await page
      .getByRole('heading', { level: 1, name: /^Architecture .* on breastmnist, 4 channels/ })
      .waitFor();
    await status(page, 'completed');
    await fact(page, 'Epochs', '2 of 2');
    await fact(page, 'Connection', 'complete');
    const id = decodeURIComponent(new URL(page.url()).pathname.split('/').at(-1) ?? '');
    const { data } = await stage.ask(
      'query ($id: ID!) { trainingRun(id: $id) { test { auc { value } confusion } weights { epoch sha256 } } }',
      { id },
    );
    const { test: measured, weights } = data.trainingRun;
    await fact(page, 'Of epoch', String(weights.epoch + 1));
    const metrics = page.getByRole('region', { name: 'What it measures' });
    await metrics.getByText(measured.auc.value.toFixed(3), { exact: true }).waitFor();
    await page.getByRole('img', { name: /^ROC curve\. / }).waitFor();
    const cells = page.getByRole('region', { name: 'Confusion matrix', exact: true }).locator('td strong');
    expect(await cells.allTextContents()).toEqual(measured.confusion.flat().map(String));
    await page.getByRole('columnheader', { name: 'Sensitivity at 95 % specificity' }).waitFor();
    await page.locator('.u-legend').nth(1).waitFor();
    await stage.picture('training-completed');

    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: /^Download the weights/ }).click(),
    ]);
    expect(download.suggestedFilename()).toMatch(/^[\w-]+\.safetensors$/);
    expect(await download.failure()).toBeNull();
    expect(await page.getByRole('textbox', { name: 'Command' }).inputValue()).toMatch(
      /^npx mednas export --run [\w-]{36} --format onnx --out net\.onnx$/,
    );
    await page
      .locator('header')
      .getByRole('link', { name: /^Architecture / })
      .click();
    await card.getByRole('link', { name: /^Architecture .* on breastmnist/ }).waitFor();
    expect(decodeURIComponent(new URL(page.url()).pathname)).toBe(`/architectures/${architecture}`);
  });

  test('its connection breaks, and no epoch is missing or doubled', async () => {
    const stage = await open(openTestService({ permits: 2 * UPDATES }));
    const { page, network, served } = stage;
    const id = await startTraining(stage, { ...RESNET18, epochs: 6 });
    const told = tellsEvents(page);
    await stage.visit(`/trainings/${id}`);
    await fact(page, 'Epochs', '2 of 6');
    await fact(page, 'Connection', 'live');
    network.fail();
    await network.refused();
    await page.getByText('The connection to the service is lost.').waitFor();
    await stage.picture('training-lost');
    served.permits.grant(2 * UPDATES);
    network.restore();
    await fact(page, 'Epochs', '4 of 6');
    served.permits.grant(Infinity);
    await status(page, 'completed');
    await fact(page, 'Epochs', '6 of 6');
    // Running, each epoch, completed.
    expect(told).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test('one is paused, resumed and ended early, and deleted from the list', async () => {
    const stage = await open(openTestService({ permits: UPDATES }));
    const { page, served } = stage;
    const id = await startTraining(stage, { ...RESNET18, epochs: 4 });
    await stage.visit(`/trainings/${id}`);
    const button = (action: string) => page.getByRole('button', { name: `${action} ${RESNET}` });
    await fact(page, 'Epochs', '1 of 4');
    await button('Pause').click();
    await status(page, 'paused');
    await button('Resume').click();
    await status(page, 'running');
    served.permits.grant(UPDATES);
    await fact(page, 'Epochs', '2 of 4');
    await button('Cancel').click();
    await page.getByRole('dialog', { name: 'End this training early?' }).waitFor();
    await page.getByRole('button', { name: 'End it' }).click();
    await status(page, 'cancelled');
    await fact(page, 'Connection', 'complete');

    await page.getByRole('link', { name: 'Trainings', exact: true }).click();
    const row = page.getByRole('row').filter({ hasText: RESNET });
    await row.getByText('2 of 4 epochs').waitFor();
    await row.getByRole('button', { name: `Delete ${RESNET}` }).click();
    await page.getByRole('button', { name: 'Delete it' }).click();
    await page.getByRole('heading', { name: 'No training yet' }).waitFor();
    await stage.visit(`/trainings/${id}`);
    await page.getByRole('heading', { name: 'There is no such training' }).waitFor();
  });

  test('one that is over tells its best epoch before any event has come, and nothing moves when they come', async () => {
    const stage = await open(openTestService());
    const { page, served } = stage;
    const id = await startTraining(stage, { ...RESNET18, epochs: 1 });
    await served.service.trainings.settled(rawTrainingId(id));
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    await page.routeWebSocket(/graphql/, (socket) => {
      const server = socket.connectToServer();
      server.onMessage((message) => void held.then(() => socket.send(message)));
    });
    await stage.visit(`/trainings/${id}`);
    await fact(page, 'Best epoch', '1');
    const weights = page.getByRole('region', { name: 'Weights' });
    await weights.waitFor();
    expect(await page.getByText('It ended before its first epoch').count()).toBe(0);
    const { y } = (await weights.boundingBox()) ?? {};
    release();
    await fact(page, 'Epochs', '1 of 1');
    await page.locator('.u-legend').nth(1).waitFor();
    expect((await weights.boundingBox())?.y).toBe(y);
  });

  test('with a key, its weights come by that key', async () => {
    const stage = await open(openTestService());
    const { page, served } = stage;
    const id = await startTraining(stage, { ...RESNET18, epochs: 1 });
    await served.service.trainings.settled(rawTrainingId(id));
    const { key } = await served.service.keys.create({ name: 'lab', role: 'reader', lifetime: null });
    await stage.visit('/');
    await page.evaluate((given) => sessionStorage.setItem('mednas key', given), key);
    await stage.visit(`/trainings/${id}`);
    const [asked, download] = await Promise.all([
      page.waitForRequest(/\/weights\//),
      page.waitForEvent('download'),
      page.getByRole('button', { name: /^Download the weights/ }).click(),
    ]);
    expect(asked.headers()['authorization']).toBe(`Bearer ${key}`);
    const { data } = await stage.ask(
      'query ($id: ID!) { trainingRun(id: $id) { weights { sha256 path } } }',
      { id },
    );
    const { sha256, path } = data.trainingRun.weights;
    expect(download.suggestedFilename()).toBe(path.split('/').at(-1));
    const file = readFileSync(await download.path());
    expect(createHash('sha256').update(file).digest('hex')).toBe(sha256);
  });

  test('one that diverges says so, and where', async () => {
    const stage = await open(openTestService());
    const { page } = stage;
    const id = await startTraining(stage, {
      ...RESNET18,
      epochs: 2,
      learningRate: EXPLOSIVE_RATE,
    });
    await stage.visit(`/trainings/${id}`);
    await status(page, 'failed');
    await page.getByText('The training failed before its first epoch was finished.').waitFor();
    await page.getByText(/in epoch 1 is not a finite number/).waitFor();
    await page.getByRole('heading', { name: 'It ended before its first epoch' }).waitFor();
  });

  test('what a search trains is on its page, and two trainings are compared', async () => {
    const stage: Stage<TestService> = await open(openTestService());
    const { page } = stage;
    await stage.visit('/start');
    await page.getByRole('button', { name: /^Quick/ }).click();
    await page.getByLabel('Generations', { exact: true }).fill('1');
    await page.getByText('More settings').click();
    await page.getByLabel('Train best', { exact: true }).fill('21');
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await page.getByText('trainBest is an integer from 0 to 20; got 21.').waitFor();
    await page.getByLabel('Train best', { exact: true }).fill('2');
    await page.getByLabel('Train epochs', { exact: true }).fill('1');
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    const card = page.getByRole('region', { name: /^Trained of its front/ });
    await card.getByText('1 of 1 epochs').nth(1).waitFor();

    await stage.visit('/trainings');
    await page.getByRole('checkbox').nth(1).waitFor();
    for (const box of await page.getByRole('checkbox').all()) await box.check();
    await page.getByRole('button', { name: 'Compare 2' }).click();
    await page.getByRole('heading', { name: 'Compare trainings' }).waitFor();
    await page.getByText('1 of 1', { exact: true }).nth(1).waitFor();
    expect(await page.getByRole('rowheader').count()).toBe(2);
    await stage.picture('compare-trainings');
  });
}
