// A Dockerfile as data: its stages and what each is told. It knows the instructions this project uses and
// refuses every other text, so that nothing is followed in another sense than a container engine's.

interface At {
  /** Of the file, from 1. */
  readonly line: number;
  /** The whole instruction, on one line. */
  readonly text: string;
}

/** `--name=value` before an instruction's words. */
type Flags = Readonly<Record<string, string>>;

interface Pairs {
  readonly pairs: readonly (readonly [string, string])[];
}

interface Command {
  readonly command: readonly string[];
}

interface Value {
  readonly value: string;
}

/** By name: what an instruction says. */
interface Said {
  readonly ARG: Pairs;
  readonly CMD: Command;
  readonly COPY: { readonly flags: Flags; readonly sources: readonly string[]; readonly to: string };
  readonly ENTRYPOINT: Command;
  readonly ENV: Pairs;
  readonly EXPOSE: Value;
  readonly HEALTHCHECK: Command & { readonly flags: Flags };
  readonly LABEL: Pairs;
  readonly RUN: { readonly script: string };
  readonly STOPSIGNAL: Value;
  readonly USER: Value;
  readonly VOLUME: Value;
  readonly WORKDIR: Value;
}

export type InstructionName = keyof Said;
export type InstructionOf<N extends InstructionName> = At & { readonly name: N } & Said[N];
export type Instruction = { [N in InstructionName]: InstructionOf<N> }[InstructionName];

export interface Stage extends At {
  readonly name: string;
  /** Another stage's name, or an image's. */
  readonly from: string;
  readonly instructions: readonly Instruction[];
}

const fail = (line: number, why: string): never => {
  throw new Error(`Dockerfile, line ${line}: ${why}`);
};

/** Lines that end in a backslash joined with the next; comments among them dropped, as engines do. */
function* logicalLines(text: string): Generator<At> {
  let pending = '';
  let start = 0;
  for (const [index, line] of text.split('\n').entries()) {
    if (/^\s*(#|$)/u.test(line)) continue;
    if (pending === '') start = index + 1;
    const goesOn = /\\\s*$/u.test(line);
    pending += goesOn ? line.replace(/\\\s*$/u, '') : line;
    if (goesOn) continue;
    yield { line: start, text: pending.trim().replaceAll(/\s+/gu, ' ') };
    pending = '';
  }
  if (pending !== '') fail(start, 'the last line goes on.');
}

/** Words apart by spaces; double quotes hold one together and are dropped. */
const wordsOf = (text: string): readonly string[] =>
  (text.match(/(?:[^\s"]|"[^"]*")+/gu) ?? []).map((word) => word.replaceAll('"', ''));

function flagsOf(text: string): { readonly flags: Flags; readonly rest: string } {
  const flags: Record<string, string> = {};
  let rest = text;
  for (;;) {
    const found = /^--([a-z-]+)=(\S+)\s+/u.exec(rest);
    if (found === null) return { flags, rest };
    flags[found[1] ?? ''] = found[2] ?? '';
    rest = rest.slice(found[0].length);
  }
}

/** Of the exec form alone: the shell form would need a shell, and swallow signals. */
function commandOf(text: string, line: number): readonly string[] {
  const words: unknown = text.startsWith('[') ? JSON.parse(text) : null;
  const isCommand =
    Array.isArray(words) && words.length > 0 && words.every((word) => typeof word === 'string');
  return isCommand ? words : fail(line, 'the exec form is wanted, ["program", "argument"].');
}

/** By name: its text, as data. */
const READ: { readonly [N in InstructionName]: (text: string, line: number) => Said[N] } = {
  ARG: (text) => pairsOf(text),
  ENV: (text) => pairsOf(text),
  LABEL: (text) => pairsOf(text),
  COPY(text, line) {
    const { flags, rest } = flagsOf(text);
    const words = wordsOf(rest);
    const to = words.at(-1);
    if (to === undefined || words.length < 2) return fail(line, 'COPY takes what, and where to.');
    if (words.some((word) => /[*?[]/u.test(word))) return fail(line, 'COPY of a pattern is not known here.');
    return { flags, sources: words.slice(0, -1), to };
  },
  RUN: (script, line) =>
    /^(\[|--|<<)/u.test(script) ? fail(line, 'RUN is known here as one shell script.') : { script },
  HEALTHCHECK(text, line) {
    const { flags, rest } = flagsOf(text);
    const command = /^CMD\s+(.*)$/u.exec(rest)?.[1];
    return command === undefined
      ? fail(line, 'HEALTHCHECK takes CMD.')
      : { flags, command: commandOf(command, line) };
  },
  CMD: (text, line) => ({ command: commandOf(text, line) }),
  ENTRYPOINT: (text, line) => ({ command: commandOf(text, line) }),
  EXPOSE: (value) => ({ value }),
  STOPSIGNAL: (value) => ({ value }),
  USER: (value) => ({ value }),
  VOLUME: (value) => ({ value }),
  WORKDIR: (value) => ({ value }),
};

const pairsOf = (text: string) => ({
  pairs: wordsOf(text).map((word) => {
    const at = word.indexOf('=');
    return at < 0 ? ([word, ''] as const) : ([word.slice(0, at), word.slice(at + 1)] as const);
  }),
});

/** @throws Error that names the line, for whatever is not known here. */
export function readDockerfile(file: string): readonly Stage[] {
  const stages: (Stage & { readonly instructions: Instruction[] })[] = [];
  for (const { line, text: whole } of logicalLines(file)) {
    const [, word = '', rest = ''] = /^(\S+)\s+(.*)$/su.exec(whole) ?? [];
    const stage = stages.at(-1);
    if (word === 'FROM') {
      const [, from = '', name = ''] =
        /^(\S+) AS (\S+)$/u.exec(rest) ?? fail(line, 'FROM is known here as `FROM image AS name`.');
      stages.push({ line, text: whole, name, from, instructions: [] });
    } else if (!Object.hasOwn(READ, word)) {
      fail(line, `'${word || whole}' is not known here.`);
    } else if (stage === undefined) {
      fail(line, 'nothing is known here before FROM.');
    } else {
      const name = word as InstructionName;
      stage.instructions.push({ name, line, text: whole, ...READ[name](rest, line) } as Instruction);
    }
  }
  return stages;
}

/** The stages a target needs, in their order, itself last. */
export function stagesFor(stages: readonly Stage[], target: string): readonly Stage[] {
  const needed = new Set([target]);
  for (const { name, from, instructions } of stages.toReversed()) {
    if (!needed.has(name)) continue;
    needed.add(from);
    for (const instruction of instructions)
      if (instruction.name === 'COPY') needed.add(instruction.flags['from'] ?? from);
  }
  if (!stages.some(({ name }) => name === target))
    throw new Error(`The Dockerfile has no stage '${target}'.`);
  return stages.filter(({ name }) => needed.has(name));
}
