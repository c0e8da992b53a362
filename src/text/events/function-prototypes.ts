import { type Btf, type BtfDeclaredType, type BtfParameter, KIND } from './btf.ts';

/** Qualifiers and typedefs of a type can not be more. */
const DEPTH_LIMIT = 64;

/** trace-cmd names integers by their size, not as the source does. */
const INTEGERS: ReadonlyMap<number, string> = new Map([
  [8, 'char'],
  [16, 'short'],
  [32, 'int'],
  [64, 'long long'],
]);

/**
 * The parameters of a function as `trace-cmd list -f --proto` declares them, `struct file *file, size_t count`;
 * undefined when BTF does not know the function. What has no text there, as a function or an array that is pointed
 * to, has none here.
 */
export function parameterDeclarations(btf: Btf, name: string): string | undefined {
  return btf
    .parametersOfSymbol(name)
    ?.map((parameter) => declaration(btf, parameter))
    .join(', ');
}

function declaration(btf: Btf, { name, type: number }: BtfParameter): string {
  let text = '';
  let stars = '';
  let type = btf.declared(number);
  for (let depth = 0; type !== undefined && depth < DEPTH_LIMIT; depth++) {
    const { kind } = type;
    if (kind === KIND.pointer) {
      stars += '*';
      if (type.type === 0) text += 'void ';
    } else if (kind === KIND.const) text += 'const ';
    else if (kind === KIND.volatile) text += 'volatile ';
    else if (kind !== KIND.restrict && kind !== KIND.typeTag) {
      text += baseName(type);
      break;
    }
    type = btf.declared(type.type);
  }
  return `${text}${stars}${name}`;
}

/** With the blank behind it. */
function baseName({ kind, name, bits, signed }: BtfDeclaredType): string {
  if (kind === KIND.int) return `${signed ? '' : 'unsigned '}${INTEGERS.get(bits) ?? `int${bits}`} `;
  if (kind === KIND.struct) return `struct ${name} `;
  if (kind === KIND.union) return `union ${name} `;
  if (kind === KIND.enum) return `enum ${name} `;
  return kind === KIND.typedef ? `${name} ` : '';
}
