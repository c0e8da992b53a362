import { kvmEvents } from '../../src/sync/protocols/kvm-events.ts';
import { caseName, type MeasuredError, type PtpCase, ptpError, TICKS } from '../checks/ptp-error.ts';
import { type Context, type Scenario, STOCK, TANDEM } from '../scenario.ts';

const CASES: readonly PtpCase[] = [
  { transport: 'tcp', clock: TICKS },
  { transport: 'vsock', clock: TICKS },
];
/** Of stock's error. */
const MOST = 0.5;

/** Where the truth is exact: no time is off by more than the file says. */
export const ptpBounds: Scenario = {
  name: 'ptp-bounds',
  about: 'clocks measured over TCP and vsock are as right as the file says, by the TSC offset that KVM set',
  shape: 'nested',
  pairs: [TANDEM],
  seconds: 600,
  async run(context) {
    for (const one of CASES) await checkBound(context, one);
  },
};

/** The same, and Tandem's error is at most half of stock's. */
export const ptpNested: Scenario = {
  name: 'ptp-nested',
  about: 'the true error of PTP over TCP and vsock, Tandem and stock, by the TSC offset that KVM set',
  shape: 'nested',
  pairs: [TANDEM],
  seconds: 900,
  async run(context) {
    for (const one of CASES) {
      const own = await checkBound(context, one);
      const stock = await ptpError(context.of(STOCK), one);
      if (own === undefined || stock === undefined) continue;
      const ratio = own.times.rootMeanSquare / stock.times.rootMeanSquare;
      context.figure(`${caseName(one)}: error of Tandem, by stock's`, ratio);
      context.check(ratio <= MOST, `${caseName(one)}: at most half of stock's error`);
    }
  },
};

async function checkBound(context: Context, one: PtpCase): Promise<MeasuredError | undefined> {
  const name = caseName(one);
  const own = await ptpError(context, one);
  if (own === undefined) return undefined;
  context.check(own.protocol === kvmEvents.name, `${name}: times when the vCPU ran were measured`);
  context.check(own.bound !== undefined && own.beyond === 0, `${name}: all times are as right as the file says`);
  return own;
}
