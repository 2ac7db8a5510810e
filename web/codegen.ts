// What the dashboard knows of the API, made of schema.graphql at each build: a type for every operation it
// sends, and the fields of the inputs its forms are built from, with their descriptions and defaults.

import type { CodegenConfig } from '@graphql-codegen/cli';

const config: CodegenConfig = {
  schema: 'schema.graphql',
  documents: 'web/src/**/*.{ts,tsx}',
  silent: true,
  generates: {
    'web/src/api/generated/': {
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: {
        useTypeImports: true,
        enumsAsTypes: true,
        scalars: { SafeInt: 'number', DateTime: 'string', BigInt: 'string' },
        defaultScalarType: 'unknown',
      },
    },
    'web/src/api/generated/inputs.json': { plugins: ['./web/inputs.cjs'] },
  },
};

export default config;
