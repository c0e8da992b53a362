import { expect, test } from 'vitest';
import { BtfBuilder } from '../../../test/support/build-btf.ts';
import { Btf, KIND } from './btf.ts';
import { parameterDeclarations } from './function-prototypes.ts';

const VOID = 0;

/** Expected texts: what the library of trace-cmd 3.4 makes of the same BTF, byte by byte. */
test('parameters are declared as trace-cmd declares them', () => {
  const btf = new BtfBuilder();
  const refer = (kind: number, type: number, name = '') => btf.type(name, kind, type);
  const pointer = (type: number) => refer(KIND.pointer, type);
  const constant = (type: number) => refer(KIND.const, type);
  const [char, long, wide] = [btf.int('char', 8), btf.int('long int', 64, true), btf.int('__int128', 128)];
  const structure = btf.type('file', KIND.struct, 8);
  const prototype = btf.type('', KIND.prototype, VOID);
  const forward = btf.type('later', 7, 0);
  const expected = new Map<string, string>();
  const func = (text: string, ...types: readonly (readonly [name: string, type: number])[]) => {
    expected.set(`f${expected.size}`, text);
    btf.func(`f${expected.size - 1}`, types);
  };
  func('');
  func('unsigned char c, long long l, unsigned int128 w', ['c', char], ['l', long], ['w', wide]);
  func('void *p, const *q', ['p', pointer(VOID)], ['q', pointer(constant(VOID))]);
  func('const const **r', ['r', pointer(constant(pointer(constant(VOID))))]);
  func('struct file *f, volatile struct file v', ['f', pointer(structure)], ['v', refer(KIND.volatile, structure)]);
  func('const unsigned char *s, ', ['s', refer(KIND.restrict, pointer(constant(char)))], ['', VOID]);
  func('*call, *fwd', ['call', pointer(prototype)], ['fwd', pointer(forward)]);
  func(
    'size_t n, struct file *tagged',
    ['n', refer(KIND.typedef, long, 'size_t')],
    ['tagged', pointer(refer(KIND.typeTag, structure, 'user'))],
  );
  func('enum e e, union u u', ['e', btf.type('e', KIND.enum, 4)], ['u', btf.type('u', KIND.union, 8)]);
  func('nothing', ['nothing', 9999]);
  const kernel = new Btf(btf.take(), true, 'test');
  for (const [name, text] of expected) expect(parameterDeclarations(kernel, name)).toBe(text);
  expect(parameterDeclarations(kernel, 'f1.part.0')).toBe(expected.get('f1'));
  expect(parameterDeclarations(kernel, 'unknown')).toBeUndefined();
});

test('types that refer to each other end', () => {
  const btf = new BtfBuilder();
  btf.type('', KIND.const, 2);
  btf.type('', KIND.volatile, 1);
  btf.func('loop', [['x', 1]]);
  expect(parameterDeclarations(new Btf(btf.take(), true, 'test'), 'loop')).toMatch(/^(const |volatile )+x$/);
});
