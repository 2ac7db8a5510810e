import fc from 'fast-check';
import { integersOf, MAX_HEADER, parseNpyHeader } from '../../src/data/npy.ts';
import { MedNasError } from '../../src/search/errors.ts';
import { npy, npyFromText, type NpyVersion } from '../support/npz.ts';
import { failure } from './scratch.ts';

const NO_DATA = new Uint8Array(0);
const parseText = (text: string, version: NpyVersion = 1) =>
  parseNpyHeader(npyFromText(text, NO_DATA, version), 'it');
const withShape = (shape: string) => `{'descr': '|u1', 'fortran_order': False, 'shape': ${shape}}`;
const withDescr = (descr: string) => `{'descr': ${descr}, 'fortran_order': False, 'shape': (2,)}`;

describe('a true header', () => {
  test.each<[NpyVersion, number]>([
    [1, 128],
    [2, 128],
    [3, 128],
  ])('of version %i.0 ends where its data start', (version, dataStart) => {
    const bytes = npy([546, 28, 28], NO_DATA, '|u1', version);
    expect(parseNpyHeader(bytes, 'it')).toEqual({
      descr: '|u1',
      shape: [546, 28, 28],
      dataStart,
      dataBytes: 546 * 28 * 28,
    });
  });

  test.each([
    ['as NumPy writes it', `{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), }`],
    ['in another order', `{'shape': (2, 3), 'fortran_order': False, 'descr': '|u1'}`],
    ['with double quotes', `{"descr": "|u1", "fortran_order": False, "shape": (2, 3,)}`],
    ['without spaces', `{'descr':'|u1','fortran_order':False,'shape':(2,3)}`],
    ['with spaces all over', `  { 'descr' : '|u1' , 'fortran_order' : False , 'shape' : ( 2 , 3 ) , }  `],
    ['of Python 2, with its long integers', `{'descr': '|u1', 'fortran_order': False, 'shape': (2L, 3L), }`],
  ])('%s is read', (_, text) => {
    expect(parseText(text)).toMatchObject({ descr: '|u1', shape: [2, 3], dataBytes: 6 });
  });

  test.each([
    ['()', [], 1],
    ['(5,)', [5], 5],
    ['( 5 , )', [5], 5],
    ['(0,)', [0], 0],
    ['(0, 28, 28)', [0, 28, 28], 0],
    ['(16000000, 224, 224, 3)', [16000000, 224, 224, 3], 2408448000000],
  ])('takes the shape %s', (text, shape, dataBytes) => {
    expect(parseText(withShape(text))).toMatchObject({ shape, dataBytes });
  });

  test('is found in the longest prefix that anybody has to read', () => {
    const padded = withShape('(2,)').padEnd(9_900);
    expect(
      parseNpyHeader(npyFromText(padded, new Uint8Array(2), 2).subarray(0, MAX_HEADER), 'it').shape,
    ).toEqual([2]);
  });
});

describe('values of every integer type', () => {
  test.each([
    ['|b1', [0, 1], [0, 1]],
    ['|u1', [7, 255], [7, 255]],
    ['|i1', [7, 255], [7, -1]],
    ['<u2', [1, 2, 255, 255], [513, 65535]],
    ['>u2', [1, 2, 255, 254], [258, 65534]],
    ['<i2', [1, 2, 255, 255], [513, -1]],
    ['<u4', [1, 0, 0, 0, 255, 255, 255, 255], [1, 4294967295]],
    ['<i4', [1, 0, 0, 0, 255, 255, 255, 255], [1, -1]],
    ['>i4', [0, 0, 0, 1, 255, 255, 255, 254], [1, -2]],
    ['<i8', [9, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255], [9, -1]],
    ['>i8', [0, 0, 0, 0, 0, 0, 0, 9, 255, 255, 255, 255, 255, 255, 255, 255], [9, -1]],
    ['<u8', [9, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255], [9, 2 ** 64]],
  ])('%s', (descr, bytes, values) => {
    const data = Uint8Array.from(bytes);
    const header = parseNpyHeader(npy([2], data, descr), 'it');
    expect(header.dataBytes).toBe(bytes.length);
    expect([...integersOf(header, data)]).toEqual(values);
  });
});

describe('refused, and by what name', () => {
  test.each([
    ['floats', withDescr(`'<f4'`), /type "<f4": wanted integers/],
    ['objects, which would have to be unpickled', withDescr(`'|O'`), /type "\|O"/],
    ['text', withDescr(`'<U3'`), /type "<U3"/],
    ['a type without byte order', withDescr(`'u1'`), /type "u1"/],
    ['a 16-byte integer', withDescr(`'<i16'`), /type "<i16"/],
    ['a name out of the prototype', withDescr(`'<constructor'`), /type "<constructor"/],
    ['records', withDescr(`[('a', '<i4')]`), /not \{descr, fortran_order, shape\} of a plain array/],
    [
      'Fortran order',
      `{'descr': '|u1', 'fortran_order': True, 'shape': (2,)}`,
      /fortran_order True: save it in C order/,
    ],
    ['an order that is text', `{'descr': '|u1', 'fortran_order': 'x', 'shape': (2,)}`, /fortran_order x/],
    ['a negative size', withShape('(-1, 28)'), /shape \(-1, 28\)/],
    ['a fraction', withShape('(1.5,)'), /shape \(1\.5,\)/],
    ['an expression', withShape('(2*3,)'), /shape \(2\*3,\)/],
    ['a name', withShape('(None,)'), /shape \(None,\)/],
    ['a size in brackets, which is no tuple', withShape('(5)'), /shape \(5\)/],
    ['a lone comma', withShape('(,)'), /shape \(,\)/],
    ['two commas', withShape('(1,,2)'), /shape \(1,,2\)/],
    ['a size past 2^53', withShape('(9007199254740993,)'), /shape \(9007199254740993,\)/],
    ['a product past 2^53', withShape('(4294967296, 4294967296)'), /shape \(4294967296, 4294967296\)/],
    ['a product past all numbers, then a zero', withShape(`(${'9007199254740991, '.repeat(25)}0)`), /shape/],
    ['a list for a shape', withShape('[2]'), /not \{descr/],
    ['text for a shape', withShape(`'(2,)'`).replace(`'(2,)'`, `'2'`), /shape 2/],
    ['no dictionary', `'|u1'`, /not \{descr/],
    ['nothing', '', /not \{descr/],
    ['an empty dictionary', '{}', /not \{descr/],
    ['a missing key', `{'descr': '|u1', 'shape': (2,)}`, /not \{descr/],
    ['a key too many', `{'descr': '|u1', 'fortran_order': False, 'shape': (2,), 'x': True}`, /not \{descr/],
    ['a key twice', `{'descr': '|u1', 'descr': '|u1', 'fortran_order': False, 'shape': (2,)}`, /not \{descr/],
    ['two dictionaries', `${withShape('(2,)')}${withShape('(2,)')}`, /not \{descr/],
    ['two commas between items', `{'descr': '|u1',, 'fortran_order': False, 'shape': (2,)}`, /not \{descr/],
    ['code', `__import__('os').system('true')`, /not \{descr/],
  ])('%s', (_, text, message) => {
    expect(() => parseText(text)).toThrow(failure('CORRUPT_DATASET', message));
  });

  const whole = npy([2], NO_DATA);
  const set = (at: number, ...bytes: number[]) => {
    const copy = Buffer.from(whole);
    copy.set(bytes, at);
    return copy;
  };
  test.each([
    ['no bytes', Buffer.alloc(0), /does not start like/],
    ['a pickle', Buffer.from('\x80\x04K\x01.'), /does not start like/],
    ['the magic alone', whole.subarray(0, 6), /does not start like/],
    ['a header cut before its length', whole.subarray(0, 9), /ends inside its header, after 9 bytes/],
    ['a header cut in its text', whole.subarray(0, 50), /ends inside its header: got 50 of 128 bytes/],
    ['another magic', set(0, 0x92), /does not start like/],
    ['version 0.0', set(6, 0, 0), /version 0\.0/],
    ['version 1.1', set(6, 1, 1), /version 1\.1/],
    ['version 4.0', set(6, 4, 0), /version 4\.0/],
    ['a text longer than the file', set(8, 0x10, 0x27), /got 128 of 10010 bytes/],
    ['a text longer than is read', set(8, 0x11, 0x27), /header of 10001 bytes: at most 10000/],
    ['a text of 4 GiB', set(6, 2, 0, 255, 255, 255, 255), /header of 4294967295 bytes/],
  ])('%s', (_, bytes, message) => {
    expect(() => parseNpyHeader(bytes, 'it')).toThrow(failure('CORRUPT_DATASET', message));
  });

  test('in a message that says where, and does not repeat a whole hostile header', () => {
    const hostile = npyFromText('{'.repeat(9_000), NO_DATA);
    const parse = () => parseNpyHeader(hostile, 'x.npy in y.npz');
    expect(parse).toThrow(/^x\.npy in y\.npz has a header/);
    expect(parse).toThrow(expect.objectContaining({ message: expect.not.stringMatching(/.{600}/) }));
  });
});

/** What comes of parsing the bytes: the code of a MedNasError, or whether the header makes sense. */
function outcomeOf(bytes: Uint8Array): string {
  try {
    const { shape, dataBytes, dataStart } = parseNpyHeader(bytes, 'it');
    const sizes = [...shape, dataBytes].every((size) => Number.isSafeInteger(size) && size >= 0);
    return sizes && dataStart <= bytes.length ? 'sense' : 'nonsense';
  } catch (error) {
    if (error instanceof MedNasError) return error.code;
    throw error;
  }
}
const EXPECTED = /^(sense|CORRUPT_DATASET)$/;

describe('no bytes do anything worse than be refused', () => {
  test('random ones behind the magic', () => {
    const tail = fc.uint8Array({ maxLength: 300 });
    const version = fc.constantFrom(1, 2, 3);
    fc.assert(
      fc.property(version, tail, (v, bytes) => {
        expect(
          outcomeOf(Buffer.concat([Buffer.from('\x93NUMPY', 'latin1'), Uint8Array.of(v, 0), bytes])),
        ).toMatch(EXPECTED);
      }),
    );
  });

  test('a true header with a few of them changed', () => {
    const change = fc.tuple(fc.nat(127), fc.nat(255));
    fc.assert(
      fc.property(
        fc.constantFrom<NpyVersion>(1, 2, 3),
        fc.array(change, { minLength: 1, maxLength: 6 }),
        (v, changes) => {
          const bytes = npy([3, 4, 4], new Uint8Array(48), '|u1', v);
          for (const [at, value] of changes) bytes[at] = value;
          expect(outcomeOf(bytes)).toMatch(EXPECTED);
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('texts made of the pieces of a header', () => {
    const piece = fc.constantFrom(
      '{',
      '}',
      "'descr'",
      "'shape'",
      "'fortran_order'",
      ':',
      ',',
      '(',
      ')',
      '2',
      'L',
      "'|u1'",
      'False',
      ' ',
      "'",
      '-',
      '9'.repeat(20),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) =>
        expect(outcomeOf(npyFromText(pieces.join(''), NO_DATA))).toMatch(EXPECTED),
      ),
      { numRuns: 1000 },
    );
  });

  test('and none takes long: no input backtracks', () => {
    const started = process.cpuUsage().user;
    for (const text of [
      ' '.repeat(9_900),
      `{${' '.repeat(9_900)}`,
      `{'descr'${' '.repeat(9_000)}`,
      `{'shape': (${' '.repeat(9_900)}`,
      `{'shape': (${' ,'.repeat(4_900)})}`,
      `{${"'a': True, ".repeat(800)}}`,
      `{${Array.from({ length: 700 }, (_, i) => `'k${i}': True, `).join('')}`,
    ])
      expect(outcomeOf(npyFromText(text, NO_DATA))).toMatch(EXPECTED);
    expect(process.cpuUsage().user - started).toBeLessThan(2_000_000);
  });
});
