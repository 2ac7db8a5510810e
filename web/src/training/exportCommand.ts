// The command that exports a training's network.

/** As `mednas export` calls them. */
export const FORMATS = [
  ['onnx', 'ONNX'],
  ['pytorch', 'PyTorch'],
  ['tfjs', 'TF.js'],
  ['json', 'JSON graph'],
] as const;
export type Format = (typeof FORMATS)[number][0];

const EXTENSIONS: Readonly<Record<Format, string>> = {
  onnx: '.onnx',
  pytorch: '.py',
  tfjs: '.json',
  json: '.graph.json',
};

/** The run a path of weights is of. */
export const runOf = (path: string): string => /([^/]+)\.safetensors$/.exec(path)?.[1] ?? '';

export const exportCommand = (run: string, format: Format): string =>
  `npx mednas export --run ${run} --format ${format} --out net${EXTENSIONS[format]}`;
