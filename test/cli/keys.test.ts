// `mednas keys`, as it is used.

import { scratchFolders } from '../service/laboratory.ts';
import { mednas } from './mednas.ts';

const newFolder = scratchFolders();
const CREATE = ['keys', 'create', '--role', 'operator', '--name', 'lab'];

test('a key is made and shown once, listed without its secret, and revoked', async () => {
  const cwd = newFolder();
  const made = await mednas([...CREATE, '--expires', '90d'], { cwd });
  expect(made).toMatchObject({ code: 0, stdout: expect.stringMatching(/^mednas_\w{8}_[\w-]{43}\n$/u) });
  expect(made.stderr).toMatch(/\(operator\) for lab\. Keep what follows: it is not shown again/u);
  const key = made.stdout.trim();
  const id = key.slice(7, 15);

  const listed = await mednas(['keys', 'list'], { cwd });
  expect(listed.stdout).toMatch(new RegExp(`${id} +operator +valid .* lab`, 'u'));
  expect(listed.stdout).toMatch(/created +expires +last used +name/u);
  expect(listed.stdout).toMatch(/Z +never +lab/u);
  expect(listed.stdout).not.toContain(key.slice(16));

  const revoked = await mednas(['keys', 'revoke', id, '--json'], { cwd });
  expect(JSON.parse(revoked.stdout)).toMatchObject({ id, state: 'revoked' });
  const after = JSON.parse((await mednas(['keys', 'list', '--json'], { cwd })).stdout) as readonly {
    readonly createdAt: string;
    readonly expiresAt: string;
  }[];
  expect(after).toMatchObject([{ id, name: 'lab', role: 'operator', state: 'revoked', usedAt: null }]);
  expect(JSON.stringify(after)).not.toMatch(/hash/u);
  const [only] = after;
  expect(Date.parse(only?.expiresAt ?? '') - Date.parse(only?.createdAt ?? '')).toBe(90 * 86_400_000);
});

test.each([
  [[...CREATE, '--expires', '0d'], /--expires is a number of .* got '0d'/u],
  [[...CREATE, '--expires', 'soon'], /got 'soon'/u],
  [
    ['keys', 'create', '--role', 'root', '--name', 'x'],
    /role is one of reader, operator, admin; got 'root'/u,
  ],
  [['keys', 'create', '--role', 'admin'], /required option '--name/u],
  [['keys', 'revoke', 'nothing'], /There is no key 'nothing'; 'mednas keys list'.*NOT_FOUND/u],
])('%j is bad use', async (args, says) => {
  const { code, stdout, stderr } = await mednas(args, { cwd: newFolder() });
  expect(stderr.replaceAll('\n', ' ')).toMatch(says);
  expect([code, stdout]).toEqual([2, '']);
});
