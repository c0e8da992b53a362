import { utf8 } from '../../../base/byte-writer.ts';
import type { FamilyFactory } from '../context.ts';
import { InfoBuilder } from '../info-builder.ts';
import { lowBits } from '../number-field.ts';
import { signed } from '../pieces.ts';

/** By number, as the kernel's enum tlb_flush_reason had them at first. */
const REASONS = ['flush on task switch', 'remote shootdown', 'local shootdown', 'local mm shootdown'].map(utf8);

export const tlbFlush: FamilyFactory = (event, context) => {
  const text = new InfoBuilder(event, context);
  text.add('pages=').print('', 'pages', signed);
  const reason = text.need('reason');
  const number = lowBits(reason);
  text.add(' reason=', (out, record) => {
    const name = REASONS[number(record)];
    if (name) out.bytes(name);
  });
  return text.add(' (', signed(reason), ')').writer();
};
