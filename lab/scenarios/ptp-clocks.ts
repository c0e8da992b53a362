import { type PtpCase, ptpError } from '../checks/ptp-error.ts';
import { type Scenario, STOCK, TANDEM } from '../scenario.ts';

const CASES: readonly PtpCase[] = [
  { transport: 'tcp', clock: 'local' },
  { transport: 'vsock', clock: 'mono' },
  { transport: 'vsock', clock: 'boot' },
];

/** Clocks whose truth is only known to some us: figures to look at. */
export const ptpClocks: Scenario = {
  name: 'ptp-clocks',
  about: 'the error of PTP with other clocks, as far as it can be measured',
  shape: 'nested',
  pairs: [TANDEM, STOCK],
  seconds: 900,
  async run(context) {
    for (const one of CASES) await ptpError(context, one);
  },
};
