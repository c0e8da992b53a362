import type { PrintEnvironment } from '../../environment.ts';
import type { Expression } from '../parse/ast.ts';
import { type Evaluator, small, ZERO } from './evaluator.ts';
import { locate } from './locate.ts';

/** Functions of the kernel that print formats call: what they come to as a number. */
export function callValue(
  name: string,
  args: readonly Expression[],
  evaluate: (argument: Expression) => Evaluator,
  env: PrintEnvironment,
): Evaluator {
  const first = args[0] as Expression;
  switch (name) {
    case 'jiffies_to_msecs':
      // How long a jiffy is, a trace does not say.
      return evaluate(first);
    case 'is_writable_pte':
      return masked(evaluate(first), 2);
    case '__le16_to_cpup': {
      const place = locate(first, env.littleEndian);
      if (place === undefined) return ZERO;
      return small((record) => {
        const at = record.start + place(record);
        return at + 2 <= record.end ? record.view.getUint16(at, true) : 0;
      });
    }
    default:
      return ZERO;
  }
}

function masked(value: Evaluator, mask: number): Evaluator {
  const { low } = value;
  return small((record) => low(record) & mask);
}
