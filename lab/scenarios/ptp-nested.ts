import { caseName, type PtpCase, ptpError, TICKS } from '../checks/ptp-error.ts';
import { type Scenario, STOCK, TANDEM } from '../scenario.ts';

const CASES: readonly PtpCase[] = [
  { transport: 'tcp', clock: TICKS },
  { transport: 'vsock', clock: TICKS },
];
/** Of stock's error. */
const MOST = 0.5;

/** Where the truth is exact: Tandem's error is at most half of stock's, and never more than its file says. */
export const ptpNested: Scenario = {
  name: 'ptp-nested',
  about: 'the true error of PTP over TCP and vsock, Tandem and stock, by the TSC offset that KVM set',
  shape: 'nested',
  pairs: [TANDEM],
  seconds: 900,
  async run(context) {
    for (const one of CASES) {
      const name = caseName(one);
      const own = await ptpError(context, one);
      const stock = await ptpError(context.of(STOCK), one);
      if (own === undefined) continue;
      context.check(own.bound !== undefined && own.beyond === 0, `${name}: all times are as right as the file says`);
      if (stock === undefined) continue;
      const ratio = own.times.rootMeanSquare / stock.times.rootMeanSquare;
      context.figure(`${name}: error of Tandem, by stock's`, ratio);
      context.check(ratio <= MOST, `${name}: at most half of stock's error`);
    }
  },
};
