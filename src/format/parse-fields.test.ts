import { formatText } from '../../test/support/build-events.ts';
import { ByteBuilder } from '../../test/support/byte-builder.ts';
import { printsAsStock } from '../../test/support/print-texts.ts';
import { utf8 } from '../base/byte-writer.ts';

const stored = new URL('expected/parse-fields.json', import.meta.url);

/** Declarations of a field between two others: all that kernels have written, and some that they do not. */
const DECLARATIONS: readonly string[] = [
  'char n[16];\toffset:16;\tsize:16;\tsigned:1;',
  'char[16] n;\toffset:16;\tsize:16;\tsigned:1;',
  'char n[TASK_COMM_LEN];\toffset:16;\tsize:16;\tsigned:1;',
  'char n[ 4 * 4 ];\toffset:16;\tsize:16;\tsigned:1;',
  'char n[];\toffset:16;\tsize:0;\tsigned:1;',
  'char n[0];\toffset:16;\tsize:0;\tsigned:0;',
  'u32 n[4];\toffset:16;\tsize:16;\tsigned:1;',
  'u8 n[6];\toffset:16;\tsize:6;\tsigned:0;',
  'u8 n[2][3];\toffset:16;\tsize:6;\tsigned:0;',
  'unsigned long n[2];\toffset:16;\tsize:16;\tsigned:0;',
  'unsigned long n;\toffset:16;\tsize:8;',
  'unsigned long n;\toffset:16;\tsize:8;\tsigned:0; extra',
  'const char * n;\toffset:16;\tsize:8;\tsigned:0;',
  'const char *n;\toffset:16;\tsize:8;\tsigned:0;',
  'struct foo **n;\toffset:16;\tsize:8;\tsigned:0;',
  'const char __attribute__((user)) * n;\toffset:16;\tsize:8;\tsigned:0;',
  'const char __attribute__((btf_type_tag("user"))) * n;\toffset:16;\tsize:8;\tsigned:0;',
  'int __attribute__((x)) n;\toffset:16;\tsize:4;\tsigned:0;',
  '__data_loc char[] n;\toffset:16;\tsize:4;\tsigned:1;',
  '__data_loc char[] n;\toffset:16;\tsize:2;\tsigned:1;',
  '__data_loc u16[] n;\toffset:16;\tsize:4;\tsigned:0;',
  '__data_loc int n;\toffset:16;\tsize:4;\tsigned:1;',
  '__rel_loc char[] n;\toffset:16;\tsize:4;\tsigned:1;',
  'int n;\toffset:16;\tsize:4;\tsigned:2;',
  'int n;\toffset:0x10;\tsize:04;\tsigned:1;',
  'int n;offset:16;size:4;signed:1;',
  ' int n ; offset : 16 ; size : 4 ; signed : 1 ;',
  'n;\toffset:16;\tsize:4;\tsigned:1;',
  'int n:3;\toffset:16;\tsize:4;\tsigned:1;',
  'int n;\toffset:16;\tsize:3;\tsigned:1;',
  'long long n;\toffset:16;\tsize:8;\tsigned:1;',
  'long n;\toffset:16;\tsize:4;\tsigned:1;',
  'short n;\toffset:16;\tsize:2;\tsigned:1;',
  's8 n;\toffset:16;\tsize:1;\tsigned:1;',
  'bool n;\toffset:16;\tsize:1;\tsigned:0;',
  'int n;\toffset:16;\tsize:4\tsigned:1;',
  'int (*n)(void);\toffset:16;\tsize:8;\tsigned:0;',
  'int n.x;\toffset:16;\tsize:4;\tsigned:1;',
  'struct a.b n;\toffset:16;\tsize:4;\tsigned:1;',
  'cpumask_t n;\toffset:16;\tsize:16;\tsigned:0;',
];
/** Ends of a format: with and without arguments, cut, and with lines after it. */
const ENDS: readonly string[] = [
  'print fmt: "a=%d z=%d", REC->a, REC->z\n',
  'print fmt: "n=%s %d", REC->n, REC->n\n',
  'print fmt: "%d %d"\n',
  '',
  'print fmt: "x"\ngarbage after %d (\n',
  'print fmt: "x %d", REC->a\nmore, REC->z\n',
  'print fmt: "x %d", 5\nmore, REC->z\n',
  'print fmt: "x %d", REC->a + 1\nmore, REC->z\n',
  'print\nfmt: "x"\n',
  'print fmt:\n"x"\n',
  '\nprint fmt: "x"\n',
];

function scenario(system: string, littleEndian: boolean) {
  const cases = DECLARATIONS.flatMap((declaration, i) => {
    const special = i % 4 === 0 ? [declaration, ` special:${declaration}`] : [declaration];
    return special.flatMap((line) => [0, 1].map((k) => ({ line, end: ENDS[(2 * i + k) % ENDS.length] as string })));
  });
  const formats = cases.map(({ line, end }, i) => {
    const before = 'int a;\toffset:8;\tsize:4;\tsigned:1;';
    const after = 'int z;\toffset:56;\tsize:4;\tsigned:1;';
    const text = formatText(`event${i}`, 1000 + i, [before, line, after], '""');
    return { system, text: text.replace('field: special:', 'field special:').replace(/print fmt.*\n/, end) };
  });
  const records = cases.map(({ line }, i) => record(1000 + i, line, littleEndian, i % 3 === 2));
  const labels = cases.map(({ line, end }) => `${line} | ${end}`);
  return [
    { formats, records, littleEndian },
    { labels, every34: 2 },
  ] as const;
}

/** A record whose field `n` is a text, or bytes that are none. */
function record(id: number, line: string, littleEndian: boolean, binary: boolean): Uint8Array {
  const text = utf8(binary ? '\u00ff\u0001ab\0' : 'hello\0');
  const out = new ByteBuilder(littleEndian).u16(id).u16(0).u32(1).u32(-5).u32(0);
  if (line.includes('__data_loc')) out.u32(text.length * 0x1_0000 + 60);
  else if (line.includes('__rel_loc')) out.u32(text.length * 0x1_0000 + 40);
  else out.bytes(text);
  return out
    .zeros(56 - out.length)
    .u32(77)
    .bytes(text)
    .align(4)
    .take();
}

printsAsStock(stored, 'declarations of fields', ...scenario('test', true));
printsAsStock(stored, 'declarations of fields of ftrace', ...scenario('ftrace', true));
printsAsStock(stored, 'declarations of fields, big endian', ...scenario('test', false));
