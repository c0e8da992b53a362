import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PosixRegex, RegexError } from './posix-regex.ts';

const bytes = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0));

/** One character per byte, in pattern and subject. */
function matches(pattern: string, subject: string): boolean {
  const text = bytes(subject);
  return new PosixRegex(bytes(pattern)).test(text, 0, text.length);
}

/** What regcomp (REG_ICASE | REG_NOSUB) and regexec of glibc 2.36 say in the C locale. */
describe('patterns mean what they mean to the C library', () => {
  test.each<[pattern: string, matching: string[], other: string[]]>([
    ['', ['', 'a'], []],
    ['aB', ['ab', 'xABx'], ['a', 'ba']],
    ['^ab$', ['AB'], ['xab', 'abx']],
    ['a.c', ['abc', 'a\nc', 'a\xffc'], ['ac']],
    ['a*', ['', 'aa'], []],
    ['*a', ['*a'], ['a', 'aa']],
    ['^*a', ['*a'], ['aa']],
    ['^^', ['^'], ['', 'a']],
    ['\\(*a\\)', ['*a'], ['a']],
    ['a\\|*b', ['a', '*b'], ['b']],
    ['a^b$c', ['a^b$c'], ['ab', 'abc']],
    ['\\(^a\\)', ['ab'], ['ba']],
    ['x\\|^a', ['ab', 'bx'], ['ba']],
    ['a$\\|b', ['ca', 'bc'], ['ac']],
    ['a+', ['a+'], ['aa']],
    ['a?', ['a?'], ['a']],
    ['ca\\+t', ['cat', 'caaat'], ['ct']],
    ['ca\\?t', ['cat', 'ct'], ['caat']],
    ['a|b', ['a|b'], ['a', 'b']],
    ['a\\|b', ['a', 'b'], ['c']],
    ['^a\\|b$', ['ax', 'xb'], ['xa', 'bx']],
    ['(a)', ['(a)'], ['a']],
    ['a{2}', ['a{2}'], ['aa']],
    ['^a\\{2\\}$', ['aa'], ['a', 'aaa']],
    ['^a\\{2,\\}$', ['aa', 'aaaa'], ['a']],
    ['^a\\{,2\\}$', ['', 'a', 'aa'], ['aaa']],
    ['^a\\{1,2\\}$', ['a', 'aa'], ['', 'aaa']],
    ['^\\(ab\\)*$', ['', 'abab'], ['aba']],
    ['^\\(a*\\)\\+$', ['', 'aa'], ['b']],
    ['^a*\\+$', ['', 'aa'], ['b']],
    ['\\(a\\)b\\1', ['abA'], ['abb']],
    ['[abc]', ['b', 'C'], ['d', '']],
    ['[^abc]', ['d'], ['a', 'B', '']],
    ['[a-c]', ['b', 'B'], ['d', '-']],
    ['[]a]', [']', 'a'], ['b']],
    ['[^]a]', ['b'], [']', 'a']],
    ['[a-]', ['-', 'a'], ['b']],
    ['[-a]', ['-', 'a'], ['b']],
    ['[---]', ['-'], ['a']],
    ['[\\n]', ['\\', 'n'], ['\n']],
    ['[[:digit:]_]', ['5', '_'], ['a']],
    ['[[:upper:]]', ['a', 'A'], ['1']],
    ['[[:lower:]]', ['a', 'A'], ['1']],
    ['[^[:space:]]', ['a'], [' ', '\t']],
    ['[[:punct:]]', ['!', '~', '['], ['a', ' ']],
    ['[[=a=]]', ['a', 'A'], ['b']],
    ['[[.-.]]', ['-'], ['a']],
    ['[`-{]', ['`', '{'], ['a', 'z', 'A']],
    ['[\xe0-\xff]', ['\xe9'], ['\xc9', 'a']],
    ['\xe9', ['\xe9'], ['\xc9']],
    ['\\w\\+', ['_a1'], [' -']],
    ['^\\W$', ['-'], ['a']],
    ['a\\sb', ['a b'], ['ab']],
    ['a\\Sb', ['axb'], ['a b']],
    ['\\bcat\\b', ['a cat!'], ['concat']],
    ['\\<cat', ['a cat'], ['concat']],
    ['cat\\>', ['cat a'], ['cats']],
    ['\\Bcat', ['concat'], ['a cat']],
    ["\\`a\\'", ['a'], ['ab', 'ba']],
    ['\\.\\*', ['.*'], ['aa']],
    ['\\A', ['a'], ['b']],
    ['\\a', [], ['a', 'A']],
    ['a\\}', ['a}'], ['a']],
  ])('%j', (pattern, matching, other) => {
    expect(matching.filter((subject) => !matches(pattern, subject))).toEqual([]);
    expect(other.filter((subject) => matches(pattern, subject))).toEqual([]);
  });

  test.each([
    ...['\\', 'a\\', '\\(', '\\(a', 'a\\)', '\\)', 'a**', 'a*\\{2\\}', 'a\\+*', '\\{2\\}', '^\\{2\\}', 'a\\{', 'a\\{2'],
    ...['a\\{2,1\\}', 'a\\{x\\}', 'a\\{\\}', 'a\\{32768\\}', '\\1', '\\(a\\1\\)', '\\(a\\)\\2', '[', '[a', '[]', '[^]'],
    ...[
      '[a',
      '[z-a]',
      '[Z-a]',
      '[_-a]',
      '[a-c-e]',
      '[[:foo:]]',
      '[[:alpha:',
      '[[:alpha:]-z]',
      '[a-[:digit:]]',
      '[[.ab.]]',
    ],
  ])('%j is refused', (pattern) => {
    expect(() => matches(pattern, '')).toThrow(RegexError);
  });
});

test('ordinary text is found wherever it is, in upper or lower case', () => {
  const text = fc.stringMatching(/^[a-zA-Z0-9 _:,/=-]{0,12}$/);
  fc.assert(
    fc.property(text, text, text, (before, needle, after) => {
      expect(matches(needle.toUpperCase(), before + needle + after)).toBe(true);
      const found = before.toLowerCase().includes(needle.toLowerCase());
      expect(matches(needle, before)).toBe(found);
    }),
  );
});

test('no pattern does worse than to be refused', () => {
  const piece = fc.constantFrom(
    '\\(',
    '\\)',
    '\\{',
    '\\}',
    '\\|',
    '[',
    ']',
    '[^',
    '[:alpha:]',
    '*',
    '9',
    ',',
    '\\1',
    '^',
    '$',
    'a',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), fc.string({ maxLength: 6 }), (pieces, subject) => {
      try {
        matches(pieces.join(''), subject);
      } catch (error) {
        expect(error).toBeInstanceOf(RegexError);
      }
    }),
    { numRuns: 2000 },
  );
});

test.each([
  ['groups', '\\('.repeat(100_000)],
  ['brackets', '['.repeat(100_000)],
])('%s without end are refused', (_, pattern) => {
  expect(() => matches(pattern, 'aaaa')).toThrow(RegexError);
});
