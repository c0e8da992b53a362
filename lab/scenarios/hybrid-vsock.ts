import { ptpError, TICKS } from '../checks/ptp-error.ts';
import { hybridSocket, vsockCid } from '../machine/agent.ts';
import { mustExec } from '../machine/machine.ts';
import { type Context, type Scenario, TANDEM } from '../scenario.ts';

const GUEST = 1;

/** The Unix socket by which Firecracker and Cloud Hypervisor give access to the vsock of a guest. */
export const hybridVsock: Scenario = {
  name: 'hybrid-vsock',
  about: "a recording through a VM's Unix socket, as Firecracker has it: control, data and time synchronisation",
  shape: 'nested',
  pairs: [TANDEM],
  seconds: 600,
  async run(context) {
    const end = await startMonitor(context);
    const error = await ptpError(context, { transport: 'hybrid', clock: TICKS });
    await end();
    if (error === undefined) return;
    context.check(error.bound !== undefined && error.beyond === 0, 'all times are as right as the file says');
  },
};

/** Plays the part of the VM's monitor: a line `CONNECT port`, a line `OK number`, then the guest's vsock itself. */
async function startMonitor({ lab }: Context): Promise<() => Promise<unknown>> {
  const socket = hybridSocket(GUEST);
  const script = `cat >/run/hybrid-vsock <<'END'
read -r verb port
[ "$verb" = CONNECT ] || exit
echo OK 1073741824
exec socat - VSOCK-CONNECT:${vsockCid(GUEST)}:$port
END
setsid socat UNIX-LISTEN:${socket},fork 'EXEC:sh /run/hybrid-vsock' >/run/hybrid-vsock.log 2>&1 </dev/null &
echo $!
until [ -S ${socket} ]; do sleep 0.1; done`;
  const pid = Number(await mustExec(lab.host, script));
  return () => lab.host.exec(`kill ${pid}; rm -f ${socket}`);
}
